//! The start of runs: a task polls the new runs of a report one after the other, and gives each that has to wait a task of
//! its own.

use std::{collections::VecDeque, future::poll_fn, sync::Arc, task::Poll, time::Duration};

use tokio::{runtime::Handle, task::yield_now, time::Instant};

use super::{
    engine::Engine,
    run::{NewRun, Started},
    wait::give_way,
};
use crate::sync::{self, Mutex, lock};

/// Time after which a starter lets other tasks run.
const TIME_SLICE: Duration = Duration::from_micros(200);

/// Starts runs on the runtime of runs. No observer can cancel them.
pub(super) fn all(engine: &Arc<Engine>, runs: Vec<NewRun>) {
    if !runs.is_empty() {
        spawn_starters(&Arc::new(StartQueue { engine: Arc::clone(engine), runs: Mutex::new(runs.into()) }));
    }
}

/// The runs that are to be started together.
struct StartQueue {
    engine: Arc<Engine>,
    runs: Mutex<VecDeque<NewRun>>,
}

impl StartQueue {
    /// Takes the next run. Returns also whether it is the last one.
    fn next(&self) -> Option<(NewRun, bool)> {
        let mut runs = lock(&self.runs);
        let run = runs.pop_front()?;
        Some((run, runs.is_empty()))
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
        let mut slice_began = Instant::now();
        let mut now = slice_began;
        while let Some((run, is_last)) = self.queue.next() {
            if !std::mem::replace(&mut self.has_successor, true) {
                spawn_starters(&self.queue);
            }
            let mut run = Some(run);
            let started = poll_fn(|context| Poll::Ready(run.take().map(|run| run.start(&mut now, context)))).await;
            let has_woken = match started {
                // The last run needs no other task than this.
                Some(Started::Pending(run)) if is_last => return run.finish().await,
                Some(Started::Pending(run)) => {
                    sync::spawn(&Handle::current(), run.finish());
                    true
                }
                Some(Started::Ended { has_woken }) => has_woken,
                None => false,
            };
            if is_last {
                // In this poll: a monitor that is dropped behind its report must not wait for this task.
                return;
            }
            if now - slice_began >= TIME_SLICE {
                yield_now().await;
                now = Instant::now();
                slice_began = now;
            } else if has_woken {
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
        let rest = std::mem::take(&mut *lock(&self.queue.runs));
        drop(rest);
    }
}
