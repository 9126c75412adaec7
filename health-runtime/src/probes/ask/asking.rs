use std::time::Duration;

use super::{Ask, AskError, PoolState, PoolWait};
use crate::probes::deadline::Deadline;

/// A client that is asked within the deadlines of one run.
#[derive(Clone, Debug)]
pub struct Asking {
    ask: Ask,
    /// Longest time that each statement may wait for a connection.
    acquire_timeout: Duration,
    run: Deadline,
}

impl Asking {
    pub(in crate::probes) const fn new(ask: Ask, acquire_timeout: Duration, run: Deadline) -> Self {
        Self { ask, acquire_timeout, run }
    }

    /// Returns the answer to a statement: the first column of its first row.
    ///
    /// # Errors
    /// The client failed, its pool had no connection in time, or the answer did not come before nine tenths of the check's
    /// timeout.
    ///
    /// # Cancellation
    /// Dropping the future drops that of the client.
    pub async fn ask(&self, statement: &'static str) -> Result<String, AskError> {
        match self.ask_once(statement).await {
            Err(error) if error.is_disconnected() => match self.ask_once(statement).await {
                // A client that tries to connect again has no reason to report.
                Err(again) if again.is_late() => Err(error),
                answer => answer,
            },
            answer => answer,
        }
    }

    async fn ask_once(&self, statement: &'static str) -> Result<String, AskError> {
        // From now on: an earlier statement may have taken longer.
        let acquire = self.run.for_step(self.acquire_timeout);
        let wait = PoolWait::new(self.ask.pool.clone());
        let mut answer = (self.ask.asker)(statement, wait.clone(), self.run);
        if let Ok(answer) = acquire.wait("", &mut answer).await {
            return answer;
        }
        if wait.is_waiting() {
            return Err(wait.error(&acquire.to_string()));
        }
        match self.run.wait("no answer came", answer).await {
            Ok(answer) => answer,
            Err(_) if wait.is_waiting() => Err(wait.error(&self.run.to_string())),
            Err(late) => Err(AskError::late(late)),
        }
    }

    /// Returns the state of the client's pool, if it has one.
    #[must_use]
    pub fn pool(&self) -> Option<PoolState> {
        self.ask.pool()
    }
}
