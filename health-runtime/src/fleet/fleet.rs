use std::{
    fmt::{self, Write as _},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::time::{sleep, timeout};

use super::{nats::Nats, postgres::Postgres, redis::Redis, store::FleetStore};
use crate::{
    error::Problem,
    host::host_name,
    probes::{Ask, AskError},
    text::is_unprintable,
    time::{random, random_share},
};

/// Length of one wait for the store. A process that stood still has used up one at most, however long it did.
const STORE_WAIT: Duration = Duration::from_secs(1);

/// Waits for an entry, after which an instance runs its check by itself.
const READ_WAITS: u32 = 2;

/// Waits after which a read is given up. Until then its client may connect, for the next read.
const MAX_READ_WAITS: u32 = 5;

/// Waits for a swap. With those for the read they leave a run its whole timeout.
const SWAP_WAITS: u32 = 1;

const MAX_NAME_BYTES: usize = 64;

/// Maximum length of the name of an instance. The same limit holds for names that come from the store.
pub(super) const MAX_INSTANCE_BYTES: usize = 255;

/// The instances of a service, and the store through which they share the results of their checks that are
/// [`fleet`](crate::Check::fleet): in each interval one instance runs such a check, and the others read its result.
///
/// The store is one that you have, through a client of yours. The guide on
/// [background checks](crate::_docs::background_checks#one-run-for-a-fleet) says how it works.
///
/// ```ignore
/// let health = health_endpoint! {
///     fleet: Fleet::redis("orders", ask!(redis: manager)),
/// }?;
/// ```
#[derive(Clone)]
pub struct Fleet {
    name: String,
    instance: String,
    store: Arc<dyn FleetStore>,
    problem: Option<Problem>,
}

impl Fleet {
    /// The statement that creates the table of [`postgres`](Self::postgres).
    pub const POSTGRES_TABLE: &str = Postgres::TABLE;

    /// Returns a fleet that shares its results through a store of yours. The name is the service's: letters, digits, `-` and
    /// `_`, 64 bytes at most. Every instance has the same one, and each service that shares the store another one.
    #[must_use]
    pub fn new(name: impl Into<String>, store: impl FleetStore) -> Self {
        let name = name.into();
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let problem = (name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_valid)).then(|| {
            Problem::InvalidSetting {
                key: "Fleet::new",
                value: name.clone(),
                reason: "write the name of the service in letters, digits, `-` and `_`, 64 bytes at most",
            }
        });
        Self { name, instance: instance(), store: Arc::new(store), problem }
    }

    /// Returns a fleet that shares its results through Redis, by `ask!` with `redis`, `deadpool_redis`, `bb8_redis` or `fred`.
    ///
    /// It needs the commands `EVAL`, `GETRANGE` and `SET`. Each check has one key, `health.v1.{name}.{check}`, which Redis
    /// forgets 30 days after its last write. The primary has to answer, not a replica. In a cluster each script has one key.
    #[must_use]
    pub fn redis(name: impl Into<String>, ask: Ask) -> Self {
        Self::asking(name, ask, Redis::new)
    }

    /// Returns a fleet that shares its results through a key-value bucket of NATS `JetStream`, by
    /// `ask!(async_nats_kv: context, bucket: "health")`. Each check has one key, `health.v1.{name}.{check}`.
    ///
    /// If the bucket is missing, the first instance creates it, with one replica, in files, and for values of 128 KiB at most. In
    /// a bucket of your own a history of 1 is enough, and its `max_age`, if it has one, has to be longer than every interval.
    #[must_use]
    pub fn nats(name: impl Into<String>, ask: Ask) -> Self {
        Self::asking(name, ask, Nats::new)
    }

    /// Returns a fleet that shares its results through a table of PostgreSQL, by `ask!` with `sqlx`, `sea_orm`,
    /// `tokio_postgres`, `deadpool_postgres` or `bb8_postgres`.
    ///
    /// Create the table by [`POSTGRES_TABLE`](Self::POSTGRES_TABLE) in a migration. If it is missing, the first instance tries
    /// to create it; the user needs `SELECT`, `INSERT` and `UPDATE` on it otherwise. The primary has to answer.
    #[must_use]
    pub fn postgres(name: impl Into<String>, ask: Ask) -> Self {
        Self::asking(name, ask, Postgres::new)
    }

    fn asking<S: FleetStore>(name: impl Into<String>, ask: Ask, store: fn(Ask) -> S) -> Self {
        let takes_values = ask.takes_values();
        let mut fleet = Self::new(name, store(ask));
        if !takes_values && fleet.problem.is_none() {
            fleet.problem = Some(Problem::InvalidSetting {
                key: "Fleet",
                value: fleet.name.clone(),
                reason: "its client takes no values beside a statement; write an `ask!` of a driver that the constructor names, \
                         or add `Ask::with_values`",
            });
        }
        fleet
    }

    /// Sets the name of this instance, which results show as `checked_by`. Default: the name of the host and a random number.
    #[must_use]
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = instance.into();
        if !is_instance(&self.instance) && self.problem.is_none() {
            self.problem = Some(Problem::InvalidSetting {
                key: "Fleet::instance",
                value: self.instance.clone(),
                reason: "write 1 to 255 bytes without invisible characters",
            });
        }
        self
    }

    /// Returns the reason why it cannot work.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    pub(super) fn instance_name(&self) -> &str {
        &self.instance
    }

    /// Returns the key of a check. Other bytes than letters, digits, `-` and `_` are written as `=20`, because NATS takes no others.
    pub(super) fn key(&self, check: &str) -> String {
        let mut key = format!("health.v1.{}.", self.name);
        for byte in check.bytes() {
            if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
                key.push(char::from(byte));
            } else {
                let _ = write!(key, "={byte:02x}");
            }
        }
        key
    }

    /// Reads an entry. A read that is late goes on without its caller: a client that needs longer to connect would never be
    /// connected if it were dropped each time.
    pub(super) async fn read(&self, key: &str) -> Result<Option<String>, AskError> {
        let (store, key) = (Arc::clone(&self.store), key.to_owned());
        let read = tokio::spawn(in_time(MAX_READ_WAITS, async move {
            match store.read(&key).await {
                // A client whose connection broke reports that once, and connects again.
                Err(_) => {
                    sleep(STORE_WAIT.mul_f64(random_share())).await;
                    store.read(&key).await
                }
                answer => answer,
            }
        }));
        in_time(READ_WAITS, async { read.await? }).await
    }

    pub(super) async fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> Result<bool, AskError> {
        in_time(SWAP_WAITS, self.store.swap(key, expected, value)).await
    }
}

async fn in_time<T>(waits: u32, answer: impl Future<Output = Result<T, AskError>>) -> Result<T, AskError> {
    let mut answer = pin!(answer);
    for _ in 0..waits {
        if let Ok(answer) = timeout(STORE_WAIT, &mut answer).await {
            return answer;
        }
    }
    Err(AskError::new(format!("no answer within {:?}", STORE_WAIT * waits)))
}

/// Returns whether a text may be the name of an instance.
pub(super) fn is_instance(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_INSTANCE_BYTES && !name.chars().any(is_unprintable)
}

/// Returns the name of the host with a number: a host may run several instances.
fn instance() -> String {
    let host = host_name().filter(|host| host.len() < 200 && is_instance(host)).unwrap_or("instance");
    format!("{host}/{:04x}", random() & 0xffff)
}

/// Without the store: its client may contain a password.
impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("name", &self.name).field("instance", &self.instance).finish_non_exhaustive()
    }
}
