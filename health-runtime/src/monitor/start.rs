//! The start of runs: a task polls the new runs of a report one after the other, and gives those that have to wait a task
//! each.

use std::{collections::VecDeque, future::poll_fn, sync::Arc, task::Poll, time::Duration};

use tokio::{runtime::Handle, task::yield_now, time::Instant};

use super::{
    engine::Engine,
    run::{NewRun, PendingRun, Started},
    wait::give_way,
};
use crate::sync::{self, Mutex, lock};

/// Time after which a starter lets other tasks run.
const TIME_SLICE: Duration = Duration::from_micros(200);

/// Starts runs on the runtime of runs. No observer can cancel them.
pub(super) fn all(engine: &Arc<Engine>, runs: Vec<NewRun>) {
    if runs.is_empty() {
        return;
    }
    let state = StartQueueState { new: runs.into(), pending: Vec::new() };
    spawn_starters(&Arc::new(StartQueue { engine: Arc::clone(engine), state: Mutex::new(state) }));
}

/// The runs that are to be started together.
struct StartQueue {
    engine: Arc<Engine>,
    state: Mutex<StartQueueState>,
}

struct StartQueueState {
    new: VecDeque<NewRun>,
    /// Runs that have to wait, and have no task yet. Empty once the last new run was taken.
    pending: Vec<PendingRun>,
}

impl StartQueue {
    /// Adds a run that has to wait, and takes the next new run.
    ///
    /// # Errors
    /// If there is none, all runs that have to wait, also those of starters that are blocked.
    fn next(&self, pending: Option<PendingRun>) -> Result<NewRun, Vec<PendingRun>> {
        let mut state = lock(&self.state);
        state.pending.extend(pending);
        state.new.pop_front().ok_or_else(|| std::mem::take(&mut state.pending))
    }

    fn is_empty(&self) -> bool {
        let state = lock(&self.state);
        state.new.is_empty() && state.pending.is_empty()
    }

    /// Gives the runs that have to wait a task each.
    fn spawn_pending(&self) {
        let pending = std::mem::take(&mut lock(&self.state).pending);
        spawn(pending);
    }
}

/// Gives runs a task each, on the runtime on which they were polled before.
fn spawn(pending: impl IntoIterator<Item = PendingRun>) {
    for run in pending {
        sync::spawn(&Handle::current(), run.finish());
    }
}

/// Spawns two starters. Tokio gives a single new task to the thread that spawns it, and wakes no other one; with the second
/// task behind it, any thread may take the first. A runtime with one thread needs no second one.
fn spawn_starters(queue: &Arc<StartQueue>) {
    let starter = |has_successor| Starter { queue: Arc::clone(queue), has_successor }.start_all();
    let runtime = queue.engine.find_runtime().unwrap_or_else(Handle::current);
    if sync::has_several_threads(&runtime) {
        sync::spawn(&runtime, starter(false));
    }
    sync::spawn(&runtime, starter(true));
}

/// A task that starts runs. A check that never yields blocks it, so before it calls a function, there is another one that
/// any thread may take, and that goes on with the rest.
struct Starter {
    queue: Arc<StartQueue>,
    has_successor: bool,
}

impl Starter {
    async fn start_all(mut self) {
        let mut began = Instant::now();
        let mut pending = None;
        loop {
            let mut next = match self.queue.next(pending) {
                Ok(run) => Some(run),
                Err(mut rest) => {
                    // A single one needs no other task than this.
                    let only = if rest.len() == 1 { rest.pop() } else { None };
                    spawn(rest);
                    if let Some(only) = only {
                        only.finish().await;
                    }
                    return;
                }
            };
            if !std::mem::replace(&mut self.has_successor, true) {
                spawn_starters(&self.queue);
            }
            let started = poll_fn(|context| Poll::Ready(next.take().map(|run| run.start(context)))).await;
            let is_quiet = matches!(started, None | Some(Started::Unnoticed));
            pending = if let Some(Started::Pending(run)) = started { Some(run) } else { None };
            if pending.is_none() && self.queue.is_empty() {
                // Ends in this poll: a monitor that is dropped behind its report must not wait for this task.
                continue;
            }
            if began.elapsed() >= TIME_SLICE {
                spawn(pending.take());
                self.queue.spawn_pending();
                yield_now().await;
                began = Instant::now();
            } else if !is_quiet {
                // This thread has to itself the task that it woke last, and the next function may block it.
                give_way().await;
            }
        }
    }
}

impl Drop for Starter {
    /// Drops the rest with the runtime: no run is left when a starter has ended, but one that is blocked may keep the
    /// queue for long.
    fn drop(&mut self) {
        let rest = {
            let mut state = lock(&self.queue.state);
            (std::mem::take(&mut state.new), std::mem::take(&mut state.pending))
        };
        drop(rest);
    }
}
