//! One run of one check, which yields a result even if the user's code panics or hangs.

use std::{
    any::Any,
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use crate::{
    model::{ForcedAnswer, Outcome, Work, WorkFuture},
    run_result::RunResult,
};

/// Time after its timeout at which an isolated check is dropped. Its observers have given it up by then.
const DROP_GRACE: Duration = Duration::from_millis(50);

/// One call of an asynchronous function. Catches panics while its future is built, polled (which serializes its data) or
/// dropped.
#[derive(Default)]
pub(crate) struct Call {
    /// `None` before the first poll and after the end.
    future: Option<WorkFuture>,
}

impl Call {
    /// Polls the call, which the first poll makes.
    pub(crate) fn poll(
        &mut self,
        work: &(dyn Fn() -> WorkFuture + Send + Sync),
        context: &mut Context<'_>,
    ) -> Poll<RunResult> {
        match catch(|| self.future.get_or_insert_with(work).as_mut().poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => Poll::Ready(self.end(RunResult::Answered(outcome))),
            Err(text) => Poll::Ready(self.end(RunResult::Panicked(text))),
        }
    }

    /// Drops the future. A panic meanwhile replaces an answer.
    pub(crate) fn end(&mut self, result: RunResult) -> RunResult {
        let future = self.future.take();
        match catch(|| drop(future)) {
            Err(text) if matches!(result, RunResult::Answered(_)) => RunResult::Panicked(text),
            _ => result,
        }
    }
}

/// Runs a function that blocks its thread. It cannot be stopped, so the caller has to watch the time.
pub(crate) fn run_blocking(work: &(dyn Fn() -> Outcome + Send + Sync)) -> RunResult {
    catch(work).map_or_else(RunResult::Panicked, RunResult::Answered)
}

/// Converts a task into a function that runs it on a thread of the blocking pool, so that a check that never yields
/// blocks that thread alone. Its timers and connections stay with the runtime.
pub(crate) fn isolate(work: Work, limit: Duration) -> Work {
    let Work::Task(work) = work else { return work };
    Work::blocking(move || {
        let runtime = Handle::current();
        // Timers panic once their runtime has shut down. A task is dropped just before, which drops `alive`.
        let (alive, shut_down) = oneshot::channel::<()>();
        let guard = runtime.spawn(async move {
            pending::<()>().await;
            drop(alive);
        });
        let mut call = Call::default();
        let result = runtime.block_on(async {
            let answer = poll_fn(|context| call.poll(&*work, context));
            match select(shut_down, pin!(timeout(limit.saturating_add(DROP_GRACE), answer))).await {
                Either::Right((Ok(result), _)) => result,
                // Too late, or the runtime shuts down.
                Either::Right((Err(_), _)) | Either::Left(_) => RunResult::TimedOut,
            }
        });
        let result = call.end(result);
        guard.abort();
        match result {
            RunResult::Answered(outcome) => outcome,
            RunResult::Panicked(text) => resume_unwind(Box::new(text)),
            _ => Outcome::fail("dropped without an answer"),
        }
    })
}

/// Answers in place of a function.
pub(crate) async fn answer(answer: ForcedAnswer) -> Outcome {
    match answer {
        ForcedAnswer::Outcome(outcome) => outcome,
        // Not `panic!`, which would print the wanted panic as if it were a fault.
        ForcedAnswer::Panic(text) => resume_unwind(Box::new(text)),
        ForcedAnswer::Hang => pending().await,
    }
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
