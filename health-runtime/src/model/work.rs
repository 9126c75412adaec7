use std::{fmt, pin::Pin, sync::Arc};

use super::{IntoOutcome, Outcome};

/// The future of one run.
pub type WorkFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The function of a check.
#[derive(Clone)]
#[non_exhaustive]
pub enum Work {
    /// A function that returns a future, run apart from its callers: in a task of its own if it has to wait.
    Task(Arc<dyn Fn() -> WorkFuture + Send + Sync>),
    /// A function that blocks its thread, run on the blocking pool.
    Blocking(Arc<dyn Fn() -> Outcome + Send + Sync>),
}

impl Work {
    /// Returns work whose future runs apart from its callers: in a task of its own if it has to wait.
    pub fn task<F, Fut>(check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoOutcome> + Send + 'static,
    {
        Self::Task(Arc::new(move || {
            let run = check();
            Box::pin(async move { run.await.into_outcome() })
        }))
    }

    /// Returns work that blocks its thread, run on the blocking pool.
    pub fn blocking<F, R>(check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        Self::Blocking(Arc::new(move || check().into_outcome()))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task(_) => "Task",
            Self::Blocking(_) => "Blocking",
        })
    }
}
