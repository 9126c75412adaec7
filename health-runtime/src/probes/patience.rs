//! What the probes that wait for others have in common: how long they wait, and what they say then.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::Probe;
use crate::{
    model::{Check, Outcome, Work},
    time::after,
};

impl<K: Send + Sync + 'static> Probe<K> {
    /// The check that does this as a task, and does not let the service start with these faults.
    pub(super) fn into_task<Fut>(
        self,
        faults: impl IntoIterator<Item = String>,
        observe: impl Fn(Arc<Self>) -> Fut + Send + Sync + 'static,
    ) -> Check
    where
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.into_check(faults, |probe| {
            let probe = Arc::new(probe);
            Work::task(move || observe(Arc::clone(&probe)))
        })
    }
}

/// The time that one run has, begun when it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    limit: Duration,
    pub(super) end: Instant,
}

impl Patience {
    /// Nine tenths of the check's timeout, so that there is time left to say what was waited for.
    pub(super) fn of(timeout: Duration) -> Self {
        Self::new(timeout / 10 * 9)
    }

    fn new(limit: Duration) -> Self {
        Self { limit, end: after(Instant::now(), limit) }
    }

    /// A limit of its own for one step, within what is left.
    pub(super) fn at_most(self, limit: Duration) -> Self {
        let step = Self::new(limit);
        if step.end < self.end { step } else { self }
    }

    /// Waits for the future.
    ///
    /// # Errors
    /// `what` did not happen in time, in words.
    pub(super) async fn wait<T>(&self, what: &str, future: impl Future<Output = T>) -> Result<T, String> {
        timeout_at(self.end, future).await.map_err(|_| format!("{what} within {:?}", self.limit))
    }
}

/// An error with all that caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors already hold the text of their cause.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
