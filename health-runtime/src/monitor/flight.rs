//! A run from its start to its landing, and those who wait for it.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::{
    excuse::excuse,
    shared::Shared,
    slot::{Boarded, FlightId, GRACE, Observation, Progress},
    verdict::Verdict,
};
use crate::{
    model::{CheckResult, Outcome, Work},
    runner,
    time::after,
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
    }
    shared.spawn(pilot.fly(prerequisites));
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
    async fn fly(self, prerequisites: Vec<Prerequisite>) {
        if !prerequisites.is_empty() {
            if !self.is_cleared(prerequisites).await {
                return;
            }
            self.begin();
        }
        let check = &self.shared.checks[self.index];
        match &check.work {
            Work::Task(work) => {
                let ending = runner::run_task(&**work, check.spec.timeout()).await;
                self.land(Verdict::of(ending, &check.spec));
            }
            Work::Blocking(work) => {
                let work = Arc::clone(work);
                self.fly_blocking(work).await;
            }
        }
    }

    /// Waits for the checks that this one depends on: it is to be run unless one of them failed, or it has a young
    /// result after all.
    async fn is_cleared(&self, prerequisites: Vec<Prerequisite>) -> bool {
        let check = &self.shared.checks[self.index];
        let mut failed = Vec::new();
        for Prerequisite { index, observation } in prerequisites {
            let result = match observation {
                Observation::Settled(result) => result,
                // It has not failed, as far as anybody knows.
                Observation::Pending => continue,
                Observation::Joined(boarded) | Observation::Started(boarded) => {
                    match wait(&self.shared, index, boarded, None).await {
                        Waited::Landed(result) => result,
                        // Without its verdict there is none on this one either.
                        Waited::OutOfTime | Waited::CutOff => return false,
                    }
                }
            };
            if result.is_failing {
                failed.push(index);
            }
        }
        let names: Vec<_> = failed.iter().map(|index| self.shared.checks[*index].spec.name()).collect();
        if check.slot.reuse(&check.spec, self.id, Instant::now(), &names) {
            return false;
        }
        let is_cleared = failed.is_empty();
        if !is_cleared {
            let excuse = excuse(&self.shared, failed, |index| self.shared.latest(index));
            self.land(Verdict::blocked(&names).excused(excuse.is_some()));
        }
        is_cleared
    }

    fn begin(&self) {
        let check = &self.shared.checks[self.index];
        check.slot.begin(&check.spec, self.id, Instant::now());
    }

    /// A thread cannot be stopped: past its timeout the run is given up, and stays in the slot until the thread comes
    /// back. So it is the thread that clears the slot, should the runtime not wait for it.
    async fn fly_blocking(self, work: Arc<dyn Fn() -> Outcome + Send + Sync>) {
        let Self { shared, index, id } = &self;
        let (shared, index, id) = (Arc::clone(shared), *index, *id);
        let timeout = shared.checks[index].spec.timeout();
        let mut thread = tokio::task::spawn_blocking(move || (runner::run_blocking(&*work), self));
        let ended = if let Ok(ended) = tokio::time::timeout(timeout, &mut thread).await {
            ended
        } else {
            shared.give_up(index, id);
            thread.await
        };
        // Else the runtime shut down before the thread began.
        if let Ok((ending, pilot)) = ended {
            pilot.land(Verdict::of(ending, &shared.checks[index].spec));
        }
    }

    fn land(&self, verdict: Verdict) {
        self.shared.finish(self.index, self.id, verdict);
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.shared.checks[self.index].slot.abandon(self.id);
    }
}
