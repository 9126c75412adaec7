//! One who reads the recent changes at a pace of its own.

use std::{fmt, sync::Arc};

use tokio::sync::watch::Receiver;

use super::{known, shared::Shared};
use crate::model::{Levels, Report, StatusChange};

/// How many changes are read at a time: no reader, however slow, has more than that waiting.
const AT_A_TIME: usize = 32;

/// A place in the recent changes of a monitor. Unlike a subscription nothing waits in it: it is a number.
pub(crate) struct Follower {
    shared: Arc<Shared>,
    news: Receiver<()>,
    /// The levels whose changes it reads, and among which changes are numbered for it.
    levels: Levels,
    last: u64,
}

impl Follower {
    /// Behind the latest change.
    pub(super) fn new(shared: &Arc<Shared>, levels: Levels) -> Self {
        let news = shared.events.news.subscribe();
        Self { shared: Arc::clone(shared), news, levels, last: shared.events.recent.last_id(levels) }
    }

    /// Goes back behind the change of this number, and says whether there was one.
    pub(crate) fn go_back(&mut self, id: u64) -> bool {
        let is_known = id <= self.last;
        if is_known {
            self.last = id;
        }
        is_known
    }

    /// The number of the change that it stands behind.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Returns the next changes, the oldest first; or, if some are no longer kept, how many of them.
    pub(crate) fn read(&mut self) -> Result<Vec<Arc<StatusChange>>, u64> {
        let changes = self.shared.events.recent.after(self.levels, self.last, AT_A_TIME)?;
        self.last = changes.last().map_or(self.last, |last| last.id_among(self.levels));
        Ok(changes)
    }

    /// Goes on behind the latest change, past everything between.
    pub(crate) fn skip(&mut self) {
        self.last = self.shared.events.recent.last_id(self.levels);
    }

    /// The latest result of each check of its levels that has one, without running any.
    pub(crate) fn known(&self) -> Report {
        known::report(&self.shared, self.levels)
    }

    /// Waits until there is something to read, or a drain begins; both may have happened long ago.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as `shared` does.
        let _ = self.news.changed().await;
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("last", &self.last).finish_non_exhaustive()
    }
}
