//! Statuses in the protocol's words.

use tonic_health::pb::{HealthCheckResponse, health_check_response::ServingStatus};

use super::services::ServiceKind;
use crate::model::{Cause, Report, ReportEntry, Status};

/// The protocol has no word for a warning, and a check that warns still works.
pub(super) const fn serving(status: Status) -> ServingStatus {
    match status {
        Status::Pass | Status::Warn => ServingStatus::Serving,
        Status::Fail => ServingStatus::NotServing,
    }
}

/// Returns the status of a single check. Before its first result it is unknown, whereas groups and levels count it.
pub(super) fn of_check(entry: &ReportEntry) -> ServingStatus {
    match entry.counting_status() {
        Some(_) if entry.result.cause().is_some_and(|cause| Cause::WITHOUT_RESULT.contains(cause)) => {
            ServingStatus::Unknown
        }
        Some(status) => serving(status),
        // It is muted.
        None => ServingStatus::Serving,
    }
}

/// Returns the status of a service from the report on its checks. A check that was removed meanwhile is unknown.
pub(super) fn of_report(kind: ServiceKind, report: &Report) -> ServingStatus {
    match kind {
        ServiceKind::Check(_) => report.entries().first().map_or(ServingStatus::Unknown, of_check),
        ServiceKind::Group(_) | ServiceKind::Level(_) => serving(report.status()),
    }
}

pub(super) const fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status as i32 }
}
