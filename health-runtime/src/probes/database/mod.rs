//! Probe of a database: the part that is the same for all of them. A database is one more file, with the statements that it is
//! asked and what their answers mean.

mod memcached;
mod mongodb;
mod mysql;
mod postgres;
mod redis;
mod sqlite;
mod state;
mod write_key;

use std::time::Duration;

pub use memcached::memcached;
pub use mongodb::mongodb;
pub use mysql::mysql;
pub use postgres::postgres;
pub use redis::redis;
use serde::Serialize;
pub use sqlite::sqlite;
pub use state::DatabaseState;

use super::{
    ask::{Ask, AskError, Asking, Examine, IntoAsk, OfflineReason, PoolState},
    deadline::Deadline,
    probe::{excerpt, idle_check, judged, probe},
};
use crate::model::{Level, Outcome, Status};

/// Default of [`DatabaseProbe::acquire_timeout`].
const DEFAULT_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

probe! {
    /// The probe of a database, such as [`probes::postgres`](super::postgres()).
    pub struct DatabaseProbe {
        ask: Ask,
        examine: Examine<DatabaseState>,
        acquire_timeout: Duration,
        read_only_as: Status,
        exhausted_as: Status,
        max_lag: Option<Duration>,
        write_key: Option<&'static str>,
        kind: DatabaseKind,
        offline_reason: OfflineReason,
    }

    /// Asks the database once.
    task fn observe;
}

/// The database that a probe knows, as far as settings depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatabaseKind {
    MySql,
    Redis,
    Sqlite,
    MongoDb,
    Memcached,
    /// PostgreSQL, or one that the user examines.
    Other,
}

/// Checks a database for which there is no probe: `examine` asks it through `ask` and returns its state.
///
/// Name `db`, level 1, and the data, settings and texts of every probe of a database, see
/// [`probes::postgres`](super::postgres()).
///
/// ```
/// use health_runtime::probes::{self, Asking, DatabaseState};
///
/// # #[derive(Clone)] struct Client;
/// # impl Client { async fn first(&self, _: &str) -> Result<String, std::io::Error> { Ok("READ_WRITE".into()) } }
/// # let client = Client;
/// let ask = move |statement: &'static str| {
///     let client = client.clone();
///     async move { client.first(statement).await }
/// };
/// let orders = probes::database(ask, |db: Asking| async move {
///     let mode = db.ask("SELECT DATABASEPROPERTYEX(DB_NAME(), 'Updateability')").await?;
///     Ok(match mode.as_str() {
///         "READ_WRITE" => DatabaseState::Writeable,
///         _ => DatabaseState::ReadOnly(format!("it is in mode {mode}")),
///     })
/// })
/// .name("orders");
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
/// # assert_eq!(runtime.block_on(orders.observe()).status(), health_runtime::Status::Pass);
/// ```
#[track_caller]
pub fn database<F, Fut>(ask: impl IntoAsk, examine: F) -> DatabaseProbe
where
    F: Fn(Asking) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<DatabaseState, AskError>> + Send + 'static,
{
    DatabaseProbe {
        check: idle_check("db", Level::L1),
        ask: ask.into_ask(),
        examine: Examine::new(examine),
        acquire_timeout: DEFAULT_ACQUIRE_TIMEOUT,
        read_only_as: Status::Fail,
        exhausted_as: Status::Warn,
        max_lag: None,
        write_key: None,
        kind: DatabaseKind::Other,
        offline_reason: OfflineReason::default(),
    }
}

impl DatabaseProbe {
    /// Sets the longest time that the pool may take for a connection, whatever the pool's own limit. Default: 1 s,
    /// within [`timeout`](Self::timeout). Zero is a start-up error. It has no effect on a client without a pool.
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

    /// Sets the status of a pool whose connections were all in use for the whole
    /// [`acquire_timeout`](Self::acquire_timeout). Default: [`Status::Warn`], because the program is busy, and nothing is known
    /// about the server. It fails regardless if the server was offline when it was last asked: queries that a dead server
    /// leaves without an answer fill a pool as well. `Fail` is for a program that fills its pool only then.
    pub fn exhausted_as(mut self, status: Status) -> Self {
        self.exhausted_as = status;
        self
    }

