use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::AskError;
use crate::sync::{Mutex, lock};

/// State of a client's pool of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    size: usize,
    idle: usize,
    max: Option<usize>,
    waiting: Option<usize>,
    in_use: Option<usize>,
}

impl PoolState {
    /// Returns the state of a pool with this number of connections, some of which are idle.
    #[must_use]
    pub const fn new(size: usize, idle: usize) -> Self {
        Self { size, idle, max: None, waiting: None, in_use: None }
    }

    /// Sets the largest number of connections. Default: not known, and the pool counts as exhausted only while tasks wait.
    #[must_use]
    pub const fn with_max(self, max: usize) -> Self {
        Self { max: Some(max), ..self }
    }

    /// Sets the number of tasks that wait for a connection to become free, not for a new one. Default: not known.
    #[must_use]
    pub const fn with_waiting(self, waiting: usize) -> Self {
        Self { waiting: Some(waiting), ..self }
    }

    /// Sets the number of connections that the program uses. The others that are not idle are being opened, tested or reset, for
    /// which they wait for the server. Default: not known, and all of them count as used.
    #[must_use]
    pub const fn with_in_use(self, in_use: usize) -> Self {
        Self { in_use: Some(in_use), ..self }
    }

    /// Returns the number of connections.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the number of connections that nobody uses.
    #[must_use]
    pub const fn idle(&self) -> usize {
        self.idle
    }

    /// Returns the largest number of connections, if it is known.
    #[must_use]
    pub const fn max(&self) -> Option<usize> {
        self.max
    }

    /// Returns the number of tasks that wait for a connection, if it is known.
    #[must_use]
    pub const fn waiting(&self) -> Option<usize> {
        self.waiting
    }

    fn is_full(&self) -> bool {
        let has_no_room = match self.max {
            Some(max) => self.size >= max,
            None => self.waiting.is_some_and(|waiting| waiting > 0),
        };
        self.idle == 0 && has_no_room && self.in_use.is_none_or(|in_use| in_use >= self.size)
    }
}

/// Marks the time for which a client waits for a connection of its pool.
#[derive(Clone)]
pub struct PoolWait(Arc<WaitState>);

struct WaitState {
    pool: Arc<dyn Fn() -> Option<PoolState> + Send + Sync>,
    is_waiting: AtomicBool,
    /// The pool when the wait began. Later its own connection counts as one in use.
    start: Mutex<Option<PoolState>>,
}

impl PoolWait {
    pub(super) fn new(pool: Arc<dyn Fn() -> Option<PoolState> + Send + Sync>) -> Self {
        Self(Arc::new(WaitState { pool, is_waiting: AtomicBool::new(false), start: Mutex::new(None) }))
    }

    /// Waits for a connection.
    ///
    /// # Cancellation
    /// Dropping the future drops the one that waits.
    pub async fn during<T>(&self, connection: impl Future<Output = T>) -> T {
        *lock(&self.0.start) = (self.0.pool)();
        self.0.is_waiting.store(true, Ordering::Relaxed);
        let connection = connection.await;
        self.0.is_waiting.store(false, Ordering::Relaxed);
        connection
    }

    /// Returns the error of a pool that gave up waiting by itself.
    #[must_use]
    pub fn timed_out(&self) -> AskError {
        self.error("before the pool's own timeout")
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.0.is_waiting.load(Ordering::Relaxed)
    }

    /// Returns the error of a wait that ended without a connection; `when` is part of its text.
    pub(super) fn error(&self, when: &str) -> AskError {
        let (start, end) = (*lock(&self.0.start), (self.0.pool)());
        // A pool without a known maximum is full only while the probe itself waits.
        let was_full = start.is_some_and(|start| start.max.is_none() || start.is_full());
        match (start, end) {
            (_, Some(end)) if was_full && end.is_full() => AskError::exhausted(format!(
                "the pool is exhausted: its {} connections are in use, and none was free {when}",
                end.size
            )),
            // A broken connection would have left the pool.
            (Some(start), Some(end)) if start.idle > 0 && end.size >= start.size => {
                AskError::late(format!("no answer came to the pool's test of an idle connection {when}"))
            }
            _ => AskError::late(format!("no connection could be opened {when}")),
        }
    }
}

impl fmt::Debug for PoolWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolWait").field("is_waiting", &self.is_waiting()).finish_non_exhaustive()
    }
}

/// A connection that leaves its pool unless its client has answered. Else the rest of an answer would be there for the next
/// statement, if the client does not skip it.
pub struct CloseUnanswered<C> {
    connection: Option<C>,
    close: fn(C),
}

impl<C> CloseUnanswered<C> {
    /// Guards a connection. `close` takes it out of the pool.
    pub const fn new(connection: C, close: fn(C)) -> Self {
        Self { connection: Some(connection), close }
    }

    /// Returns the connection to its pool: its client has answered.
    pub fn release(mut self) {
        self.connection = None;
    }
}

impl<C> Deref for CloseUnanswered<C> {
    type Target = C;

    #[expect(clippy::expect_used, reason = "only `release` takes it, together with the guard")]
    fn deref(&self) -> &C {
        self.connection.as_ref().expect("a connection until it is released")
    }
}

impl<C> DerefMut for CloseUnanswered<C> {
    #[expect(clippy::expect_used, reason = "only `release` takes it, together with the guard")]
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("a connection until it is released")
    }
}

impl<C> Drop for CloseUnanswered<C> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            (self.close)(connection);
        }
    }
}
