//! The layer between the monitor and a check's own function, which counts runs and plays forced behavior.

use std::{
    collections::{BTreeMap, VecDeque},
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

use crate::{
    model::{Forced, Work, WorkFuture},
    runner::answer,
    sync::lock,
};

/// Forced behavior and number of runs of one check.
#[derive(Debug, Default)]
pub(super) struct Interceptor {
    forced: Mutex<ForcedQueue>,
    runs: watch::Sender<RunCounts>,
}

/// The interceptors of all checks by name, also of those that are added during a test.
#[derive(Debug, Default)]
pub(super) struct Interceptors {
    by_name: Mutex<BTreeMap<String, Arc<Interceptor>>>,
}

impl Interceptors {
    pub(super) fn of(&self, check: &str) -> Arc<Interceptor> {
        Arc::clone(lock(&self.by_name).entry(check.to_owned()).or_default())
    }

    pub(super) fn all(&self) -> Vec<Arc<Interceptor>> {
        lock(&self.by_name).values().cloned().collect()
    }
}

#[derive(Debug, Default)]
struct ForcedQueue {
    next: VecDeque<Forced>,
    lasting: Option<Forced>,
}

#[derive(Clone, Copy, Debug, Default)]
struct RunCounts {
    begun: u64,
    ended: u64,
    /// Unfinished runs that occupy a thread.
    on_threads: u64,
}

impl Interceptor {
    fn forced(&self) -> MutexGuard<'_, ForcedQueue> {
        lock(&self.forced)
    }

    pub(super) fn force(&self, forced: Option<Forced>) {
        *self.forced() = ForcedQueue { next: VecDeque::new(), lasting: forced };
    }

    pub(super) fn force_next(&self, forced: impl IntoIterator<Item = Forced>) {
        self.forced().next.extend(forced);
    }

    /// Returns the number of runs so far.
    pub(super) fn begun(&self) -> u64 {
        self.runs.borrow().begun
    }

    /// Waits until a run ends, up to a limit.
    pub(super) async fn next_end(&self, limit: Duration) {
        let mut runs = self.runs.subscribe();
        let ended = runs.borrow().ended;
        // A run that does not end shows in the snapshot.
        let _ = timeout(limit, runs.wait_for(|runs| runs.ended > ended)).await;
    }

    /// Waits until no run occupies a thread. Returns whether one did.
    pub(super) async fn wait_for_threads(&self) -> bool {
        let is_waiting = self.runs.borrow().on_threads > 0;
        // The sender lives as long as `self`.
        let _ = self.runs.subscribe().wait_for(|runs| runs.on_threads == 0).await;
        is_waiting
    }

    /// Wraps work. Blocking work runs on the blocking pool as before, but behind a task, so that forced behavior of it follows
    /// the paused clock.
    pub(super) fn wrap(self: &Arc<Self>, work: Work) -> Work {
        let interceptor = Arc::clone(self);
        Work::Task(Arc::new(move || {
            let run = CountedRun::begin(&interceptor);
            let forced = {
                let mut forced = interceptor.forced();
                forced.next.pop_front().or_else(|| forced.lasting.clone())
            };
            let work = work.clone();
            match forced {
                None => run_work(&work, run),
                Some(forced) => Box::pin(async move {
                    if let Some(delay) = forced.delay {
                        sleep(delay).await;
                    }
                    match forced.answer {
                        Some(forced) => answer(forced).await,
                        None => run_work(&work, run).await,
                    }
                }),
            }
        }))
    }
}

/// Calls the check's own function.
fn run_work(work: &Work, run: CountedRun) -> WorkFuture {
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
                let _blocking = BlockingGuard::new(&run);
                match spawn_blocking(move || work()).await.map_err(JoinError::try_into_panic) {
                    Ok(outcome) => outcome,
                    Err(Ok(panic)) => resume_unwind(panic),
                    // The runtime is shutting down.
                    Err(Err(_)) => pending().await,
                }
            })
        }
    }
}

/// Counts a run until it is dropped.
struct CountedRun {
    interceptor: Arc<Interceptor>,
}

impl CountedRun {
    fn begin(interceptor: &Arc<Interceptor>) -> Self {
        interceptor.runs.send_modify(|runs| runs.begun += 1);
        Self { interceptor: Arc::clone(interceptor) }
    }
}

impl Drop for CountedRun {
    fn drop(&mut self) {
        self.interceptor.runs.send_modify(|runs| runs.ended += 1);
    }
}

/// Counts a thread of a run until it is dropped.
struct BlockingGuard<'a>(&'a CountedRun);

impl<'a> BlockingGuard<'a> {
    fn new(run: &'a CountedRun) -> Self {
        run.interceptor.runs.send_modify(|runs| runs.on_threads += 1);
        Self(run)
    }
}

impl Drop for BlockingGuard<'_> {
    fn drop(&mut self) {
        self.0.interceptor.runs.send_modify(|runs| runs.on_threads -= 1);
    }
}
