//! Looking at checks: each behind those that it depends on, and starting what has to be run.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    flight::{self, Prerequisite},
    shared::Shared,
    slot::Observation,
};

/// Which checks have to be looked at: those selected and what they depend on, each behind its dependencies.
pub(super) fn in_order(shared: &Shared, selected: &[usize]) -> Vec<usize> {
    let mut is_needed = vec![false; shared.checks.len()];
    let mut to_visit = selected.to_vec();
    while let Some(index) = to_visit.pop() {
        if !std::mem::replace(&mut is_needed[index], true) {
            to_visit.extend(&shared.checks[index].dependencies);
        }
    }
    shared.order.iter().copied().filter(|index| is_needed[*index]).collect()
}

/// Looks at each of them, in this order.
pub(super) fn all(shared: &Arc<Shared>, needed: &[usize]) -> Vec<Option<Observation>> {
    let mut observations: Vec<Option<Observation>> = vec![None; shared.checks.len()];
    for &index in needed {
        observations[index] = Some(one(shared, index, |dependency| observations[dependency].clone()));
    }
    observations
}

/// Looks at one check for a request: reads the latest result of a background check, and has any other run that has no
/// young result.
pub(super) fn one(shared: &Arc<Shared>, index: usize, observed: impl Fn(usize) -> Option<Observation>) -> Observation {
    let check = &shared.checks[index];
    if check.spec.interval().is_none() {
        return run(shared, index, observed);
    }
    let (observation, landing) = check.slot.read(&check.spec, Instant::now());
    shared.landed(landing.as_ref());
    observation
}

/// Has a check run unless it has a young result, whether it is in the background or not.
pub(super) fn run(shared: &Arc<Shared>, index: usize, observed: impl Fn(usize) -> Option<Observation>) -> Observation {
    let check = &shared.checks[index];
    let prerequisites: Vec<_> = check
        .dependencies
        .iter()
        .filter_map(|&index| Some(Prerequisite { index, observation: observed(index)? }))
        .collect();
    // Not known while one of them is still to be waited for.
    let failing = prerequisites.iter().filter_map(|prerequisite| match &prerequisite.observation {
        Observation::Settled(result) => result.is_failing.then(|| Some(shared.checks[prerequisite.index].spec.name())),
        Observation::Pending => None,
        Observation::Joined(_) | Observation::Started(_) => Some(None),
    });
    let blocked_by: Option<Vec<&str>> = failing.collect();
    let (observation, landing) = check.slot.observe(&check.spec, Instant::now(), blocked_by.as_deref());
    shared.landed(landing.as_ref());
    if let Observation::Started(boarded) = &observation {
        flight::start(shared, index, boarded.id, prerequisites);
    }
    observation
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
        monitor::{Selection, gather},
    };

    /// Another check fails than before: the next run records that, so that the answer can be stored.
    #[tokio::test(start_paused = true)]
    async fn new_names_of_a_blocked_check_are_recorded() {
        let failing_in_turns = |name, fails_first: bool| {
            let works = AtomicBool::new(fails_first);
            let run = move || ready(!works.fetch_not(Ordering::Relaxed));
            Check::new(name, Level::L3, run).with_max_age(Duration::ZERO)
        };
        let leaf =
            Check::new("leaf", Level::L3, || async {}).depends_on(["a", "b"]).with_max_age(Duration::from_hours(1));
        let shared = Shared::of([failing_in_turns("a", true), failing_in_turns("b", false), leaf]);
        for culprit in ["a", "b", "a"] {
            gather::gather(&shared, &Selection::check("leaf")).await;
            let latest = shared.checks[2].slot.latest().expect("a result");
            assert_eq!(latest.result.blocked_by(), [culprit]);
        }
    }
}
