//! The user's client as probes see it: a function from a statement to its answer.

mod asking;
mod drivers;
mod error;
mod examine;
mod kept;
mod macros;
mod offline_reason;
mod pool;

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

pub use asking::Asking;
pub use error::AskError;
pub(super) use examine::Examine;
pub use kept::Kept;
pub(super) use offline_reason::OfflineReason;
pub use pool::{CloseUnanswered, PoolState, PoolWait};
use tokio::{sync::Mutex, task::spawn_blocking};

use crate::probes::deadline::Deadline;

/// A client that a probe asks: a function from a statement to its answer as text.
///
/// Usually made by [`ask!`](crate::ask!), or from a closure, which is an `Ask` where a probe wants one. The statement is
/// `&'static str`; the answer is the first column of the first row as text. An error is any error of std, whose whole chain of
/// causes is shown, or an [`AskError`].
///
/// A statement that begins with `SHOW` asks for all rows, each as lines `column: value`, with an empty line between rows. Where a
/// client cannot name its columns, the first one of the first row will do: then the lag of a MySQL replica is not known.
///
/// ```
/// use health_runtime::probes::{self, AskError};
///
/// # #[derive(Clone)] struct Client;
/// # impl Client { async fn query_text(&self, _: &str) -> Result<String, std::io::Error> { Ok("f,off".into()) } }
/// # let client = Client;
/// let db = probes::postgres(move |statement: &'static str| {
///     let client = client.clone();
///     async move { client.query_text(statement).await }
/// });
/// # let _ = (db, AskError::new(""));
/// ```
#[derive(Clone)]
pub struct Ask {
    asker: Arc<Asker>,
    pool: Arc<dyn Fn() -> Option<PoolState> + Send + Sync>,
    /// For statements with values.
    with_values: Option<Arc<ValueAsker>>,
}

