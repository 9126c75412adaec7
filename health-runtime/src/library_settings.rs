//! The application's settings for the checks of its libraries: prefixes of their names, the checks to turn on or to leave out,
//! and changes of their declarations.

use std::{collections::BTreeSet, fmt};

use crate::{
    error::Problem,
    model::{Check, CheckName, CheckSpec},
    suggest::nearest,
};

/// Prefixes by crate, checks that are off by default and turned on by name or by crate, and changes of single checks.
#[derive(Debug, Default)]
pub(crate) struct LibrarySettings {
    prefixes: Vec<(String, String)>,
    enabled: Vec<CheckName>,
    enabled_crates: Vec<String>,
    left_out: Vec<CheckName>,
    adjustments: Vec<CheckAdjustment>,
}

/// A change of one check before it is validated.
pub(crate) struct CheckAdjustment {
    check: CheckName,
    adjust: Box<dyn FnOnce(Check) -> Check + Send>,
}

impl fmt::Debug for CheckAdjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CheckAdjustment").field(&self.check).finish()
    }
}

impl LibrarySettings {
    pub(crate) fn add_prefix(&mut self, crate_name: String, prefix: String) {
        self.prefixes.push((crate_name, prefix));
    }

    pub(crate) fn enable(&mut self, name: CheckName) {
        self.enabled.push(name);
    }

    pub(crate) fn enable_crate(&mut self, crate_name: String) {
        self.enabled_crates.push(crate_name);
    }

    pub(crate) fn leave_out(&mut self, name: CheckName) {
        self.left_out.push(name);
    }

    pub(crate) fn adjust(&mut self, check: CheckName, adjust: Box<dyn FnOnce(Check) -> Check + Send>) {
        self.adjustments.push(CheckAdjustment { check, adjust });
    }

    /// Applies the changes of single checks, in the order of the calls. A name that no check has is a problem.
    pub(crate) fn apply_adjustments(
        &mut self,
        checks: &mut Vec<Check>,
        has_declared: bool,
        problems: &mut Vec<Problem>,
    ) {
        for CheckAdjustment { check: name, adjust } in std::mem::take(&mut self.adjustments) {
            match checks.iter().position(|check| check.spec().is_named(&name)) {
                Some(index) => {
                    let check = checks.swap_remove(index);
                    checks.push(adjust(check));
                }
                None => problems.extend(unknown_check("adjust", &name, checks, has_declared)),
            }
        }
        for name in self.left_out.iter().filter(|name| !checks.iter().any(|check| check.spec().is_named(name))) {
            problems.extend(unknown_check("leave out", name, checks, has_declared));
        }
    }

    fn leaves_out(&self, spec: &CheckSpec) -> bool {
        self.left_out.iter().any(|name| spec.is_named(name))
    }

    /// Returns the name of a declared check in this program.
    pub(crate) fn full_name(&self, crate_name: &str, name: &str) -> String {
        self.prefix(crate_name).map_or_else(|| name.to_owned(), |prefix| join(prefix, name))
    }

    fn prefix(&self, crate_name: &str) -> Option<&str> {
        self.prefixes.iter().find(|(name, _)| name == crate_name).map(|(_, prefix)| prefix.as_str())
    }

    /// Returns whether the check takes part: it is on by default, or turned on, and not left out.
    pub(crate) fn turns_on(&self, spec: &CheckSpec) -> bool {
        !self.leaves_out(spec) && (!spec.is_off_by_default() || self.is_enabled(spec))
    }

    fn is_enabled(&self, spec: &CheckSpec) -> bool {
        self.enabled.iter().any(|name| spec.is_named(name))
            || spec
                .declared_in()
                .is_some_and(|crate_name| self.enabled_crates.iter().any(|listed| listed == crate_name))
    }

