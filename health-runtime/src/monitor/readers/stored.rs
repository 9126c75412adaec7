//! Stored results and changes, for a request that runs nothing.

use std::{sync::Arc, time::SystemTime};

use super::known;
use crate::{
    model::{Cause, Group, Levels, Report, StatusChange},
    monitor::{
        monitor::Monitor,
        report::{Gathered, Selection},
    },
};

impl Monitor {
    /// Returns the latest results of the selected checks, see [`known::report`]. Checks without a result are left out.
    pub(crate) fn known(&self, selection: &Selection) -> Gathered {
        let engine = &self.engine;
        let epoch = engine.epoch();
        let known = known::report(engine, Levels::ALL);
        let entries = known.entries().iter().filter(|entry| selection.selects(&entry.check)).cloned().collect();
        let is_draining = selection.selects_group(Group::Readiness) && engine.is_draining();
        let report =
            Report::new(Arc::clone(engine.loop_guard.instance.service()), selection.shown_levels().to_vec(), entries)
                .failing_because_of(is_draining.then_some(Cause::Draining));
        Gathered {
            report,
            is_limited: false,
            epoch,
            validity: None,
            #[cfg(feature = "page")]
            groups: Vec::new(),
        }
    }

    /// Returns the changes of these levels that are kept, the oldest first, and the time since which none is missing;
    /// `None` if all are kept.
    pub(crate) fn recent_changes(&self, levels: Levels) -> (Vec<Arc<StatusChange>>, Option<SystemTime>) {
        self.engine.changes.recent.kept(levels)
    }
}
