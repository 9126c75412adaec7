//! What stands between the monitor and a check's own function.

use std::{
    collections::VecDeque,
    future::pending,
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{JoinError, spawn_blocking},
    time::{sleep, timeout},
};

use super::forced::{Deed, Forced};
use crate::{
    model::{Work, WorkFuture},
    sync::lock,
};

/// What a check does at its next runs, and how many it has had.
#[derive(Debug, Default)]
pub(super) struct Script {
    forced: Mutex<ForcedRuns>,
    runs: watch::Sender<Runs>,
}

#[derive(Debug, Default)]
struct ForcedRuns {
    next: VecDeque<Forced>,
    lasting: Option<Forced>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Runs {
    begun: u64,
    ended: u64,
    /// Of the runs under way, those that have a thread.
    on_threads: u64,
}

impl Script {
    fn forced(&self) -> MutexGuard<'_, ForcedRuns> {
        lock(&self.forced)
    }

    pub(super) fn force(&self, forced: Option<Forced>) {
        *self.forced() = ForcedRuns { next: VecDeque::new(), lasting: forced };
    }

    pub(super) fn force_next(&self, forced: impl IntoIterator<Item = Forced>) {
        self.forced().next.extend(forced);
    }

    /// How often the check was run.
    pub(super) fn begun(&self) -> u64 {
        self.runs.borrow().begun
    }

    /// Waits until a run ends, for so long at most.
    pub(super) async fn next_end(&self, at_most: Duration) {
        let mut runs = self.runs.subscribe();
        let ended = runs.borrow().ended;
        // One that does not come is seen by whoever looks.
        let _ = timeout(at_most, runs.wait_for(|runs| runs.ended > ended)).await;
    }

    /// Waits for the threads of runs that are under way, and says whether there were any.
    pub(super) async fn no_thread(&self) -> bool {
        let is_waiting = self.runs.borrow().on_threads > 0;
        // The sender lives as long as `self`.
        let _ = self.runs.subscribe().wait_for(|runs| runs.on_threads == 0).await;
        is_waiting
    }

    /// The same work, played by the script. A function that blocks is called on a thread of the blocking pool, and
    /// becomes a task all the same, so that whatever is forced of it can be played on a paused clock.
    pub(super) fn play(self: &Arc<Self>, work: Work) -> Work {
        let script = Arc::clone(self);
        Work::Task(Arc::new(move || {
            let run = Run::begin(&script);
            let forced = {
                let mut forced = script.forced();
                forced.next.pop_front().or_else(|| forced.lasting.clone())
            };
            let work = work.clone();
            match forced {
                None => real(&work, run),
                Some(Forced(deed)) => Box::pin(async move {
                    match deed {
                        Deed::Answer(outcome) => outcome,
                        // Not by `panic!`, which would print what the test wants as if it were a fault.
                        Deed::Panic(text) => resume_unwind(Box::new(text)),
                        Deed::Hang => pending().await,
                        Deed::SlowBy(time) => {
                            sleep(time).await;
                            real(&work, run).await
                        }
                    }
                }),
            }
        }))
    }
}

/// The check's own function.
fn real(work: &Work, run: Run) -> WorkFuture {
    match work {
        Work::Task(work) => {
            let future = work();
            Box::pin(async move {
                let _run = run;
                future.await
            })
        }
        Work::Blocking(work) => {
            let work = Arc::clone(work);
            Box::pin(async move {
                let _on_a_thread = OnAThread::new(&run);
                match spawn_blocking(move || work()).await.map_err(JoinError::try_into_panic) {
                    Ok(outcome) => outcome,
                    Err(Ok(panic)) => resume_unwind(panic),
                    // The runtime shuts down, and this task with it.
                    Err(Err(_)) => pending().await,
                }
            })
        }
    }
}

/// Counts a run, however it ends.
struct Run {
    script: Arc<Script>,
}

impl Run {
    fn begin(script: &Arc<Script>) -> Self {
        script.runs.send_modify(|runs| runs.begun += 1);
        Self { script: Arc::clone(script) }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.script.runs.send_modify(|runs| runs.ended += 1);
    }
}

struct OnAThread<'a>(&'a Run);

impl<'a> OnAThread<'a> {
    fn new(run: &'a Run) -> Self {
        run.script.runs.send_modify(|runs| runs.on_threads += 1);
        Self(run)
    }
}

impl Drop for OnAThread<'_> {
    fn drop(&mut self) {
        self.0.script.runs.send_modify(|runs| runs.on_threads -= 1);
    }
}
