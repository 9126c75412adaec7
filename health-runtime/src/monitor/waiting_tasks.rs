//! Tasks of a monitor that was made outside a Tokio runtime.

use std::{fmt, mem, pin::Pin};

use crate::sync::{Mutex, lock};

/// A task that is not spawned yet.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks that wait for a Tokio runtime.
#[derive(Default)]
pub(super) struct WaitingTasks(Mutex<Vec<Task>>);

impl WaitingTasks {
    pub(super) fn push(&self, task: Task) {
        lock(&self.0).push(task);
    }

    pub(super) fn take(&self) -> Vec<Task> {
        mem::take(&mut *lock(&self.0))
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

impl fmt::Debug for WaitingTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitingTasks")
    }
}
