//! A check that turns with every run, and who makes it do so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Monitor, Outcome, Selection};

/// Fails with every other run, the first one among them, and says which run it was.
#[must_use]
pub fn flapping(name: &str) -> Check {
    flapping_counted(name, &Arc::default())
}

/// The same, which counts its runs.
#[must_use]
pub fn flapping_counted(name: &str, runs: &Arc<AtomicU64>) -> Check {
    turning(name, Level::L3, runs).max_age(Duration::ZERO)
}

/// The same in the background.
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

/// Asks for everything, so many times.
pub async fn ask(monitor: &Monitor, times: usize) {
    for _ in 0..times {
        monitor.report(&Selection::everything()).await;
    }
}
