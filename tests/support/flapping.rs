//! A check whose status changes with every run, and requests that run it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Monitor, Outcome, Selection};

/// Builds a check that fails in every other run, the first included; the message has the number of the run.
#[must_use]
pub fn flapping(name: &str) -> Check {
    flapping_counted(name, &Arc::default())
}

/// Builds the same check, with a counter of its runs.
#[must_use]
pub fn flapping_counted(name: &str, runs: &Arc<AtomicU64>) -> Check {
    turning(name, Level::L3, runs).max_age(Duration::ZERO)
}

/// Builds the same check in the background.
#[must_use]
pub fn flapping_every(interval: Duration, name: &str, level: Level) -> Check {
    turning(name, level, &Arc::default()).interval(interval)
}

fn turning(name: &str, level: Level, runs: &Arc<AtomicU64>) -> Check {
    let runs = Arc::clone(runs);
    Check::new(name, level, move || {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move { if run.is_multiple_of(2) { Outcome::fail(format!("run {run}")) } else { Outcome::pass() } }
    })
}

/// Requests this many full reports.
pub async fn ask(monitor: &Monitor, times: usize) {
    for _ in 0..times {
        monitor.report(&Selection::everything()).await;
    }
}
