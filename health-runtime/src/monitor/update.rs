//! Checks that come and go while the monitor runs.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use super::{
    check_set::{CheckSet, Member, UpdateCounts},
    engine::Engine,
    guarded_work::GuardedWork,
    monitor::Monitor,
    monitored::Monitored,
    schedule,
};
use crate::{
    error::{Error, Problem},
    log::{self, Topic},
    model::{Check, CheckName, CheckSpec},
    registry::sort_key,
    suggest::Suggestions,
    sync::lock,
    validation::{self, Graph},
};

/// Maximum number of names that one log event lists.
const MAX_LOGGED_NAMES: usize = 10;

/// Additions, removals and replacements of checks that [`Monitor::update`] applies at once.
///
/// ```
/// use health_runtime::{Check, CheckUpdate, Level, Monitor, Registry};
///
/// let monitor = Monitor::new(Registry::builder().check(Check::new("db", Level::L1, || async { true })).build()?);
/// let orders = Check::new("plugin_orders", Level::L3, || async { true }).depends_on(["db", "plugin_queue"]);
/// let queue = Check::new("plugin_queue", Level::L3, || async { true });
/// monitor.update(CheckUpdate::new().add(orders).add(queue))?;
/// monitor.update(CheckUpdate::new().remove("plugin_orders").remove("plugin_queue"))?;
/// assert_eq!(monitor.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "an update does nothing by itself; hand it to `Monitor::update`"]
pub struct CheckUpdate {
    steps: Vec<UpdateStep>,
}

#[derive(Clone, Debug)]
enum UpdateStep {
    Add(Check),
    Remove(CheckName),
    Replace(Check),
}

impl CheckUpdate {
    /// Returns an update that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, such as one of the [`probes`](crate::probes). See [`Monitor::add`].
    #[allow(clippy::should_implement_trait, reason = "it takes a check, and not another update")]
    pub fn add(self, check: impl Into<Check>) -> Self {
        self.then(UpdateStep::Add(check.into()))
    }

    /// Removes the check of this name. See [`Monitor::remove`].
    pub fn remove(self, check: impl Into<CheckName>) -> Self {
        self.then(UpdateStep::Remove(check.into()))
    }

    /// Replaces the check of the same name. See [`Monitor::replace`].
    pub fn replace(self, check: impl Into<Check>) -> Self {
        self.then(UpdateStep::Replace(check.into()))
    }

    fn then(mut self, step: UpdateStep) -> Self {
        self.steps.push(step);
        self
    }
}

impl Monitor {
    /// Adds a check: a [single-step update](Self::update).
    ///
    /// The next report has it, in every format, group and stream. A check with an
    /// [interval](crate::Check::interval) starts as at the start of the service, at a random time within the interval, and
    /// is [`pending`](crate::Cause::Pending) until its first result. From a thread without a runtime, it starts on the
    /// runtime on which the monitor was started, or else first ran a check.
    ///
    /// # Errors
    /// Like [`update`](Self::update).
    pub fn add(&self, check: impl Into<Check>) -> Result<(), Error> {
        self.update(CheckUpdate::new().add(check))
    }

    /// Removes a check, declared or not: a [single-step update](Self::update).
    ///
    /// The next report is without it. Its mute and its [history](Self::history) go with it; a check that is added later
    /// under the same name starts anew. Subscribers get no event, because no status has changed.
    ///
    /// A run in progress goes on, up to its timeout, and a blocked thread until the function returns: reports that were
    /// asked for before may wait for it. They show its result, and nothing else does: it is neither counted, logged nor
    /// published. Such a report may still call the function once.
    ///
    /// The function is dropped with everything that it owns when nothing refers to it any longer: here, or on any thread,
    /// such as that of a report in progress. A destructor that panics is logged; one that takes long delays that report,
    /// so close connections elsewhere.
    ///
    /// # Errors
    /// Like [`update`](Self::update). A check that others depend on is removed together with them, in one update.
    pub fn remove(&self, check: impl Into<CheckName>) -> Result<(), Error> {
        self.update(CheckUpdate::new().remove(check))
    }

    /// Replaces the check of the same name, declared or not: a [single-step update](Self::update). Level, groups,
    /// dependencies and everything else may differ.
    ///
    /// The new check goes on where the old one was: it keeps its mute, its [history](Self::history), its numbers and its
    /// thresholds' counts, so that subscribers get an event only if the status differs. Requests never reuse a result of
    /// the old function. In the background, the old result is shown until the first run of the new function. It ages from
    /// the first replacement on, so that a function that hangs becomes stale however often it is replaced.
    ///
    /// A check that moves to another level keeps its mute and its history alone, whose changes are shown to callers of their own
    /// levels. It starts without a result, because callers of the new level may not have been allowed to see the old one.
    ///
    /// A run of the old function in progress goes on as [after a removal](Self::remove), and counts for nothing. Replacing
    /// a blocking check that hangs does not free its thread: the new function blocks another one, and the metric
    /// `health_check_in_flight` knows only the new function.
    ///
    /// # Errors
    /// Like [`update`](Self::update).
    pub fn replace(&self, check: impl Into<Check>) -> Result<(), Error> {
        self.update(CheckUpdate::new().replace(check))
    }

