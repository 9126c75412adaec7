//! What is the same for all databases.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    details::Details,
    model::{Check, IntoOutcome, Level, Outcome, Status},
    probes::{
        patience::Patience,
        probe::{Kind, Probe},
    },
};

/// The default of [`Probe::with_acquire_timeout`].
const DEFAULT_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// The kind of the probes for databases.
#[derive(Clone)]
pub struct Db {
    look: Arc<Look>,
    acquire_timeout: Duration,
    read_only: Status,
}

/// Looks once; the limits are for a free connection of the pool and for everything.
type Look = dyn Fn(Patience, Patience) -> Pin<Box<dyn Future<Output = Finding> + Send>> + Send + Sync;

/// What a look at a database found; the texts say why, for a person.
pub(super) enum Finding {
    /// It answers and takes writes.
    Writeable,
    /// It answers, and is set up so that it takes no writes.
    ReadOnly(String),
    /// It answers; others hold what a write needs.
    Busy(String),
    /// It answers, and a write fails.
    Unwriteable(String),
    /// It does not answer.
    Offline(String),
}

impl Probe<Db> {
    #[track_caller]
    pub(super) fn database<F, Fut>(look: F) -> Self
    where
        F: Fn(Patience, Patience) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Finding> + Send + 'static,
    {
        let look: Arc<Look> = Arc::new(move |acquire, patience| Box::pin(look(acquire, patience)));
        let kind = Db { look, acquire_timeout: DEFAULT_ACQUIRE_TIMEOUT, read_only: Status::Fail };
        Self::new("db", Level::L1, kind)
    }

    /// Sets how long the pool may take to hand out a connection, whatever the pool's own limit. Default: 1 s,
    /// within [`with_timeout`](Probe::with_timeout). Zero is a start-up error.
    pub fn with_acquire_timeout(mut self, timeout: Duration) -> Self {
        self.kind.acquire_timeout = timeout;
        self
    }

    /// Sets what a database that only takes reads counts as. Default: [`Status::Fail`]. `Pass` is for
    /// replicas, and for files that are only read. Writes that fail for another reason still fail.
    pub fn with_read_only_as(mut self, status: Status) -> Self {
        self.kind.read_only = status;
        self
    }

    /// Looks once, with a real write that is rolled back.
    ///
    /// # Cancellation
    /// Dropping the future rolls back what was begun and gives the connection back to the pool.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time.
    pub async fn observe(&self) -> Outcome {
        if let Some(fault) = self.kind.fault() {
            return Outcome::fail(fault);
        }
        let patience = Patience::of(self.timeout());
        let acquire = patience.at_most(self.kind.acquire_timeout);
        self.kind.judge((self.kind.look)(acquire, patience).await)
    }
}

impl Kind for Db {
    fn check(probe: Probe<Self>) -> Check {
        let fault = probe.kind.fault();
        probe.into_task(fault, |probe| async move { probe.observe().await })
    }
}

impl Db {
    fn fault(&self) -> Option<String> {
        self.acquire_timeout.is_zero().then_some("its timeout for a connection of the pool is zero".to_owned())
    }

    fn judge(&self, finding: Finding) -> Outcome {
        let facts = |is_db_online, is_db_writeable| DbFacts { is_db_online, is_db_writeable };
        match finding {
            Finding::Writeable => Details::pass(facts(true, true)),
            Finding::ReadOnly(message) => match self.read_only {
                Status::Pass => Details::pass(facts(true, false)),
                Status::Warn => Details::warn(facts(true, false), message),
                Status::Fail => Details::fail(facts(true, false), message),
            },
            Finding::Busy(message) => Details::warn(facts(true, false), message),
            Finding::Unwriteable(message) => Details::fail(facts(true, false), message),
            Finding::Offline(message) => Details::fail(facts(false, false), message),
        }
        .into_outcome()
    }
}

/// The data of every database's check.
#[derive(Serialize)]
struct DbFacts {
    is_db_online: bool,
    is_db_writeable: bool,
}

/// Without the pool: its options may hold a password.
impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("acquire_timeout", &self.acquire_timeout)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}
