//! The log of a receiver that takes nothing: one event at the beginning, and one at the end.

use std::sync::Arc;

use super::post::Failure;
use crate::{
    log::{self, Topic},
    monitor::DeliveryCounts,
};

/// Target of all log events about receivers of alerts; the documentation promises it.
pub(super) const LOG_TARGET: &str = "health_runtime::alerts";

/// Whether a receiver takes what it is sent.
#[derive(Debug)]
pub(super) struct Outage {
    /// The numbers since the start.
    counts: Arc<DeliveryCounts>,
    /// Number of failed requests in a row.
    failures: u64,
    /// Number of events that were dropped since the last success.
    dropped: u64,
}

impl Outage {
    pub(super) const fn new(counts: Arc<DeliveryCounts>) -> Self {
        Self { counts, failures: 0, dropped: 0 }
    }

    /// Counts a failed request, and logs the first one.
    pub(super) fn failed(&mut self, failure: &Failure) {
        self.failures += 1;
        self.counts.count_failure();
        if self.failures == 1 {
            let (receiver, problem) = (self.counts.receiver.clone(), failure.problem.clone());
            log::write(Topic::Checks, move || {
                tracing::error!(target: LOG_TARGET, receiver, problem, "alerts cannot be delivered; they are tried again");
            });
        }
    }

    /// Counts dropped events, and logs the first ones.
    pub(super) fn dropped(&mut self, count: u64) {
        let is_first = self.dropped == 0 && count > 0;
        self.dropped += count;
        self.counts.count_dropped(count);
        if is_first {
            let receiver = self.counts.receiver.clone();
            log::write(Topic::Checks, move || {
                tracing::error!(target: LOG_TARGET, receiver, "events for a webhook are dropped, the oldest first");
            });
        }
    }

    /// Logs the end of the failures.
    pub(super) fn succeeded(&mut self) {
        if self.failures == 0 && self.dropped == 0 {
            return;
        }
        let (receiver, failures, dropped) = (self.counts.receiver.clone(), self.failures, self.dropped);
        (self.failures, self.dropped) = (0, 0);
        log::write(Topic::Checks, move || {
            tracing::info!(target: LOG_TARGET, receiver, failures, dropped, "alerts are delivered again");
        });
    }
}
