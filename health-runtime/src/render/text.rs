//! Plain text for probers, in the style of the Kubernetes API server's `/livez` and `/readyz`.

use std::fmt::Write;

use super::view::{CheckView, ReportView};
use crate::model::Status;

/// `ok`; or, when something failed or `verbose` asks for it, a line for each check.
///
/// `unmatched` are the names that were to be left out and that no check has.
pub(crate) fn group(
    view: &ReportView<'_>,
    probe: &str,
    excluded: &[String],
    unmatched: &[String],
    verbose: bool,
) -> String {
    let failed = view.status == Status::Fail;
    if !verbose && !failed {
        return "ok".to_owned();
    }
    let mut text = String::new();
    for check in &view.checks {
        line(&mut text, check);
    }
    // Writing to a String cannot fail.
    if let Some(cause) = view.cause {
        let _ = writeln!(text, "[-]shutdown failed ({cause})");
    }
    for name in excluded {
        let _ = writeln!(text, "[+]{} excluded: ok", printable(name));
    }
    if !unmatched.is_empty() {
        let names = unmatched.iter().map(|name| format!("\"{}\"", printable(name))).collect::<Vec<_>>();
        let _ = writeln!(text, "warn: some health checks cannot be excluded: no matches for {}", names.join(","));
    }
    let _ = writeln!(text, "{probe} check {}", if failed { "failed" } else { "passed" });
    text
}

fn line(text: &mut String, check: &CheckView<'_>) {
    let (sign, word) = match check.status {
        Status::Pass => ('+', "ok"),
        Status::Warn => ('+', "warn"),
        Status::Fail => ('-', "failed"),
    };
    // A muted check is no reason for what the probe says, whatever its status is.
    let (sign, muted) = if check.muted.is_some() { ('+', " muted:") } else { (sign, "") };
    let _ = write!(text, "[{sign}]{}{muted} {word}", printable(check.name));
    if let Some(cause) = check.cause {
        let _ = write!(text, " ({cause})");
    }
    if let Some(message) = check.message {
        let _ = write!(text, ": {}", printable(message));
    }
    text.push('\n');
}

/// One line stays one line, whatever a message holds.
fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}
