//! The log of the process, for a test to read.

use std::{
    io::{self, Write},
    sync::{Arc, LazyLock, Mutex},
};

use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::fmt::MakeWriter;

/// A second subscriber. Where there is only one, tracing leaves an event out for good if another test without a subscriber is
/// the first to log it.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

use crate::monitor;

/// Collects log events; clones share them.
#[derive(Clone, Debug)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Default for Log {
    fn default() -> Self {
        LazyLock::force(&SECOND);
        Self(Arc::default())
    }
}

impl Log {
    /// Collects the events of this thread, until the guard is dropped.
    #[must_use]
    pub fn of_this_thread() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
        (log, set_default(subscriber))
    }

    /// Returns all lines since the start, or since they were last taken.
    #[must_use]
    pub fn text(&self) -> String {
        catch_up();
        self.so_far()
    }

    /// Returns the same, without waiting for events that are still to be written.
    #[must_use]
    pub fn so_far(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }

    /// Returns the same, and forgets it.
    #[must_use]
    pub fn take(&self) -> String {
        catch_up();
        String::from_utf8(std::mem::take(&mut *self.0.lock().expect("no panic"))).expect("text")
    }
}

/// Waits until all events are written, as the end of a monitor does.
fn catch_up() {
    drop(monitor([]));
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
