//! Lookups of checks, each behind its dependencies, and the start of the runs that they need.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    check_set::CheckSet,
    engine::Engine,
    monitored::Monitored,
    permission::RunRequest,
    run::{NewRun, Prerequisite},
    slot::Lookup,
    start,
};
use crate::model::CheckResult;

/// Returns the selected checks and their transitive dependencies, each check behind its dependencies.
pub(super) fn in_order(checks: &CheckSet, selected: &[usize]) -> Vec<usize> {
    if selected.iter().all(|index| checks.dependencies(*index).is_empty()) {
        return selected.to_vec();
    }
    let mut is_needed = vec![false; checks.len()];
    let mut to_visit = selected.to_vec();
    while let Some(index) = to_visit.pop() {
        if !std::mem::replace(&mut is_needed[index], true) {
            to_visit.extend(checks.dependencies(index));
        }
    }
    // Nearly all needed checks are selected ones.
    let mut needed = Vec::with_capacity(selected.len());
    needed.extend(checks.order().iter().copied().filter(|index| is_needed[*index]));
    needed
}

/// Looks each of these checks up, in this order, and starts the runs that they need. `lookups` has those of all checks, as
/// far as they are known.
pub(super) fn all(
    engine: &Arc<Engine>,
    checks: &CheckSet,
    needed: &[usize],
    request: RunRequest<'_>,
    lookups: &mut [Option<Lookup>],
) {
    let now = Instant::now();
    let mut runs = Vec::new();
    for (step, &index) in needed.iter().enumerate() {
        lookups[index] =
            Some(one(engine, checks, index, now, request, |dependency| lookups[dependency].clone(), &mut runs));
        if runs.len() == 1 {
            // If one check has no young result, the others are likely to have none either.
            runs.reserve(needed.len() - step - 1);
        }
    }
    start::all(engine, runs);
}

/// Looks one check up for a request: reads the latest result of a background check, and makes a run of any other check
/// that has no young result, as far as the request may. `dependency` returns the lookups of its dependencies.
fn one(
    engine: &Arc<Engine>,
    checks: &CheckSet,
    index: usize,
    now: Instant,
    request: RunRequest<'_>,
    dependency: impl Fn(usize) -> Option<Lookup>,
    runs: &mut Vec<NewRun>,
) -> Lookup {
    if request.stop_reason().is_some() {
        young(checks, index, now).map_or(Lookup::Stored, Lookup::Done)
    } else if checks[index].spec.interval().is_some() && !request.runs_anew(&checks[index].spec) {
        read(engine, &checks[index], now)
    } else {
        or_make_run(engine, checks, index, now, request, dependency, runs)
    }
}

/// Returns a recorded result that any caller would get now, so that it is not limited. A dependent's would have to match
/// those of other checks.
fn young(checks: &CheckSet, index: usize, now: Instant) -> Option<Arc<CheckResult>> {
    let check = &checks[index];
    let latest = check.slot.latest().filter(|latest| latest.is_young(&check.spec, now))?;
    checks.dependencies(index).is_empty().then_some(latest.result)
}

/// Looks a background check up for a request, which runs nothing.
pub(super) fn read(engine: &Engine, check: &Monitored, now: Instant) -> Lookup {
    let (lookup, is_recorded) = check.slot.read(&check.spec, now);
    if is_recorded {
        engine.publish();
    }
    lookup
}

/// Looks one check up, and runs it unless it has a young result, in the background or not.
pub(super) fn or_run(
    engine: &Arc<Engine>,
    checks: &CheckSet,
    index: usize,
    request: RunRequest<'_>,
    dependency: impl Fn(usize) -> Option<Lookup>,
) -> Lookup {
    let mut runs = Vec::new();
    let lookup = or_make_run(engine, checks, index, Instant::now(), request, dependency, &mut runs);
    start::all(engine, runs);
    lookup
}

fn or_make_run(
    engine: &Arc<Engine>,
    checks: &CheckSet,
    index: usize,
    now: Instant,
    request: RunRequest<'_>,
    dependency: impl Fn(usize) -> Option<Lookup>,
    runs: &mut Vec<NewRun>,
) -> Lookup {
    let check = &checks[index];
    let mut prerequisites = Vec::new();
    let mut failing = Vec::new();
    let mut are_known = true;
    for &index in checks.dependencies(index) {
        let Some(lookup) = dependency(index) else { continue };
        match &lookup {
            Lookup::Done(result) if result.is_failing => failing.push(checks[index].spec.name()),
            Lookup::Done(_) | Lookup::Missing => {}
            Lookup::Running(_) => are_known = false,
            // Its result would depend on others that the request does not wait for.
            Lookup::Stored => return Lookup::Stored,
        }
        prerequisites.push(Prerequisite { check: Arc::clone(&checks[index]), lookup });
    }
    let blocked_by = are_known.then_some(&*failing);
    let (lookup, is_recorded) = if request.runs_anew(&check.spec) {
        check.slot.observe_anew(&check.spec, now)
    } else {
        let may_join = |run| request.may_join(&check.requesting, run);
        check.slot.observe(&check.spec, now, blocked_by, request.depth(), may_join)
    };
    if is_recorded {
        engine.publish();
    }
    if let Lookup::Running(run) = &lookup
        && run.is_new
    {
        runs.push(NewRun::new(engine, check, run.id, prerequisites, request.origin.cloned(), now));
    }
    lookup
}

#[cfg(test)]
mod tests {
    use std::{
        future::ready,
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    use super::*;
    use crate::{
        model::{Check, Level},
        monitor::report::{Selection, gather},
    };

    /// Another dependency fails than before. The next run records its name, so that the response can be cached.
    #[tokio::test(start_paused = true)]
    async fn new_culprits_of_a_blocked_check_are_recorded() {
        let failing_in_turns = |name, fails_first: bool| {
            let works = AtomicBool::new(fails_first);
            let run = move || ready(!works.fetch_not(Ordering::Relaxed));
            Check::new(name, Level::L3, run).max_age(Duration::ZERO)
        };
        let leaf = Check::new("leaf", Level::L3, || async {}).depends_on(["a", "b"]).max_age(Duration::from_secs(3600));
        let engine = Engine::for_checks([failing_in_turns("a", true), failing_in_turns("b", false), leaf]);
        for culprit in ["a", "b", "a"] {
            gather(&engine, &Selection::check("leaf")).await;
            let latest = engine.checks()[2].latest().expect("a result");
            assert_eq!(latest.blocked_by(), [culprit]);
        }
    }
}
