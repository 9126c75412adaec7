//! A report: what is known already, and what has to be run for it.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Selection,
    flight::{self, Prerequisite, Waited},
    muting::Muted,
    shared::Shared,
    slot::Observation,
    verdict::Verdict,
};
use crate::model::{CheckResult, Report, ReportEntry, Status};

/// A report, and for how long an answer made of it stays true.
pub(crate) struct Gathered {
    pub(crate) report: Report,
    /// `None` for a report that holds something that no slot does, such as a check that ran out of time.
    pub(crate) validity: Option<Validity>,
}

/// An answer stays true until the first of its results is no longer young or the first of its mutes is over, or
/// until another result lands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    generation: u64,
    /// `None` for a report without checks, which does not age.
    until: Option<Instant>,
}

impl Validity {
    pub(super) fn holds(self, shared: &Shared) -> bool {
        self.generation == shared.generation() && self.until.is_none_or(|until| Instant::now() < until)
    }

    /// Counts in the mutes that an answer was made with. They have to be what holds at this generation.
    fn with_mutes(mut self, shared: &Shared, selected: &[usize], mutes: &[Option<Muted>]) -> Option<Self> {
        for (index, used) in selected.iter().zip(mutes) {
            match (used, muted(shared, *index)) {
                (None, None) => {}
                (Some(used), Some(current)) if Arc::ptr_eq(&used.mute, &current.mute) => {
                    self.until = self.until.into_iter().chain(used.expires).min();
                }
                _ => return None,
            }
        }
        Some(self)
    }
}

pub(super) async fn gather(shared: &Arc<Shared>, selection: &Selection) -> Gathered {
    let now = Instant::now();
    let deadline = now + selection.deadline();
    let selected: Vec<usize> =
        (0..shared.checks.len()).filter(|index| selection.selects(&shared.checks[*index].spec)).collect();
    let needed = with_prerequisites(shared, &selected);
    let mut observations = observe(shared, &needed, now);

    let mut results = Vec::with_capacity(selected.len());
    // One after the other: all of them are under way, so this takes as long as the slowest.
    for &index in &selected {
        if let Some(observation) = observations[index].take() {
            results.push(settle(shared, index, observation, deadline, now).await);
        }
    }
    let mutes: Vec<_> = selected.iter().map(|index| muted(shared, *index)).collect();
    let validity = validity(shared, &needed, &selected, &results)
        .and_then(|validity| validity.with_mutes(shared, &selected, &mutes));
    let checks = selected.iter().map(|index| Arc::clone(&shared.checks[*index].spec));
    let entries = checks
        .zip(results)
        .zip(mutes)
        .map(|((check, result), muted)| ReportEntry { check, result, muted: muted.map(|muted| muted.mute) })
        .collect();
    Gathered { report: Report::new(selection.shown_levels().to_vec(), entries), validity }
}

/// Which checks have to be looked at: those selected, and what they depend on.
fn with_prerequisites(shared: &Shared, selected: &[usize]) -> Vec<bool> {
    let mut needed = vec![false; shared.checks.len()];
    let mut to_visit = selected.to_vec();
    while let Some(index) = to_visit.pop() {
        if !std::mem::replace(&mut needed[index], true) {
            to_visit.extend(&shared.checks[index].dependencies);
        }
    }
    needed
}

/// Looks at each needed check behind those that it depends on, and starts what has to be run.
fn observe(shared: &Arc<Shared>, needed: &[bool], now: Instant) -> Vec<Option<Observation>> {
    let mut observations: Vec<Option<Observation>> = Vec::new();
    observations.resize_with(needed.len(), || None);
    for &index in shared.order.iter().filter(|index| needed[**index]) {
        let check = &shared.checks[index];
        let (observation, landing) = check.slot.observe(&check.spec, now, is_blocked(shared, index, &observations));
        shared.landed(landing.as_ref());
        if let Observation::Started(boarded) = &observation {
            let prerequisites = check
                .dependencies
                .iter()
                .filter_map(|&index| Some(Prerequisite { index, observation: observations[index].clone()? }))
                .collect();
            flight::start(shared, index, boarded.id, prerequisites);
        }
        observations[index] = Some(observation);
    }
    observations
}

/// Whether a check that this one depends on is failing; `None` while one of them is still to be waited for.
fn is_blocked(shared: &Shared, index: usize, observations: &[Option<Observation>]) -> Option<bool> {
    shared.checks[index].dependencies.iter().try_fold(false, |blocked, &dependency| match &observations[dependency] {
        Some(Observation::Settled(result)) => Some(blocked || result.observed == Status::Fail),
        _ => None,
    })
}

async fn settle(
    shared: &Shared,
    index: usize,
    observation: Observation,
    deadline: Instant,
    asked_at: Instant,
) -> Arc<CheckResult> {
    let boarded = match observation {
        Observation::Settled(result) => return result,
        Observation::Joined(boarded) | Observation::Started(boarded) => boarded,
    };
    let verdict = match flight::wait(shared, index, boarded, Some(deadline)).await {
        Waited::Landed(result) => return result,
        Waited::OutOfTime => Verdict::out_of_time(),
        Waited::CutOff => Verdict::cut_off(),
    };
    // For this report alone: the run goes on, and what it brings is for those who ask later.
    let check = &shared.checks[index];
    let before = check.slot.latest();
    let before = before.as_ref().map(|latest| &*latest.result);
    Arc::new(verdict.into_result(&check.spec, before, asked_at.elapsed()))
}

fn muted(shared: &Shared, index: usize) -> Option<Muted> {
    let check = &shared.checks[index];
    check.muting.current(Instant::now(), check.spec.name())
}

/// For how long a report of these results stays true: they have to be what the slots hold at this generation.
fn validity(shared: &Shared, needed: &[bool], selected: &[usize], results: &[Arc<CheckResult>]) -> Option<Validity> {
    let generation = shared.generation();
    let latest = |index: usize| shared.checks[index].slot.latest();
    let are_latest = selected
        .iter()
        .zip(results)
        .all(|(index, result)| latest(*index).is_some_and(|latest| Arc::ptr_eq(&latest.result, result)));
    let needed = (0..needed.len()).filter(|index| needed[*index]);
    let until = needed.filter_map(|index| Some(latest(index)?.young_until(&shared.checks[index].spec))).min();
    are_latest.then_some(Validity { generation, until })
}
