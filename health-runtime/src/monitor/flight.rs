//! A run from its start to its landing, and those who wait for it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{
    shared::Shared,
    slot::{Boarded, FlightId, GRACE, Observation, Progress},
    verdict::Verdict,
};
use crate::{
    clock::after,
    model::{CheckResult, Outcome, Status, Work},
    runner::{self, Ending},
};

/// What became of waiting for a run.
pub(super) enum Waited {
    /// It landed.
    Landed(Arc<CheckResult>),
    /// The one who waits ran out of time; the run goes on.
    OutOfTime,
    /// The run's runtime shut down.
    CutOff,
}

/// A check that a run depends on: known, or to be waited for.
pub(super) struct Prerequisite {
    pub(super) index: usize,
    pub(super) observation: Observation,
}

/// Starts a run in a task of its own, which nobody can cancel.
pub(super) fn start(shared: &Arc<Shared>, index: usize, id: FlightId, prerequisites: Vec<Prerequisite>) {
    let pilot = Pilot { shared: Arc::clone(shared), index, id };
    if prerequisites.is_empty() {
        // Known before the task first runs, so that observers keep the time even if it never gets to.
        pilot.begin();
        shared.spawn(pilot.fly());
    } else {
        shared.spawn(pilot.fly_after(prerequisites));
    }
}

/// Waits for a run until it lands or `deadline` is there. The time is the observer's own, so a check that
/// never yields cannot hold it back.
pub(super) async fn wait(shared: &Shared, index: usize, mut boarded: Boarded, deadline: Option<Instant>) -> Waited {
    loop {
        let overdue = match &*boarded.progress.borrow_and_update() {
            Progress::Landed(result) => return Waited::Landed(Arc::clone(result)),
            Progress::Running { deadline } => Some(after(*deadline, GRACE)),
            Progress::Waiting => None,
        };
        let changed = match overdue.into_iter().chain(deadline).min() {
            Some(until) => timeout_at(until, boarded.progress.changed()).await,
            None => Ok(boarded.progress.changed().await),
        };
        match changed {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Waited::CutOff,
            Err(_) if overdue.is_some_and(|overdue| overdue <= Instant::now()) => shared.give_up(index, boarded.id),
            Err(_) => return Waited::OutOfTime,
        }
    }
}

/// Brings one run to its landing; dropped before that, it clears the slot.
struct Pilot {
    shared: Arc<Shared>,
    index: usize,
    id: FlightId,
}

impl Pilot {
    /// Waits for the checks that this one depends on, then runs it unless one of them failed.
    async fn fly_after(self, prerequisites: Vec<Prerequisite>) {
        let Self { shared, index, id } = &self;
        let check = &shared.checks[*index];
        let mut failed = Vec::new();
        for Prerequisite { index, observation } in prerequisites {
            let fails = match observation {
                Observation::Settled(result) => result.observed == Status::Fail,
                Observation::Joined(boarded) | Observation::Started(boarded) => {
                    match wait(shared, index, boarded, None).await {
                        Waited::Landed(result) => result.observed == Status::Fail,
                        Waited::OutOfTime | Waited::CutOff => true,
                    }
                }
            };
            if fails {
                failed.push(shared.checks[index].spec.name().to_owned());
            }
        }
        if check.slot.reuse(&check.spec, *id, Instant::now(), !failed.is_empty()) {
            return;
        }
        if !failed.is_empty() {
            return shared.finish(*index, *id, Verdict::blocked(failed));
        }
        self.begin();
        self.fly().await;
    }

    fn begin(&self) {
        let check = &self.shared.checks[self.index];
        check.slot.begin(&check.spec, self.id, Instant::now());
    }

    async fn fly(self) {
        let check = &self.shared.checks[self.index];
        let ending = match &check.work {
            Work::Task(work) => Some(runner::run_task(&**work, check.spec.timeout()).await),
            Work::Blocking(work) => self.run_blocking(Arc::clone(work), check.spec.timeout()).await,
        };
        if let Some(ending) = ending {
            self.shared.finish(self.index, self.id, Verdict::of(ending, &check.spec));
        }
    }

    /// A thread cannot be stopped: past its timeout the run is given up, and stays in the slot until the
    /// thread comes back. `None` when the runtime shut down before the thread began.
    async fn run_blocking(&self, work: Arc<dyn Fn() -> Outcome + Send + Sync>, timeout: Duration) -> Option<Ending> {
        let mut thread = tokio::task::spawn_blocking(move || runner::run_blocking(&*work));
        let ending = if let Ok(ending) = tokio::time::timeout(timeout, &mut thread).await {
            ending
        } else {
            self.shared.give_up(self.index, self.id);
            thread.await
        };
        ending.ok()
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.shared.checks[self.index].slot.abandon(self.id);
    }
}