    /// Adds, removes and replaces checks at once: every report, stream and scrape sees all of the update or nothing of it.
    /// The whole set is validated as at the start of the service; an error changes nothing.
    ///
    /// It may be called at any time and from any thread, also while the service drains. Updates take place one after the
    /// other. One event is logged. The time that it takes grows with the number of all checks, so that many additions are
    /// better made in one update.
    ///
    /// # Errors
    /// One error that lists all problems: the removal or replacement of an unknown name, the removal of a check that a
    /// remaining one depends on, and everything that [`RegistryBuilder::build`](crate::RegistryBuilder::build) finds in
    /// the new set.
    pub fn update(&self, update: CheckUpdate) -> Result<(), Error> {
        if !update.steps.is_empty() {
            apply(&self.engine, update)?;
        }
        Ok(())
    }
}

fn apply(engine: &Arc<Engine>, update: CheckUpdate) -> Result<(), Error> {
    let turn = lock(&engine.updating);
    let before = engine.checks();
    let mut draft = Draft::new(&before);
    update.steps.into_iter().for_each(|step| draft.take(step));
    let applied = draft.validate().map(|graph| {
        draft.log();
        engine.set_checks(draft.commit(engine, before.updates(), graph))
    });
    // Before the functions that are gone are dropped: what they own may update the checks meanwhile, or take its time.
    drop(turn);
    if applied.is_ok() {
        schedule::start(engine);
    }
    applied.map(drop)
}

/// The checks as they will be after an update.
struct Draft<'a> {
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
}

/// A check of the new set.
struct Planned {
    spec: Arc<CheckSpec>,
    origin: Origin,
}

enum Origin {
    Kept(Arc<Monitored>),
    Added(GuardedWork),
    Replaced(Arc<Monitored>, GuardedWork),
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
    fn new(checks: &'a CheckSet) -> Self {
        Self {
            planned: checks.iter().map(|check| Some(Planned::kept(check))).collect(),
            by_name: checks.iter().enumerate().map(|(index, check)| (check.spec.name().to_owned(), index)).collect(),
            removed: Vec::new(),
            replaced: Vec::new(),
            problems: Vec::new(),
            duplicates: Vec::new(),
            suggestions: Suggestions::new(checks.iter().map(|check| check.spec.name())),
        }
    }

    fn take(&mut self, step: UpdateStep) {
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

    fn plan(&mut self, mut check: Check, origin: impl FnOnce(GuardedWork) -> Origin) {
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
        let spec = Arc::new(spec);
        let work = GuardedWork::new(Arc::clone(&spec), work);
        self.planned.push(Some(Planned { spec, origin: origin(work) }));
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
    fn validate(&mut self) -> Result<Graph, Error> {
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
    fn log(&self) {
        let listed = |is_listed: fn(&Origin) -> bool| {
            list_names(self.planned.iter().flatten().filter(|planned| is_listed(&planned.origin)))
        };
        let added = listed(|origin| matches!(origin, Origin::Added(_)));
        let replaced = listed(|origin| matches!(origin, Origin::Replaced(..)));
        let removed = list_names(self.removed.iter().filter(|removed| removed.present().is_some()));
        log::write(Topic::Checks, move || tracing::info!(added, replaced, removed, "health checks updated"));
    }

    /// Makes the new set. From here on nothing can fail.
    fn commit(&mut self, engine: &Engine, mut updates: UpdateCounts, graph: Graph) -> CheckSet {
        let mut count = |spec: &CheckSpec| updates[spec.level().index()] += 1;
        for check in self.removed.iter().filter_map(Planned::present) {
            check.retire();
            count(&check.spec);
        }
        let mut members = Vec::with_capacity(self.planned.len());
        let planned = std::mem::take(&mut self.planned).into_iter().flatten();
        for (Planned { spec, origin }, dependencies) in planned.zip(graph.dependencies) {
            let check = match origin {
                Origin::Kept(check) => check,
                Origin::Added(work) => {
                    count(&spec);
                    let work = engine.layer.wrap(&spec, work.clone());
                    let check =
                        Monitored::new(spec, work, &engine.changes, &engine.loop_guard.instance, engine.fleet.as_ref());
                    if let Some(muted) = engine.listed_mutes.of(check.spec.name()) {
                        check.mute(muted);
                    }
                    Arc::new(check)
                }
                Origin::Replaced(present, work) => {
                    count(&spec);
                    count(&present.spec);
                    let work = engine.layer.wrap(&spec, work.clone());
                    Arc::new(present.replaced_by(spec, work, engine.fleet.as_ref()))
                }
            };
            members.push(Member { check, dependencies });
        }
        CheckSet::new(members, graph.order, updates)
    }
}

fn list_names<'a>(checks: impl Iterator<Item = &'a Planned>) -> Option<String> {
    let names: Vec<_> = checks.map(|planned| planned.spec.name()).collect();
    let (listed, rest) = names.split_at(names.len().min(MAX_LOGGED_NAMES));
    let rest = (!rest.is_empty()).then(|| format!(" and {} more", rest.len()));
    (!listed.is_empty()).then(|| listed.join(", ") + &rest.unwrap_or_default())
}
