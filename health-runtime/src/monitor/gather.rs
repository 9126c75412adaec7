//! A report: what is known already, and what has to be run for it.

use std::sync::Arc;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{
    Selection,
    flight::{self, Prerequisite, Waited},
    muting::Muted,
    shared::Shared,
    slot::Observation,
    verdict::Verdict,
};
use crate::model::{Cause, CheckResult, Report, ReportEntry, Status};

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
}

/// What a report knows of one check.
#[derive(Clone)]
enum Known {
    /// What the slot held, or holds now.
    Landed(Arc<CheckResult>),
    /// Something for this report alone: the run goes on, and what it brings is for those who ask later.
    Unrecorded(Arc<CheckResult>),
}

impl Known {
    const fn result(&self) -> &Arc<CheckResult> {
        match self {
            Self::Landed(result) | Self::Unrecorded(result) => result,
        }
    }
}

pub(super) async fn gather(shared: &Arc<Shared>, selection: &Selection) -> Gathered {
    let asked_at = Instant::now();
    let gathering = Gathering { shared, asked_at, deadline: asked_at + selection.deadline() };
    let selected: Vec<usize> =
        (0..shared.checks.len()).filter(|index| selection.selects(&shared.checks[*index].spec)).collect();
    let needed = gathering.in_order(&selected);

    let mut known = gathering.settle_all(gathering.observe(&needed)).await;
    for index in needed.iter().copied() {
        gathering.reconcile(index, &mut known).await;
    }
    let mutes: Vec<_> = selected.iter().map(|index| gathering.muted(*index)).collect();
    let validity =
        gathering.validity(&needed, &known).and_then(|validity| gathering.until_unmuted(validity, &selected, &mutes));
    let entry = |(index, muted): (usize, Option<Muted>)| {
        let check = Arc::clone(&shared.checks[index].spec);
        let result = Arc::clone(known[index].as_ref()?.result());
        Some(ReportEntry { check, result, muted: muted.map(|muted| muted.mute) })
    };
    let entries = selected.into_iter().zip(mutes).filter_map(entry).collect();
    Gathered { report: Report::new(selection.shown_levels().to_vec(), entries), validity }
}

struct Gathering<'a> {
    shared: &'a Arc<Shared>,
    asked_at: Instant,
    deadline: Instant,
}

