//! A run from its start to its result, and its observers.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::{
    engine::Engine,
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
    pub(super) index: usize,
    pub(super) lookup: Lookup,
}

/// Starts a run in a task of its own, which no observer can cancel.
pub(super) fn start(engine: &Arc<Engine>, index: usize, id: RunId, prerequisites: Vec<Prerequisite>) {
    let task = RunTask { engine: Arc::clone(engine), index, id };
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
    index: usize,
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
            Err(_) if overdue.is_some_and(|overdue| overdue <= Instant::now()) => engine.give_up(index, run.id),
            Err(_) => return Err(RunResult::OutOfTime),
        }
    }
}

/// Brings one run to its result. Clears the slot if it is dropped before.
struct RunTask {
    engine: Arc<Engine>,
    index: usize,
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
        let check = &self.engine.checks[self.index];
        match &check.work {
            Work::Task(work) => {
                let result = runner::run_task(&**work, check.spec.timeout()).await;
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
        let check = &self.engine.checks[self.index];
        let mut failed = Vec::new();
        for Prerequisite { index, lookup } in prerequisites {
            let result = match lookup {
                Lookup::Done(result) => result,
                // No failure is known.
                Lookup::Missing => continue,
                Lookup::Running(run) => match wait(&self.engine, index, run, None).await {
                    Ok(result) => result,
                    // Without the result of a dependency this check has none either.
                    Err(_) => return false,
                },
            };
            if result.is_failing {
                failed.push(index);
            }
        }
        let names: Vec<_> = failed.iter().map(|index| self.engine.checks[*index].spec.name()).collect();
        if check.slot.reuse(&check.spec, self.id, Instant::now(), &names) {
            return false;
        }
        let may_begin = failed.is_empty();
        if !may_begin {
            let excuse = self.engine.excuse(failed, |index| self.engine.latest(index));
            self.complete(RunResult::blocked(&names, excuse.is_some()));
        }
        may_begin
    }

    fn begin(&self) {
        let check = &self.engine.checks[self.index];
        check.slot.begin(&check.spec, self.id, Instant::now());
    }

    /// Gives the run up at its timeout, because a thread cannot be stopped. It stays in the slot until the thread
    /// returns, so the thread owns the task: it clears the slot even if the runtime does not wait for it.
    async fn run_blocking(self, work: Arc<dyn Fn() -> Outcome + Send + Sync>) {
        let Self { engine, index, id } = &self;
        let (engine, index, id) = (Arc::clone(engine), *index, *id);
        let timeout = engine.checks[index].spec.timeout();
        let mut thread = tokio::task::spawn_blocking(move || (runner::run_blocking(&*work), self));
        let ended = if let Ok(ended) = tokio::time::timeout(timeout, &mut thread).await {
            ended
        } else {
            engine.give_up(index, id);
            thread.await
        };
        // An error means that the runtime shut down before the thread began.
        if let Ok((result, task)) = ended {
            task.complete(result);
        }
    }

    fn complete(&self, result: RunResult) {
        self.engine.complete(self.index, self.id, result);
    }
}

impl Drop for RunTask {
    fn drop(&mut self) {
        self.engine.checks[self.index].slot.abandon(self.id);
    }
}
