use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicU64},
};

use tokio::task::{AbortHandle, JoinSet};

use super::Activity;

/// Many more than probers need, and few enough for a process that may open 1,024 files.
const MAX_CONNECTIONS: usize = 256;

/// Leaves a quarter of the connections to those that wait, so that a new one has the time to send its request.
const MAX_ANSWERING_CONNECTIONS: usize = MAX_CONNECTIONS / 4 * 3;

/// Evicted connections that may still send the rest of a response, above `MAX_CONNECTIONS`.
const MAX_EVICTED_CONNECTIONS: usize = 64;

/// The open connections of a listener.
#[derive(Default)]
pub(super) struct Connections {
    tasks: JoinSet<()>,
    /// Connections that may stay, and some that have ended.
    kept: Vec<Connection>,
    /// Tasks of evicted connections, some of which have ended.
    leaving: VecDeque<AbortHandle>,
    changes: Arc<AtomicU64>,
}

struct Connection {
    activity: Arc<Activity>,
    task: AbortHandle,
}

impl Connections {
    /// Starts to serve a connection. If there are too many, evicts another one without waiting for its end.
    pub(super) fn add<F>(&mut self, serve: impl FnOnce(Arc<Activity>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while self.tasks.try_join_next().is_some() {}
        self.evict_above(MAX_CONNECTIONS - 1);
        let activity = Activity::new(&self.changes);
        let task = self.tasks.spawn(serve(Arc::clone(&activity)));
        self.kept.push(Connection { activity, task });
    }

    /// Evicts a connection if there are more than `limit`: the one that has waited longest for its client, because real
    /// clients are quick. If most are being answered, it evicts the oldest of these instead, so that slow reports cannot
    /// occupy every connection.
    ///
    /// Returns whether it evicted one.
    pub(super) fn evict_above(&mut self, limit: usize) -> bool {
        if self.kept.len() > limit {
            self.kept.retain(|connection| !connection.task.is_finished());
        }
        if self.kept.len() <= limit {
            return false;
        }
        let answering = self.kept.iter().filter(|connection| connection.activity.is_answering()).count();
        let candidates = self.kept.iter().enumerate();
        let oldest = candidates
            .filter(|(_, connection)| connection.activity.is_answering() == (answering > MAX_ANSWERING_CONNECTIONS))
            .min_by_key(|(_, connection)| connection.activity.last_change());
        let Some((oldest, _)) = oldest else { return false };
        let Connection { activity, task } = self.kept.swap_remove(oldest);
        activity.evict();
        self.leaving.push_back(task);
        if self.leaving.len() > MAX_EVICTED_CONNECTIONS {
            self.leaving.retain(|task| !task.is_finished());
        }
        if self.leaving.len() > MAX_EVICTED_CONNECTIONS
            && let Some(task) = self.leaving.pop_front()
        {
            task.abort();
        }
        true
    }

    /// Waits until every connection has ended.
    pub(super) async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
