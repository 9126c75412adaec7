//! Fire drills: a check behaves as forced for a bounded time, says so everywhere, and then behaves by itself again.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod behaviors;
mod ends;
mod liveness;
mod refused;
mod rules;
mod shown;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, CheckResult, Level, Monitor, Selection, Status};
use tokio::time::sleep;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const INTERVAL: Duration = Duration::from_secs(30);
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

/// The function of a check that passes, and counts its calls.
#[derive(Clone, Default)]
pub(crate) struct Passing(Arc<AtomicU64>);

impl Passing {
    pub(crate) fn check(&self, name: &str) -> Check {
        let calls = Arc::clone(&self.0);
        let run = move || {
            calls.fetch_add(1, Ordering::Relaxed);
            async {}
        };
        Check::new(name, Level::L3, run).timeout(TIMEOUT)
    }

    pub(crate) fn blocking(&self, name: &str) -> Check {
        let calls = Arc::clone(&self.0);
        Check::blocking(name, Level::L3, move || {
            calls.fetch_add(1, Ordering::Relaxed);
        })
        .timeout(TIMEOUT)
    }

    pub(crate) fn calls(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns a check that passes and is not run again for a day by itself.
pub(crate) fn lazy(name: &str) -> Check {
    Passing::default().check(name).max_age(Duration::from_hours(24))
}

pub(crate) fn background(name: &str) -> Check {
    Passing::default().check(name).interval(INTERVAL)
}

/// Lets all tasks run that are ready.
pub(crate) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

pub(crate) async fn result(monitor: &Monitor, name: &str) -> CheckResult {
    let report = monitor.report(&Selection::check(name)).await;
    report.result(name).expect("in the report").clone()
}

pub(crate) async fn status(monitor: &Monitor, name: &str) -> Status {
    result(monitor, name).await.status()
}

/// Returns whether a report shows a drill of the check.
pub(crate) async fn is_drilled(monitor: &Monitor, name: &str) -> bool {
    let report = monitor.report(&Selection::check(name)).await;
    report.entries().iter().any(|entry| entry.drill.is_some())
}
