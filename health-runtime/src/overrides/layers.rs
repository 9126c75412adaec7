//! The settings of all sources, one above the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::sections::Overrides;
use crate::{
    error::{Problem, UnknownCheck},
    model::{CheckSpec, Setting},
    suggest::{Suggestions, nearest},
};

/// The source of settings. A later one beats an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OverrideSource {
    Code,
    File,
    Environment,
}

impl OverrideSource {
    /// Returns the name that messages show.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "`overrides`",
            Self::File => "`HEALTH_CONFIG`",
            Self::Environment => "`HEALTH_CHECKS`",
        }
    }
}

/// The settings of all sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct OverrideLayers(BTreeMap<OverrideSource, Overrides>);

/// A setting that concerns nothing, because no check has this name or tag.
pub(crate) struct Unmatched {
    pub(crate) source: OverrideSource,
    pub(crate) fault: String,
}

impl Unmatched {
    pub(crate) fn into_problem(self) -> Problem {
        Problem::InvalidOverrides { origin: self.source.as_str().to_owned(), fault: self.fault }
    }
}

impl OverrideLayers {
    /// Returns the layers with another one for this source.
    pub(crate) fn with(mut self, source: OverrideSource, overrides: Overrides) -> Self {
        self.0.insert(source, overrides);
        self
    }

    /// Returns the declaration of a check with the settings that it is to obey. Contradictions are among its faults.
    pub(crate) fn apply(&self, declared: &Arc<CheckSpec>) -> Arc<CheckSpec> {
        let mut settings = BTreeMap::new();
        let mut faults = Vec::new();
        for (source, overrides) in &self.0 {
            let (values, contradictions) = overrides.of_check(declared);
            settings.extend(values.into_iter().map(|(key, value)| (key, (value, source.as_str()))));
            faults.extend(contradictions.into_iter().map(|fault| format!("{fault} in {}", source.as_str())));
        }
        if settings.is_empty() {
            return Arc::clone(declared);
        }
        let found =
            settings.into_iter().filter_map(|(key, (value, origin))| Some((Setting::find(key)?, value, origin)));
        Arc::new(declared.with_settings(found).with_faults(faults))
    }

    /// Returns the settings whose names and tags no check has.
    pub(crate) fn unmatched(&self, specs: &[&CheckSpec], off: &[CheckSpec]) -> Vec<Unmatched> {
        let names: BTreeSet<&str> = specs.iter().map(|spec| spec.name()).collect();
        let tags: BTreeSet<&str> = specs.iter().flat_map(|spec| spec.tags()).map(String::as_str).collect();
        let mut suggestions = Suggestions::new(names.iter().copied());
        let mut unmatched = Vec::new();
        for (&source, overrides) in &self.0 {
            let mut push = |fault| unmatched.push(Unmatched { source, fault });
            for name in overrides.checks.keys().filter(|name| !names.contains(name.as_str())) {
                push(if off.iter().any(|spec| spec.name() == name) {
                    format!("the check `{name}` is off, so that nothing can be set for it; turn it on by `enable`")
                } else {
                    UnknownCheck { name: name.clone(), suggestion: suggestions.nearest(name, None) }.to_string()
                });
            }
            for tag in overrides.tags.keys().filter(|tag| !tags.contains(tag.as_str())) {
                let advice = nearest(tag, tags.iter().copied()).map(|meant| format!("; did you mean `{meant}`?"));
                push(format!("no check has the tag `{tag}`{}", advice.unwrap_or_default()));
            }
        }
        unmatched
    }

    /// Returns the time that a report of levels or of one check has, if it is set.
    pub(crate) fn level_deadline(&self) -> Option<Duration> {
        self.latest(|overrides| overrides.deadline("levels"))
    }

    /// Returns the time that the report of a group has, if it is set.
    pub(crate) fn group_deadline(&self) -> Option<Duration> {
        self.latest(|overrides| overrides.deadline("groups"))
    }

    /// Returns the status code of reports with this status, `pass`, `warn`, `fail` or `draining`, if it is set.
    pub(crate) fn status_code(&self, status: &str) -> Option<u16> {
        self.latest(|overrides| overrides.status_code(status))
    }

    fn latest<T>(&self, find: impl Fn(&Overrides) -> Option<T>) -> Option<T> {
        self.0.values().rev().find_map(find)
    }
}
