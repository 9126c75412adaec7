//! Plain text: `ok`, or lines in the style of the Kubernetes API server's `/readyz?verbose`.

use serde_json::Value;

use super::{Entry, Report, Shape};
use crate::{status::Status, text::printable};

/// Reads a text, whose status is that of its status code.
pub(super) fn read(body: &str, status: Status) -> Report {
    let mut report = Report::new(Shape::Text, status);
    let mut rest = Vec::new();
    for line in body.lines().map(printable) {
        match entry(&line) {
            Some(entry) => report.checks.push(entry),
            None if line.trim().is_empty() => {}
            None => rest.push(line.trim().to_owned()),
        }
    }
    // The drain of a service of this library is a line without a check.
    let drain =
        report.checks.iter().position(|check| check.name == "shutdown" && check.cause.as_deref() == Some("draining"));
    if let Some(drain) = drain {
        report.cause = report.checks.remove(drain).cause;
    } else if report.checks.is_empty() && status != Status::Pass {
        report.cause = rest.into_iter().next();
    }
    report
}

/// Reads `[+]db ok`, `[-]orders failed (blocked) because of db: message`, `[-]disk drill: failed` or `[+]cache muted: failed`.
fn entry(line: &str) -> Option<Entry> {
    let (sign, rest) = match line.strip_prefix("[+]") {
        Some(rest) => ('+', rest),
        None => ('-', line.strip_prefix("[-]")?),
    };
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let name = name.trim_end_matches(':');
    let is_muted = rest.starts_with("muted: ");
    let rest = rest.trim_start_matches("muted: ");
    let drill = rest.starts_with("drill: ").then_some(Value::Bool(true));
    let rest = rest.trim_start_matches("drill: ");
    let word = rest.split([' ', ':', '(']).next().unwrap_or_default();
    let status = match (sign, Status::parse(word)) {
        ('-', Some(Status::Pass) | None) => Status::Fail,
        ('+', None) => Status::Pass,
        (_, Some(status)) => status,
        _ => Status::Unknown,
    };
    let mut entry = Entry::new(name, status);
    entry.muted = is_muted;
    entry.drill = drill;
    let rest = rest.strip_prefix(word).unwrap_or(rest).trim();
    let (cause, rest) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((cause, rest)) => (Some(cause.to_owned()), rest.trim()),
        None => (None, rest),
    };
    entry.cause = cause;
    let (causes, message) = match rest.strip_prefix("because of ") {
        Some(rest) => rest.split_once(": ").unwrap_or((rest, "")),
        None => ("", rest.trim_start_matches(':').trim()),
    };
    entry.root_causes = causes.split(", ").filter(|cause| !cause.is_empty()).map(ToOwned::to_owned).collect();
    entry.message = Some(message.to_owned()).filter(|message| !message.is_empty());
    Some(entry)
}