    /// Completes the dependencies. A text in a crate with a prefix is looked up among the checks of that prefix first; a path is
    /// exact. Removes dependencies on checks that are off, each of which is a problem.
    pub(crate) fn resolve_dependencies(&self, checks: &mut [Check], off: &[Check], problems: &mut Vec<Problem>) {
        let names = |checks: &[Check]| checks.iter().map(|check| check.spec().name().to_owned()).collect();
        let (on_names, off_names): (BTreeSet<String>, BTreeSet<String>) = (names(checks), names(off));
        let specs: Vec<CheckSpec> = checks.iter().chain(off).map(|check| check.spec().clone()).collect();
        for check in checks {
            let prefix = check.spec().declared_in().and_then(|crate_name| self.prefix(crate_name));
            let own = |name: &String| {
                let own = prefix.map(|prefix| join(prefix, name));
                own.filter(|own| on_names.contains(own) || off_names.contains(own)).unwrap_or_else(|| name.clone())
            };
            check.set_dependencies(check.spec().dependencies().iter().map(own).collect());
            check.name_dependencies(|name| specs.iter().find(|spec| spec.is_named(name)));
            let is_off = |name: &&String| off_names.contains(*name) && !on_names.contains(*name);
            let (refused, kept): (Vec<&String>, Vec<&String>) = check.spec().dependencies().iter().partition(is_off);
            problems.extend(refused.into_iter().map(|dependency| Problem::OffDependency {
                check: check.spec().name().to_owned(),
                location: check.spec().location(),
                dependency: dependency.clone(),
                is_left_out: off.iter().any(|check| check.spec().name() == dependency && self.leaves_out(check.spec())),
            }));
            check.set_dependencies(kept.into_iter().cloned().collect());
        }
    }

    /// Compares the settings with all checks, also those that are off.
    pub(crate) fn validate(&self, checks: &[&CheckSpec], has_declared: bool, problems: &mut Vec<Problem>) {
        let crates: BTreeSet<&'static str> = checks.iter().filter_map(|spec| spec.declared_in()).collect();
        let unknown = |key, name: &String| Problem::UnknownCrate {
            key,
            name: name.clone(),
            suggestion: nearest(name, crates.iter().copied()),
            available: crates.iter().copied().collect(),
        };
        for (index, (name, prefix)) in self.prefixes.iter().enumerate() {
            let other = self.prefixes[..index].iter().rfind(|(other, _)| other == name);
            let reason = match other {
                Some((_, other)) if other != prefix => Some("another prefix is set for this crate; keep one of them"),
                _ if !is_prefix(prefix) => Some("use letters, digits, `-` and `_`, with single dots between them"),
                _ => None,
            };
            if let Some(reason) = reason {
                problems.push(Problem::InvalidPrefix { name: name.clone(), prefix: prefix.clone(), reason });
            }
            // Without declared checks, such as in a test, a prefix applies to none.
            if has_declared && !crates.contains(name.as_str()) {
                problems.push(unknown("crates", name));
            }
        }
        let off = || checks.iter().filter(|spec| spec.is_off_by_default());
        // A path leads to a declared check, if there are any.
        for name in self.enabled.iter().filter(|name| has_declared || name.declared_in().is_none()) {
            if !off().any(|spec| spec.is_named(name)) {
                let on = checks.iter().find(|spec| spec.is_named(name));
                let text = on.map_or(name.as_str(), |spec| spec.name()).to_owned();
                let suggestion = nearest(&text, off().map(|spec| spec.name())).filter(|_| on.is_none());
                problems.push(Problem::NotOff { key: "enable", name: text, is_on: on.is_some(), suggestion });
            }
        }
        for name in self.enabled_crates.iter().filter(|_| has_declared) {
            if !crates.contains(name.as_str()) {
                problems.push(unknown("enable_crates", name));
            } else if !off().any(|spec| spec.declared_in() == Some(name)) {
                let (key, name) = ("enable_crates", name.clone());
                problems.push(Problem::NotOff { key, name, is_on: true, suggestion: None });
            }
        }
    }
}

/// Returns the problem of a name that no check has. Without declared checks, such as in a test, a path leads to none.
fn unknown_check(action: &'static str, name: &CheckName, checks: &[Check], has_declared: bool) -> Option<Problem> {
    let suggestion = nearest(name.as_str(), checks.iter().map(|check| check.spec().name()));
    let problem = Problem::UnknownCheck { action, name: name.to_string(), suggestion };
    (has_declared || name.declared_in().is_none()).then_some(problem)
}

/// Joins by a dot: unlike a slash it needs no escape in paths, unlike a colon none in `health+json`, and unlike a comma or an
/// equals sign none in `HEALTH_MUTE`. The services of gRPC have it, too.
fn join(prefix: &str, name: &str) -> String {
    format!("{prefix}.{name}")
}

/// Returns whether this is a prefix. The macro has the same rule.
fn is_prefix(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.split('.').all(is_part)
}