    /// Sets the age of the newest replicated data beyond which a replica fails, even where
    /// [`read_only_as`](Self::read_only_as) passes, and one that takes writes as well. Default: no limit. A lag that is not known
    /// warns. For a database whose probe does not measure it, a limit is a start-up error.
    pub fn max_lag(mut self, lag: Duration) -> Self {
        self.max_lag = Some(lag);
        if self.kind == DatabaseKind::MySql {
            self.examine = Examine::new(mysql::examine_with_lag);
        }
        self
    }

    async fn look(&self, run: Deadline) -> Result<Looked, String> {
        let state = self.examine.run(&self.ask, self.acquire_timeout, run).await;
        let has_server = self.kind != DatabaseKind::Sqlite;
        Ok(Looked { state, pool: has_server.then(|| self.ask.pool()).flatten() })
    }

    fn faults(&self) -> Vec<String> {
        let measures_lag = matches!(self.kind, DatabaseKind::MySql | DatabaseKind::Other);
        [
            self.acquire_timeout.is_zero().then(|| "its timeout for a connection of the pool is zero".to_owned()),
            (self.max_lag.is_some() && !measures_lag)
                .then(|| "it does not measure the lag of replicas, so `max_lag` has no effect".to_owned()),
            self.write_key.and_then(|key| self.kind.key_fault(key)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn judge(&self, looked: Looked) -> Outcome {
        let (is_online, is_writeable, lag) = match &looked.state {
            Ok(state) => (Some(true), state.is_writeable(), state.lag()),
            Err(error) if error.is_exhausted() => (None, None, None),
            Err(_) => (Some(false), Some(false), None),
        };
        let (status, message) = match looked.state {
            Ok(state) => {
                let (status, text) = self.judge_state(state);
                (status, text.as_deref().map(excerpt))
            }
            Err(error) => {
                let (status, text) = self.offline_reason.judge(&error, self.exhausted_as);
                (status, Some(text))
            }
        };
        let data = DatabaseData {
            is_db_online: is_online,
            is_db_writeable: is_writeable,
            replica_lag_ms: lag.map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
            pool_size: looked.pool.map(|pool| pool.size()),
            pool_idle: looked.pool.map(|pool| pool.idle()),
            pool_max: looked.pool.and_then(|pool| pool.max()),
            pool_waiting: looked.pool.and_then(|pool| pool.waiting()),
        };
        judged(status, data, message)
    }

    fn judge_state(&self, state: DatabaseState) -> (Status, Option<String>) {
        self.offline_reason.clear();
        match state {
            DatabaseState::Writeable | DatabaseState::Online => (Status::Pass, None),
            // Few users may see whether a MySQL server is a replica.
            DatabaseState::ReadOnly(text) if self.kind == DatabaseKind::MySql && self.max_lag.is_some() => {
                let text = format!("{text}; its lag behind another server is not known");
                (Status::worst([Status::Warn, self.read_only_as]), Some(text))
            }
            DatabaseState::ReadOnly(text) => (self.read_only_as, Some(text)),
            DatabaseState::Busy(text) => (Status::Warn, Some(text)),
            DatabaseState::Unwriteable(text) => (Status::Fail, Some(text)),
            DatabaseState::Replica { lag } => match self.lateness(lag) {
                None => (self.read_only_as, Some("it is a replica, and takes no writes".to_owned())),
                Some((late, text)) => (Status::worst([late, self.read_only_as]), Some(text)),
            },
            DatabaseState::WriteableReplica { lag } => match self.lateness(lag) {
                None => (Status::Pass, None),
                Some((late, text)) => (late, Some(text)),
            },
        }
    }

    /// Returns the status and the text of a replica that is too late, or may be.
    fn lateness(&self, lag: Option<Duration>) -> Option<(Status, String)> {
        let max = self.max_lag?;
        match lag {
            Some(lag) if lag > max => {
                Some((Status::Fail, format!("it is a replica, and lags {lag:?} behind, more than {max:?}")))
            }
            Some(_) => None,
            None => Some((Status::Warn, "it is a replica, and its lag is not known".to_owned())),
        }
    }
}

/// State of a database and of the pool over which it was asked.
struct Looked {
    state: Result<DatabaseState, AskError>,
    pool: Option<PoolState>,
}

#[derive(Serialize)]
struct DatabaseData {
    is_db_online: Option<bool>,
    is_db_writeable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replica_lag_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_idle: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_max: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_waiting: Option<usize>,
}
