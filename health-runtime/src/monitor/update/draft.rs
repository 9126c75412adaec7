use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use super::{
    super::{
        check_set::{CheckSet, Member, UpdateCounts},
        drills,
        engine::Engine,
        guarded_work::GuardedWork,
        monitored::Monitored,
    },
    UpdateStep,
};
use crate::{
    error::{Error, Problem},
    log::{self, Topic},
    model::{Check, CheckSpec},
    overrides::{OverrideLayers, OverrideSource, Overrides},
    registry::sort_key,
    suggest::Suggestions,
    validation::{self, Graph},
};

/// Maximum number of names that one log event lists.
const MAX_LOGGED_NAMES: usize = 10;

/// The checks as they will be after an update.
pub(super) struct Draft<'a> {
    /// `None` in place of a check that is removed again.
    planned: Vec<Option<Planned>>,
    by_name: HashMap<String, usize>,
    removed: Vec<Planned>,
    /// Replaced checks, which are to be dropped after the update.
    replaced: Vec<Planned>,
    problems: Vec<Problem>,
    /// The second check of a name, even if the first one is removed later.
    duplicates: Vec<Problem>,
    suggestions: Suggestions<'a>,
    overrides: Arc<OverrideLayers>,
}

/// A check of the new set.
struct Planned {
    spec: Arc<CheckSpec>,
    origin: Origin,
}

enum Origin {
    Kept(Arc<Monitored>),
    Added(Arc<GuardedWork>),
    Replaced(Arc<Monitored>, Arc<GuardedWork>),
}

impl Planned {
    fn kept(check: &Arc<Monitored>) -> Self {
        Self { spec: Arc::clone(&check.spec), origin: Origin::Kept(Arc::clone(check)) }
    }