impl Gathering<'_> {
    /// Which checks have to be looked at: those selected and what they depend on, each behind its dependencies.
    fn in_order(&self, selected: &[usize]) -> Vec<usize> {
        let mut is_needed = vec![false; self.shared.checks.len()];
        let mut to_visit = selected.to_vec();
        while let Some(index) = to_visit.pop() {
            if !std::mem::replace(&mut is_needed[index], true) {
                to_visit.extend(&self.shared.checks[index].dependencies);
            }
        }
        self.shared.order.iter().copied().filter(|index| is_needed[*index]).collect()
    }

    /// Looks at each needed check, and starts what has to be run.
    fn observe(&self, needed: &[usize]) -> Vec<Option<Observation>> {
        let mut observations: Vec<Option<Observation>> = vec![None; self.shared.checks.len()];
        for &index in needed {
            observations[index] = Some(self.observe_one(index, |dependency| observations[dependency].clone()));
        }
        observations
    }

    fn observe_one(&self, index: usize, observed: impl Fn(usize) -> Option<Observation>) -> Observation {
        let check = &self.shared.checks[index];
        let prerequisites: Vec<_> = check
            .dependencies
            .iter()
            .filter_map(|&index| Some(Prerequisite { index, observation: observed(index)? }))
            .collect();
        // Not known while one of them is still to be waited for.
        let is_blocked =
            prerequisites.iter().try_fold(false, |is_blocked, prerequisite| match &prerequisite.observation {
                Observation::Settled(result) => Some(is_blocked || result.observed == Status::Fail),
                Observation::Joined(_) | Observation::Started(_) => None,
            });
        let (observation, landing) = check.slot.observe(&check.spec, Instant::now(), is_blocked);
        self.shared.landed(landing.as_ref());
        if let Observation::Started(boarded) = &observation {
            flight::start(self.shared, index, boarded.id, prerequisites);
        }
        observation
    }

    /// Waits for all of them at the same time, so that each is given up when its own time is up.
    async fn settle_all(&self, observations: Vec<Option<Observation>>) -> Vec<Option<Known>> {
        let mut known: Vec<Option<Known>> = vec![None; observations.len()];
        let mut waiting = FuturesUnordered::new();
        for (index, observation) in observations.into_iter().enumerate() {
            match observation {
                Some(Observation::Settled(result)) => known[index] = Some(Known::Landed(result)),
                Some(observation) => waiting.push(async move { (index, self.settle(index, observation).await) }),
                None => {}
            }
        }
        while let Some((index, settled)) = waiting.next().await {
            known[index] = Some(settled);
        }
        known
    }

    async fn settle(&self, index: usize, observation: Observation) -> Known {
        let boarded = match observation {
            Observation::Settled(result) => return Known::Landed(result),
            Observation::Joined(boarded) | Observation::Started(boarded) => boarded,
        };
        match flight::wait(self.shared, index, boarded, Some(self.deadline)).await {
            Waited::Landed(result) => Known::Landed(result),
            Waited::OutOfTime => self.unrecorded(index, Verdict::out_of_time()),
            Waited::CutOff => self.unrecorded(index, Verdict::cut_off()),
        }
    }

    fn unrecorded(&self, index: usize, verdict: Verdict) -> Known {
        let check = &self.shared.checks[index];
        let before = check.slot.latest();
        let before = before.as_ref().map(|latest| &*latest.result);
        Known::Unrecorded(Arc::new(verdict.into_result(&check.spec, before, self.asked_at.elapsed())))
    }

    /// Looks once more at a check whose result does not go with what this report knows of its dependencies: the
    /// run that it joined began before one of them changed, or was cut off with the runtime that it was on.
    async fn reconcile(&self, index: usize, known: &mut [Option<Known>]) {
        let Some(is_blocked) = self.is_blocked(index, known) else { return };
        let is_off = match &known[index] {
            Some(Known::Landed(result)) => matches!(result.cause, Some(Cause::Blocked { .. })) != is_blocked,
            Some(Known::Unrecorded(result)) => matches!(result.cause, Some(Cause::CutOff)),
            None => false,
        };
        if is_off {
            let observation = self.observe_one(index, |dependency| {
                known[dependency].as_ref().map(|known| Observation::Settled(Arc::clone(known.result())))
            });
            known[index] = Some(self.settle(index, observation).await);
        }
    }

    /// Whether a dependency has failed; not known if one of them has a result for this report alone.
    fn is_blocked(&self, index: usize, known: &[Option<Known>]) -> Option<bool> {
        let dependencies = &self.shared.checks[index].dependencies;
        dependencies.iter().try_fold(false, |is_blocked, dependency| match &known[*dependency] {
            Some(Known::Landed(result)) => Some(is_blocked || result.observed == Status::Fail),
            _ => None,
        })
    }

    /// For how long a report of this stays true: all of it has to be what the slots hold at this generation.
    fn validity(&self, needed: &[usize], known: &[Option<Known>]) -> Option<Validity> {
        let generation = self.shared.generation();
        let mut until: Option<Instant> = None;
        for &index in needed {
            let check = &self.shared.checks[index];
            let latest = check.slot.latest()?;
            if !matches!(&known[index], Some(Known::Landed(result)) if Arc::ptr_eq(result, &latest.result)) {
                return None;
            }
            let young_until = latest.young_until(&check.spec);
            until = Some(until.map_or(young_until, |until| until.min(young_until)));
        }
        Some(Validity { generation, until })
    }

    fn muted(&self, index: usize) -> Option<Muted> {
        let check = &self.shared.checks[index];
        check.muting.current(check.spec.name())
    }

    /// Counts in the mutes that a report was made with. They have to be what holds at the answer's generation, too.
    fn until_unmuted(&self, mut validity: Validity, selected: &[usize], mutes: &[Option<Muted>]) -> Option<Validity> {
        for (index, used) in selected.iter().zip(mutes) {
            match (used, self.muted(*index)) {
                (None, None) => {}
                (Some(used), Some(current)) if Arc::ptr_eq(&used.mute, &current.mute) => {
                    validity.until = validity.until.into_iter().chain(used.expires).min();
                }
                _ => return None,
            }
        }
        Some(validity)
    }
}
