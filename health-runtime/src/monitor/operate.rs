//! Operations for callers from outside. Each names the level that access was decided about: the check may have been
//! replaced by one of another level.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    monitor::Monitor,
    monitored::Monitored,
    muting::Muted,
    report::{self, Gathered, Selection},
    wait::{self, Awaited},
};
use crate::{
    log::{self, Topic},
    model::{Level, Levels, Mute},
    sync::lock,
    time::after,
};

impl Monitor {
    /// Mutes a check like [`mute`](Self::mute), for a caller with this name. Returns the mute; `None` if there is no such
    /// check.
    pub(crate) fn mute_for(
        &self,
        check: &str,
        level: Level,
        duration: Duration,
        reason: &str,
        caller: &str,
    ) -> Option<Arc<Mute>> {
        // As for code of the service: not during an update.
        let _turn = lock(&self.engine.updating);
        let monitored = self.at_level(check, level)?;
        let muted = Muted::new(Some(duration), reason, caller.to_owned());
        let mute = Arc::clone(&muted.mute);
        self.mute_anew(&monitored, muted);
        Some(mute)
    }

    /// Ends the mute of a check, if there is one. Returns whether there is such a check.
    pub(crate) fn unmute_at(&self, check: &str, level: Level) -> bool {
        let _turn = lock(&self.engine.updating);
        let monitored = self.at_level(check, level);
        monitored.is_some_and(|monitored| {
            self.end_mute(&monitored);
            true
        })
    }

    /// Reports on one check, from a run that begins after this call, within the deadline of such a report. A run in
    /// progress is waited for first, because at most one is alive.
    pub(crate) async fn gather_anew(&self, check: &str, level: Level, budget: Option<Duration>) -> Gathered {
        let (engine, checks) = (&self.engine, self.engine.checks());
        let selection = Selection::check(check).within(Levels::one(level));
        let selection = budget.into_iter().fold(selection, Selection::with_deadline);
        let deadline = after(Instant::now(), selection.deadline(checks.overrides()));
        if let Some(index) = checks.find_at(check, level)
            && let Some(id) = checks[index].slot.run_in_progress()
        {
            wait::for_all(engine, &[Awaited { check: &checks[index], id }], Some(deadline)).await;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        report::gather(engine, &selection.with_deadline(left).anew()).await
    }

    /// Mutes a check in place of an entry of the list that was given at start.
    pub(super) fn mute_anew(&self, monitored: &Monitored, muted: Muted) {
        self.engine.listed_mutes.remove(monitored.spec.name());
        self.mute_by(monitored, muted);
    }

    pub(super) fn end_mute(&self, monitored: &Monitored) {
        self.engine.listed_mutes.remove(monitored.spec.name());
        monitored.timeline.unmute();
        if monitored.muting.clear() {
            self.engine.outdate();
            self.engine.changes.wake();
            let check = monitored.spec.name().to_owned();
            log::write(Topic::Checks, move || tracing::info!(check, "health check unmuted"));
        }
    }

    fn at_level(&self, check: &str, level: Level) -> Option<Arc<Monitored>> {
        let checks = self.engine.checks();
        checks.find_at(check, level).map(|index| Arc::clone(&checks[index]))
    }
}