type ValueAsker = dyn Fn(&'static str, Vec<String>) -> AnswerFuture + Send + Sync;

/// The deadline is that of the run.
type Asker = dyn Fn(&'static str, PoolWait, Deadline) -> AnswerFuture + Send + Sync;

type AnswerFuture = Pin<Box<dyn Future<Output = Result<String, AskError>> + Send>>;

impl Ask {
    /// Returns a client that has no pool, or does not describe it.
    pub fn new<F, Fut, E>(ask: F) -> Self
    where
        F: Fn(&'static str) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, E>> + Send + 'static,
        AskError: From<E>,
    {
        let asker = move |statement, _, _| -> AnswerFuture {
            let answer = ask(statement);
            Box::pin(async move { Ok(answer.await?) })
        };
        Self { asker: Arc::new(asker), pool: Arc::new(|| None), with_values: None }
    }

    /// Returns a client that blocks its thread. Each statement is asked on Tokio's blocking pool. Nothing can end a thread, so
    /// `ask` gets a time limit for the client: nine tenths of the time that the run has left. While a client exceeds it, the
    /// next run waits for that thread instead of blocking another one.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use health_runtime::probes::{self, Ask};
    ///
    /// # #[derive(Clone)] struct Client;
    /// # impl Client { fn first(&self, _: &str, _: Duration) -> Result<String, std::io::Error> { Ok("f,off".into()) } }
    /// # let client = Client;
    /// let db = probes::postgres(Ask::blocking(move |statement, limit| client.first(statement, limit)));
    /// # let _ = db;
    /// ```
    pub fn blocking<F, E>(ask: F) -> Self
    where
        F: Fn(&'static str, Duration) -> Result<String, E> + Send + 'static,
        AskError: From<E>,
    {
        let ask = Arc::new(Mutex::new(ask));
        let asker = move |statement, _, run: Deadline| -> AnswerFuture {
            let ask = Arc::clone(&ask);
            Box::pin(async move {
                let ask = ask.lock_owned().await;
                let answer = spawn_blocking(move || match run.left() / 10 * 9 {
                    // A full blocking pool starts it when nobody waits any more.
                    Duration::ZERO => Err(AskError::late(format!("no thread was free {run}"))),
                    limit => Ok(ask(statement, limit)?),
                });
                answer.await?
            })
        };
        Self { asker: Arc::new(asker), pool: Arc::new(|| None), with_values: None }
    }

    /// Returns a client with a pool of connections. `ask` waits for a connection inside [`PoolWait::during`], so that an
    /// exhausted pool, a dead server and a frozen one are told apart.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use health_runtime::probes::{self, Ask, AskError, PoolState};
    /// use tokio::sync::Semaphore;
    ///
    /// let connections = Arc::new(Semaphore::new(8));
    /// let state = Arc::clone(&connections);
    /// let ask = Ask::pooled(
    ///     move || PoolState::new(8, state.available_permits()).with_max(8),
    ///     move |statement, wait| {
    ///         let connections = Arc::clone(&connections);
    ///         async move {
    ///             let _connection = wait.during(connections.acquire()).await?;
    ///             Ok::<_, AskError>(format!("the answer to {statement}"))
    ///         }
    ///     },
    /// );
    /// let db = probes::database(ask, async |db| {
    ///     db.ask("SELECT 1").await?;
    ///     Ok(probes::DatabaseState::Writeable)
    /// });
    /// # let _ = db;
    /// ```
    pub fn pooled<F, Fut, E>(pool: impl Fn() -> PoolState + Send + Sync + 'static, ask: F) -> Self
    where
        F: Fn(&'static str, PoolWait) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, E>> + Send + 'static,
        AskError: From<E>,
    {
        let asker = move |statement, wait, _| -> AnswerFuture {
            let answer = ask(statement, wait);
            Box::pin(async move { Ok(answer.await?) })
        };
        Self { asker: Arc::new(asker), pool: Arc::new(move || Some(pool())), with_values: None }
    }

    /// Sets the function for statements with values, which a [`Fleet`](crate::Fleet) asks. Default: none. `ask!` sets it for
    /// the drivers that the fleet's constructors name.
    ///
    /// The values are the parameters `$1`, `$2` of PostgreSQL, or the further words of a command of Redis. They may hold anything,
    /// so never put them into the text of a statement. The answer is the first column of the first row as text.
    #[must_use]
    pub fn with_values<F, Fut, E>(mut self, ask: F) -> Self
    where
        F: Fn(&'static str, Vec<String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, E>> + Send + 'static,
        AskError: From<E>,
    {
        self.with_values = Some(Arc::new(move |statement, values| {
            let answer = ask(statement, values);
            Box::pin(async move { Ok(answer.await?) })
        }));
        self
    }

    pub(crate) const fn takes_values(&self) -> bool {
        self.with_values.is_some()
    }

    /// Returns the answer to a statement with values.
    pub(crate) fn with(
        &self,
        statement: &'static str,
        values: Vec<String>,
    ) -> impl Future<Output = Result<String, AskError>> + Send + 'static {
        let answer = self.with_values.as_ref().map(|ask| ask(statement, values));
        async move {
            match answer {
                Some(answer) => answer.await,
                None => Err(AskError::new("the client takes no values beside a statement")),
            }
        }
    }

    pub(super) fn pool(&self) -> Option<PoolState> {
        (self.pool)()
    }
}

/// Without the client: its options may contain a password.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ask")
    }
}

/// A client that a probe can ask: an [`Ask`], or a closure from a statement to its answer.
#[diagnostic::on_unimplemented(
    message = "a probe cannot ask `{Self}`",
    label = "neither `ask!(…)`, nor a closure that answers a `Result<String, E>`",
    note = "a probe asks through a client of yours, not a URL; name its driver: `health_runtime::ask!(sqlx: pool)`",
    note = "or pass a closure from `&'static str` to a future of `Result<String, E>`, where `E` is `AskError` or implements `std::error::Error`"
)]
pub trait IntoAsk {
    /// Returns the client.
    fn into_ask(self) -> Ask;
}

impl IntoAsk for Ask {
    fn into_ask(self) -> Ask {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<F, Fut, E> IntoAsk for F
where
    F: Fn(&'static str) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, E>> + Send + 'static,
    AskError: From<E>,
{
    fn into_ask(self) -> Ask {
        Ask::new(self)
    }
}
