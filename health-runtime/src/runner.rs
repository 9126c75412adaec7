//! One run of one check, which yields a result even if the user's code panics or hangs.

use std::{
    any::Any,
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    model::{Outcome, Work, WorkFuture},
    run_result::RunResult,
};

/// Time after its timeout at which an isolated check is dropped. Its observers have given it up by then.
const DROP_GRACE: Duration = Duration::from_millis(50);

/// Runs a future up to its timeout. Catches panics while the future is built, polled (which serializes its data) or
/// dropped.
pub(crate) async fn run_task(work: &(dyn Fn() -> WorkFuture + Send + Sync), timeout: Duration) -> RunResult {
    let mut future = match catch(work) {
        Ok(future) => future,
        Err(text) => return RunResult::Panicked(text),
    };
    let polled = poll_fn(|context| match catch(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(RunResult::Answered),
        Err(text) => RunResult::Panicked(text).into(),
    });
    let result = tokio::time::timeout(timeout, polled).await.unwrap_or(RunResult::TimedOut);
    match catch(|| drop(future)) {
        Err(text) if matches!(result, RunResult::Answered(_)) => RunResult::Panicked(text),
        _ => result,
    }
}

/// Runs a function that blocks its thread. It cannot be stopped, so the caller has to watch the time.
pub(crate) fn run_blocking(work: &(dyn Fn() -> Outcome + Send + Sync)) -> RunResult {
    catch(work).map_or_else(RunResult::Panicked, RunResult::Answered)
}

/// Converts a task into a function that runs it on a thread of the blocking pool, so that a check that never yields
/// blocks that thread alone. Its timers and connections stay with the runtime.
pub(crate) fn isolate(work: Work, timeout: Duration) -> Work {
    let Work::Task(work) = work else { return work };
    Work::blocking(move || {
        let runtime = Handle::current();
        // Timers panic once their runtime has shut down. A task is dropped just before, which drops `alive`.
        let (alive, shut_down) = oneshot::channel::<()>();
        let guard = runtime.spawn(async move {
            pending::<()>().await;
            drop(alive);
        });
        let result = runtime.block_on(async {
            match select(shut_down, pin!(run_task(&*work, timeout.saturating_add(DROP_GRACE)))).await {
                Either::Right((result, _)) => result,
                Either::Left(_) => RunResult::TimedOut,
            }
        });
        guard.abort();
        match result {
            RunResult::Answered(outcome) => outcome,
            RunResult::Panicked(text) => resume_unwind(Box::new(text)),
            _ => Outcome::fail("dropped without an answer"),
        }
    })
}

/// Calls the user's code.
///
/// # Errors
/// The text of a panic.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // A panic may leave the user's own state half changed; the user's own means, such as poisoned locks, report it.
    catch_unwind(AssertUnwindSafe(work)).map_err(panic_text)
}

fn panic_text(payload: Box<dyn Any + Send>) -> String {
    let payload = match payload.downcast::<String>() {
        Ok(text) => return *text,
        Err(payload) => payload,
    };
    match payload.downcast::<&'static str>() {
        Ok(text) => (*text).to_owned(),
        Err(payload) => {
            // Dropping a payload of the user's own type could panic once more.
            std::mem::forget(payload);
            "no text".to_owned()
        }
    }
}
