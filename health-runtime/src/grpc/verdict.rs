//! From a status to the protocol's words.

use tonic_health::pb::{HealthCheckResponse, health_check_response::ServingStatus};

use super::services::Subject;
use crate::model::{Cause, Report, ReportEntry, Status};

/// The protocol has no word between the two: what warns still works.
pub(super) const fn serving(status: Status) -> ServingStatus {
    match status {
        Status::Pass | Status::Warn => ServingStatus::Serving,
        Status::Fail => ServingStatus::NotServing,
    }
}

/// One check that was asked for by its name. Before its first result nothing is known of it; what that means for a
/// group or a level is theirs to say.
pub(super) fn of_check(entry: &ReportEntry) -> ServingStatus {
    match entry.counting_status() {
        Some(_) if entry.result.cause() == Some(&Cause::Pending) => ServingStatus::Unknown,
        Some(status) => serving(status),
        // It is muted, and counts for nothing.
        None => ServingStatus::Serving,
    }
}

/// A report on a subject's checks.
pub(super) fn of_report(subject: Subject, report: &Report) -> ServingStatus {
    match subject {
        Subject::Check(_) => report.entries().first().map_or(ServingStatus::Unknown, of_check),
        Subject::Group(_) | Subject::Level(_) => serving(report.status()),
    }
}

pub(super) const fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status as i32 }
}
