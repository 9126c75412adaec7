//! A reader of the recent changes, at a pace of its own.

use std::{collections::BTreeMap, fmt, sync::Arc};

use tokio::sync::watch::Receiver;

use super::known;
use crate::model::{CheckSpec, Levels, Report, StatusChange};
use crate::monitor::{engine::Engine, monitor::Monitor};

/// Maximum number of changes in one read, which bounds the memory of a slow reader.
const MAX_CHANGES_PER_READ: usize = 32;

/// A position in the recent changes of a monitor. Unlike a subscription it queues nothing: it is a number.
pub(crate) struct ChangeCursor {
    engine: Arc<Engine>,
    wakeups: Receiver<()>,
    /// The levels whose changes it reads, and among which changes are numbered for it.
    levels: Levels,
    last: u64,
    checks: KnownChecks,
}

/// The declarations of checks at one moment, and not their functions: a reader must not keep those of removed checks.
pub(crate) struct KnownChecks {
    /// Number of updates up to then.
    version: u64,
    specs: Vec<Arc<CheckSpec>>,
}

/// The differences between two sets of checks.
#[derive(Debug)]
pub(crate) struct CheckSetChange {
    pub(crate) added: Vec<Arc<CheckSpec>>,
    pub(crate) replaced: Vec<Arc<CheckSpec>>,
    pub(crate) removed: Vec<Arc<CheckSpec>>,
}

impl Monitor {
    /// Returns a reader of the changes of these levels, from now on and, for a time, of those before.
    pub(crate) fn follow(&self, levels: Levels) -> ChangeCursor {
        ChangeCursor::new(&self.engine, levels)
    }
}

impl KnownChecks {
    fn present(engine: &Engine, levels: Levels) -> Self {
        let checks = engine.checks();
        let specs = checks.iter().map(|check| &check.spec).filter(|spec| levels.contains(spec.level()));
        Self { version: checks.version(levels), specs: specs.cloned().collect() }
    }

    fn by_name(&self) -> BTreeMap<&str, &Arc<CheckSpec>> {
        self.specs.iter().map(|spec| (spec.name(), spec)).collect()
    }

    /// Returns the differences that lead from these checks to others.
    fn change_to(&self, others: &Self) -> CheckSetChange {
        let mut before = self.by_name();
        let (mut added, mut replaced) = (Vec::new(), Vec::new());
        for (name, spec) in others.by_name() {
            match before.remove(name) {
                None => added.push(Arc::clone(spec)),
                Some(before) if !Arc::ptr_eq(before, spec) => replaced.push(Arc::clone(spec)),
                Some(_) => {}
            }
        }
        CheckSetChange { added, replaced, removed: before.into_values().cloned().collect() }
    }
}

impl ChangeCursor {
    /// Starts after the latest change, with the present checks.
    fn new(engine: &Arc<Engine>, levels: Levels) -> Self {
        let wakeups = engine.changes.wakeups();
        let last = engine.changes.recent.last_id(levels);
        Self { engine: Arc::clone(engine), wakeups, levels, last, checks: KnownChecks::present(engine, levels) }
    }

    /// Returns the number of updates that concern the checks it has read.
    pub(crate) const fn version(&self) -> u64 {
        self.checks.version
    }

    /// Returns the present checks, if they differ from those that were read last. To be called before [`read`](Self::read),
    /// so that no change of a removed check is left behind its removal.
    pub(crate) fn updated_checks(&self) -> Option<KnownChecks> {
        let is_updated = self.engine.checks().version(self.levels) != self.checks.version;
        is_updated.then(|| KnownChecks::present(&self.engine, self.levels))
    }

    /// Takes over other checks, and returns how they differ.
    pub(crate) fn take_checks(&mut self, checks: KnownChecks) -> CheckSetChange {
        let before = std::mem::replace(&mut self.checks, checks);
        before.change_to(&self.checks)
    }

    /// Moves back to the position after the change with this number. Returns whether that number was read before.
    pub(crate) fn go_back(&mut self, id: u64) -> bool {
        let is_known = id <= self.last;
        if is_known {
            self.last = id;
        }
        is_known
    }

    /// Returns the number of the latest change that was read.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Returns the next changes, the oldest first.
    ///
    /// # Errors
    /// The number of changes that are no longer kept.
    pub(crate) fn read(&mut self) -> Result<Vec<Arc<StatusChange>>, u64> {
        let changes = self.engine.changes.recent.after(self.levels, self.last, MAX_CHANGES_PER_READ)?;
        self.last = changes.last().map_or(self.last, |last| last.id_among(self.levels));
        Ok(changes)
    }

    /// Skips all changes up to the latest one.
    pub(crate) fn skip(&mut self) {
        self.last = self.engine.changes.recent.last_id(self.levels);
    }

    /// Returns the latest result of each check of its levels that has one, see [`known::report`].
    pub(crate) fn known(&self) -> Report {
        known::report(&self.engine, self.levels)
    }

    /// Waits until there is something to read, or a drain begins; both may have happened long ago.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as the engine.
        let _ = self.wakeups.changed().await;
    }
}

impl fmt::Debug for ChangeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeCursor").field("last", &self.last).finish_non_exhaustive()
    }
}
