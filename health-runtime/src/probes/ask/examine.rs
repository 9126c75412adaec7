use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use super::{Ask, AskError, Asking};
use crate::probes::deadline::Deadline;

/// Asks a server and returns its state.
pub(in crate::probes) struct Examine<S>(Arc<dyn Fn(Asking) -> StateFuture<S> + Send + Sync>);

type StateFuture<S> = Pin<Box<dyn Future<Output = Result<S, AskError>> + Send>>;

impl<S> Examine<S> {
    pub(in crate::probes) fn new<F, Fut>(examine: F) -> Self
    where
        F: Fn(Asking) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, AskError>> + Send + 'static,
    {
        Self(Arc::new(move |asking| Box::pin(examine(asking))))
    }

    /// Examines once, within the deadline of the run; each statement waits at most this long for a connection of a pool.
    pub(in crate::probes) async fn run(
        &self,
        ask: &Ask,
        acquire_timeout: Duration,
        run: Deadline,
    ) -> Result<S, AskError> {
        let asking = Asking::new(ask.clone(), acquire_timeout, run);
        // Bounded once more, because a user's own function may wait for something else.
        match run.wait("no answer came", (self.0)(asking)).await {
            Ok(state) => state,
            Err(late) => Err(AskError::late(late)),
        }
    }
}

impl<S> Clone for Examine<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for Examine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Examine")
    }
}
