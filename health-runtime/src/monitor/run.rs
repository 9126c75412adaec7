//! A run from its start to its result, and its observers.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::{
    engine::Engine,
    monitored::Monitored,
    slot::{GIVE_UP_GRACE, Lookup, Progress, RunHandle, RunId},
};
use crate::{
    model::{CheckResult, Outcome, Work},
    run_result::RunResult,
    runner,
    time::after,
};

/// A check that a run depends on.
pub(super) struct Prerequisite {
    pub(super) check: Arc<Monitored>,
    pub(super) lookup: Lookup,
}

/// Starts a run in a task of its own, which no observer can cancel.
pub(super) fn start(engine: &Arc<Engine>, check: &Arc<Monitored>, id: RunId, prerequisites: Vec<Prerequisite>) {
    let task = RunTask { engine: Arc::clone(engine), check: Arc::clone(check), id };
    if prerequisites.is_empty() {
        // Begins before the first poll of the task, so that observers enforce the timeout even if no poll comes.
        task.begin();
    }
    engine.spawn(task.run(prerequisites));
}

/// Waits for the recorded result of a run, up to `deadline`. The timer is the observer's own, so a check that never
/// yields cannot delay it.
///
/// # Errors
/// The reason why there is no recorded result: [`RunResult::OutOfTime`] or [`RunResult::CutOff`].
pub(super) async fn wait(
    engine: &Engine,
    check: &Monitored,
    mut run: RunHandle,
    deadline: Option<Instant>,
) -> Result<Arc<CheckResult>, RunResult> {
    loop {
        let overdue = match &*run.progress.borrow_and_update() {
            Progress::Completed(result) => return Ok(Arc::clone(result)),
            Progress::Running { deadline } => Some(after(*deadline, GIVE_UP_GRACE)),
            Progress::Waiting => None,
        };
        let changed = match overdue.into_iter().chain(deadline).min() {
            Some(until) => timeout_at(until, run.progress.changed()).await,
            None => Ok(run.progress.changed().await),
        };
        match changed {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(RunResult::CutOff),
            Err(_) if overdue.is_some_and(|overdue| overdue <= Instant::now()) => engine.give_up(check, run.id),
            Err(_) => return Err(RunResult::OutOfTime),
        }
    }
}

/// Brings one run to its result. Clears the slot if it is dropped before. Holds its check and no set of checks, however
/// long it takes.
struct RunTask {
    engine: Arc<Engine>,
    check: Arc<Monitored>,
    id: RunId,
}

impl RunTask {
    async fn run(self, prerequisites: Vec<Prerequisite>) {
        if !prerequisites.is_empty() {
            if !self.may_begin(prerequisites).await {
                return;
            }
            self.begin();
        }
        match &*self.check.work {
            Work::Task(work) => {
                let result = runner::run_task(&**work, self.check.spec.timeout()).await;
                self.complete(result);
            }
            Work::Blocking(work) => {
                let work = Arc::clone(work);
                self.run_blocking(work).await;
            }
        }
    }

    /// Waits for the checks that this one depends on. Returns whether to call the function: no dependency fails, and no
    /// young result has come meanwhile.
    async fn may_begin(&self, prerequisites: Vec<Prerequisite>) -> bool {
        let mut failed = Vec::new();
        for Prerequisite { check, lookup } in prerequisites {
            let result = match lookup {
                Lookup::Done(result) => result,
                // No failure is known.
                Lookup::Missing => continue,
                Lookup::Running(run) => match wait(&self.engine, &check, run, None).await {
                    Ok(result) => result,
                    // Without the result of a dependency this check has none either.
                    Err(_) => return false,
                },
            };
            if result.is_failing {
                failed.push(check);
            }
        }
        let names: Vec<_> = failed.iter().map(|check| check.spec.name()).collect();
        if self.check.slot.reuse(&self.check.spec, self.id, Instant::now(), &names) {
            return false;
        }
        let may_begin = failed.is_empty();
        if !may_begin {
            self.complete(RunResult::blocked(&names, self.is_excused(&names)));
        }
        may_begin
    }

    /// Returns whether the checks that block this one are muted. By name, because one of them may have been replaced.
    fn is_excused(&self, blockers: &[&str]) -> bool {
        let checks = self.engine.checks();
        let blockers: Option<Vec<_>> = blockers.iter().map(|name| checks.find(name)).collect();
        blockers.and_then(|blockers| checks.excuse(blockers, |index| checks[index].latest())).is_some()
    }

    fn begin(&self) {
        self.check.slot.begin(&self.check.spec, self.id, Instant::now());
    }

    /// Gives the run up at its timeout, because a thread cannot be stopped. It stays in the slot until the thread
    /// returns, so the thread owns the task: it clears the slot even if the runtime does not wait for it.
    async fn run_blocking(self, work: Arc<dyn Fn() -> Outcome + Send + Sync>) {
        let Self { engine, check, id } = &self;
        let (engine, check, id) = (Arc::clone(engine), Arc::clone(check), *id);
        let timeout = check.spec.timeout();
        let mut thread = tokio::task::spawn_blocking(move || (runner::run_blocking(&*work), self));
        let ended = if let Ok(ended) = tokio::time::timeout(timeout, &mut thread).await {
            ended
        } else {
            engine.give_up(&check, id);
            thread.await
        };
        // An error means that the runtime shut down before the thread began.
        if let Ok((result, task)) = ended {
            task.complete(result);
        }
    }

    fn complete(&self, result: RunResult) {
        self.engine.complete(&self.check, self.id, result);
    }
}

impl Drop for RunTask {
    fn drop(&mut self) {
        self.check.slot.abandon(self.id);
    }
}