    /// Returns the check of this name from before the update.
    const fn present(&self) -> Option<&Arc<Monitored>> {
        match &self.origin {
            Origin::Kept(present) | Origin::Replaced(present, _) => Some(present),
            Origin::Added(_) => None,
        }
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(checks: &'a CheckSet) -> Self {
        Self {
            planned: checks.iter().map(|check| Some(Planned::kept(check))).collect(),
            by_name: checks.iter().enumerate().map(|(index, check)| (check.spec.name().to_owned(), index)).collect(),
            removed: Vec::new(),
            replaced: Vec::new(),
            problems: Vec::new(),
            duplicates: Vec::new(),
            suggestions: Suggestions::new(checks.iter().map(|check| check.spec.name())),
            overrides: Arc::clone(checks.overrides()),
        }
    }

    pub(super) fn take(&mut self, step: UpdateStep) {
        match step {
            UpdateStep::Add(check) => self.plan(check, Origin::Added),
            UpdateStep::Remove(name) => {
                let specs = self.planned.iter().flatten().map(|planned| &planned.spec);
                let name = specs
                    .into_iter()
                    .find(|spec| spec.is_named(&name))
                    .map_or_else(|| name.to_string(), |spec| spec.name().to_owned());
                let removed = self.withdraw(&name, "remove");
                self.removed.extend(removed);
            }
            UpdateStep::Replace(check) => {
                let replaced = self.withdraw(check.spec().name(), "replace");
                match replaced.as_ref().and_then(Planned::present).cloned() {
                    Some(present) => self.plan(check, |work| Origin::Replaced(present, work)),
                    // Also in place of an unknown one: the checks that depend on it are not a problem of their own.
                    None => self.plan(check, Origin::Added),
                }
                self.replaced.extend(replaced);
            }
        }
    }

    /// Replaces the settings at deploy time, and every check that they concern.
    pub(super) fn override_with(&mut self, source: OverrideSource, overrides: Overrides) {
        self.overrides = Arc::new((*self.overrides).clone().with(source, overrides));
        for planned in self.planned.iter_mut().flatten() {
            let Origin::Kept(present) = &planned.origin else { continue };
            let spec = self.overrides.apply(present.declared.spec());
            if spec != present.spec {
                let origin = Origin::Replaced(Arc::clone(present), Arc::clone(&present.declared));
                *planned = Planned { spec, origin };
            }
        }
    }

    fn plan(&mut self, mut check: Check, origin: impl FnOnce(Arc<GuardedWork>) -> Origin) {
        let specs = || self.planned.iter().flatten().map(|planned| &*planned.spec);
        check.name_dependencies(|name| specs().find(|spec| spec.is_named(name)));
        let (spec, work) = check.into_parts();
        match self.by_name.entry(spec.name().to_owned()) {
            Entry::Vacant(entry) => drop(entry.insert(self.planned.len())),
            Entry::Occupied(entry) => {
                let first = self.planned[*entry.get()].as_ref();
                self.duplicates.extend(first.map(|first| validation::duplicate_name(&first.spec, &spec)));
            }
        }
        let declared = Arc::new(GuardedWork::new(Arc::new(spec), work));
        let spec = self.overrides.apply(declared.spec());
        self.planned.push(Some(Planned { spec, origin: origin(declared) }));
    }

    fn withdraw(&mut self, name: &str, action: &'static str) -> Option<Planned> {
        let planned = self.by_name.remove(name).and_then(|index| self.planned[index].take());
        if planned.is_none() {
            // A check that this very update removed is not a suggestion.
            let suggestion = self.suggestions.nearest(name, Some(name)).filter(|name| self.by_name.contains_key(name));
            self.problems.push(Problem::UnknownCheck { action, name: name.to_owned(), suggestion });
        }
        planned
    }

    /// Sorts and validates the new set.
    pub(super) fn validate(&mut self) -> Result<Graph, Error> {
        self.planned.sort_by(|one, other| match (one, other) {
            (Some(one), Some(other)) => sort_key(&one.spec).cmp(&sort_key(&other.spec)),
            _ => one.is_some().cmp(&other.is_some()),
        });
        let specs: Vec<&CheckSpec> = self.planned.iter().flatten().map(|planned| &*planned.spec).collect();
        let mut problems = std::mem::take(&mut self.problems);
        let graph = validation::resolve(&specs, &mut problems);
        let is_named = |problem: &Problem, wanted: &Problem| match (problem, wanted) {
            (Problem::DuplicateName { name, .. }, Problem::DuplicateName { name: wanted, .. }) => name == wanted,
            _ => false,
        };
        for duplicate in std::mem::take(&mut self.duplicates) {
            if !problems.iter().any(|problem| is_named(problem, &duplicate)) {
                problems.push(duplicate);
            }
        }
        self.blame_removals(&mut problems);
        if problems.is_empty() { Ok(graph) } else { Err(Error::of_update(problems)) }
    }

    /// Reports the dependents of a removed check once, and not each for itself.
    fn blame_removals(&self, problems: &mut Vec<Problem>) {
        let mut dependents: BTreeMap<&str, Vec<String>> =
            self.removed.iter().map(|removed| (removed.spec.name(), Vec::new())).collect();
        problems.retain(|problem| {
            let Problem::UnknownDependency { check, dependency, .. } = problem else { return true };
            let blamed = dependents.get_mut(dependency.as_str()).map(|dependents| dependents.push(check.clone()));
            blamed.is_none()
        });
        dependents.retain(|_, dependents| !dependents.is_empty());
        let remaining =
            |(name, dependents): (&str, _)| Problem::RemainingDependents { name: name.to_owned(), dependents };
        problems.extend(dependents.into_iter().map(remaining));
    }

    /// Logs one event for the update.
    pub(super) fn log(&self) {
        let listed = |is_listed: fn(&Origin) -> bool| {
            list_names(self.planned.iter().flatten().filter(|planned| is_listed(&planned.origin)))
        };
        let added = listed(|origin| matches!(origin, Origin::Added(_)));
        let replaced = listed(|origin| matches!(origin, Origin::Replaced(..)));
        let removed = list_names(self.removed.iter().filter(|removed| removed.present().is_some()));
        log::write(Topic::Checks, move || tracing::info!(added, replaced, removed, "health checks updated"));
    }

    /// Makes the new set. From here on nothing can fail.
    pub(super) fn commit(&mut self, engine: &Engine, mut updates: UpdateCounts, graph: Graph) -> CheckSet {
        let mut count = |spec: &CheckSpec| updates[spec.level().index()] += 1;
        for check in self.removed.iter().filter_map(Planned::present) {
            check.retire();
            drills::log_end(check, "update");
            count(&check.spec);
        }
        let mut members = Vec::with_capacity(self.planned.len());
        let planned = std::mem::take(&mut self.planned).into_iter().flatten();
        for (Planned { spec, origin }, dependencies) in planned.zip(graph.dependencies) {
            let check = match origin {
                Origin::Kept(check) => check,
                Origin::Added(declared) => {
                    count(&spec);
                    let work = engine.layer.wrap(&spec, (**declared).clone());
                    let Engine { changes, timelines, loop_guard, fleet, .. } = engine;
                    let instance = &loop_guard.instance;
                    let check = Monitored::new(spec, declared, work, changes, timelines, instance, fleet.as_ref());
                    if let Some(muted) = engine.listed_mutes.of(check.spec.name()) {
                        check.mute(muted);
                    }
                    Arc::new(check)
                }
                Origin::Replaced(present, declared) => {
                    count(&spec);
                    count(&present.spec);
                    drills::log_end(&present, "update");
                    let work = engine.layer.wrap(&spec, (**declared).clone());
                    Arc::new(present.replaced_by(spec, declared, work, None, engine.fleet.as_ref()))
                }
            };
            members.push(Member::new(check, dependencies));
        }
        CheckSet::new(members, graph.order, updates, Arc::clone(&self.overrides))
    }
}

fn list_names<'a>(checks: impl Iterator<Item = &'a Planned>) -> Option<String> {
    let names: Vec<_> = checks.map(|planned| planned.spec.name()).collect();
    let (listed, rest) = names.split_at(names.len().min(MAX_LOGGED_NAMES));
    let rest = (!rest.is_empty()).then(|| format!(" and {} more", rest.len()));
    (!listed.is_empty()).then(|| listed.join(", ") + &rest.unwrap_or_default())
}
