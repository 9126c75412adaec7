//! Probe of a database: the part that is the same for all of them. A database is one more file: a function that makes a
//! [`DatabaseProbe`] of the user's own pool, and one that examines it.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use serde::Serialize;

use super::{
    deadline::Deadline,
    probe::{idle_check, probe},
};
use crate::{
    details::Details,
    model::{IntoOutcome, Level, Outcome, Status},
};

/// Default of [`DatabaseProbe::acquire_timeout`].
const DEFAULT_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

probe! {
    /// The probe of a database, such as [`probes::sqlite`](super::sqlite()).
    pub struct DatabaseProbe { examine: Examine, acquire_timeout: Duration, read_only_as: Status }

    /// Examines the database once, with a real write that is rolled back.
    task fn observe;
}

/// Examines a database once, within the deadlines for a free connection of the pool and for the whole run.
#[derive(Clone)]
struct Examine(Arc<dyn Fn(Deadline, Deadline) -> FindingFuture + Send + Sync>);

type FindingFuture = Pin<Box<dyn Future<Output = Finding> + Send>>;

/// Without the pool: its options may contain a password.
impl fmt::Debug for Examine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Examine")
    }
}

/// State of a database; the texts are for a person.
pub(super) enum Finding {
    /// It answers and takes writes.
    Writeable,
    /// It answers, and is configured to take no writes.
    ReadOnly(String),
    /// It answers; another connection holds the lock for writing.
    Busy(String),
    /// It answers, and a write fails.
    Unwriteable(String),
    /// It does not answer.
    Offline(String),
}

impl DatabaseProbe {
    #[track_caller]
    pub(super) fn new<F, Fut>(examine: F) -> Self
    where
        F: Fn(Deadline, Deadline) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Finding> + Send + 'static,
    {
        Self {
            check: idle_check("db", Level::L1),
            examine: Examine(Arc::new(move |acquire, run| Box::pin(examine(acquire, run)))),
            acquire_timeout: DEFAULT_ACQUIRE_TIMEOUT,
            read_only_as: Status::Fail,
        }
    }

    /// Sets the longest time that the pool may take for a connection, whatever the pool's own limit. Default: 1 s,
    /// within [`timeout`](Self::timeout). Zero is a start-up error.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Sets the status of a database that takes reads only. Default: [`Status::Fail`]. `Pass` is for
    /// replicas, and for files that are only read. Writes that fail for another reason still fail.
    pub fn read_only_as(mut self, status: Status) -> Self {
        self.read_only_as = status;
        self
    }

    async fn look(&self, run: Deadline) -> Result<Finding, String> {
        let acquire = run.for_step(self.acquire_timeout);
        Ok((self.examine.0)(acquire, run).await)
    }

    fn faults(&self) -> Option<String> {
        self.acquire_timeout.is_zero().then_some("its timeout for a connection of the pool is zero".to_owned())
    }

    fn judge(&self, finding: Finding) -> Outcome {
        let data = |is_db_online, is_db_writeable| DatabaseData { is_db_online, is_db_writeable };
        match finding {
            Finding::Writeable => Details::pass(data(true, true)),
            Finding::ReadOnly(message) => match self.read_only_as {
                Status::Pass => Details::pass(data(true, false)),
                Status::Warn => Details::warn(data(true, false), message),
                Status::Fail => Details::fail(data(true, false), message),
            },
            Finding::Busy(message) => Details::warn(data(true, false), message),
            Finding::Unwriteable(message) => Details::fail(data(true, false), message),
            Finding::Offline(message) => Details::fail(data(false, false), message),
        }
        .into_outcome()
    }
}

#[derive(Serialize)]
struct DatabaseData {
    is_db_online: bool,
    is_db_writeable: bool,
}
