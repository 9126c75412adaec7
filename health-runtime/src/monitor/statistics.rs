//! Numbers of a check's runs.

use std::{sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::{
    model::{CheckResult, RunStats},
    sync::lock,
};

/// The numbers of one check, counted when results are recorded, so that no run counts twice.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    runs: RunStats,
    latest_at: Option<Instant>,
}

impl Statistics {
    pub(super) fn count(&self, result: &CheckResult) {
        let mut counted = lock(&self.counted);
        if counted.runs.count(result) {
            counted.latest_at = Some(Instant::now());
        }
    }

    /// Returns the numbers, and the time since the latest run ended.
    pub(super) fn snapshot(&self) -> (RunStats, Option<Duration>) {
        let counted = lock(&self.counted);
        (counted.runs.clone(), counted.latest_at.map(|at| at.elapsed()))
    }
}
