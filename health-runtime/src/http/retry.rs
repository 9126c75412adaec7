//! When asking again can bring news of a failing report.

use std::time::Duration;

use crate::model::{Cause, Report, ReportEntry, Status};

/// Returns how long it is at most until the first failing check is run again.
pub(super) fn run_again_after(report: &Report) -> Duration {
    let failing = report.entries().iter().filter(|entry| entry.counting_status() == Some(Status::Fail));
    // A blocked check recovers with the check that blocks it.
    let own = failing.filter(|entry| !matches!(entry.result.cause(), Some(Cause::Blocked { .. })));
    own.map(of_check).min().unwrap_or_default()
}

/// If somebody asks, or by itself.
fn of_check(entry: &ReportEntry) -> Duration {
    match entry.result.cause() {
        // Its first run is under way.
        Some(Cause::Pending) => Duration::ZERO,
        _ => entry.check.retry_interval().unwrap_or_else(|| entry.check.max_age()),
    }
}
