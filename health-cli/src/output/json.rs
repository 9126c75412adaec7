//! The JSON of `--json`: one shape, whatever the service speaks.

use serde::Serialize;

use crate::{failure::Failure, question::Answered, report::Report, text::count};

#[derive(Serialize)]
struct ReportBody<'a> {
    url: String,
    /// Milliseconds until the last byte.
    elapsed_ms: f64,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct FailureBody<'a> {
    url: &'a str,
    status: &'static str,
    error: String,
}

/// Returns a report as one line.
pub(crate) fn report_json(answered: &Answered) -> String {
    let elapsed_ms = (answered.elapsed.as_secs_f64() * 1e6).round() / 1e3;
    let body = ReportBody { url: answered.target.to_string(), elapsed_ms, report: &answered.report };
    to_line(&body)
}

/// Returns the reason for a missing report as one line.
pub(crate) fn failure_json(url: &str, failure: &Failure) -> String {
    to_line(&FailureBody { url, status: "unknown", error: failure.to_string() })
}

/// Serializes a body; with string keys alone it cannot fail.
pub(crate) fn to_line(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

/// Returns the number of checks by status: `2 fail, 1 warn, 9 pass, 1 disabled`.
pub(crate) fn tally(report: &Report) -> String {
    use crate::status::Status;

    let statuses = [Status::Fail, Status::Unknown, Status::Warn, Status::Pass];
    let counts = statuses.map(|status| (report.with_status(status).count(), status.word()));
    let disabled = report.checks.iter().filter(|check| check.is_disabled()).count();
    let muted = report.checks.iter().filter(|check| check.muted && !check.is_disabled()).count();
    let parts = counts.into_iter().chain([(muted, "muted"), (disabled, "disabled")]).filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { count(0, "check") } else { parts.join(", ") }
}
