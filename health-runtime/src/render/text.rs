//! Plain text for probers, in the style of the Kubernetes API server's `/livez` and `/readyz`.

use std::fmt::Write;

use super::{
    context::{Context, ReportSubject},
    format::{Format, FormatOption, Render},
    view::{CheckView, ReportView},
};
use crate::{model::Status, text::is_unprintable};

pub(super) static FORMAT: Format = Format {
    options: &[FormatOption::Verbose],
    ..Format::new("text", "text/plain; charset=utf-8", Render::Report(render))
};

/// Renders `ok`, or a line for each check after a failure or with `?verbose`. Outside of groups, which probers read, a warning
/// also lists the checks.
fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let is_well = match &context.subject {
        ReportSubject::Group { .. } => view.status < Status::Fail,
        _ => view.status == Status::Pass,
    };
    if is_well && !context.is_verbose {
        return b"ok".to_vec();
    }
    let mut text = String::new();
    for check in &view.checks {
        line(&mut text, check);
    }
    // Writing to a String cannot fail.
    if let Some(cause) = view.cause {
        let _ = writeln!(text, "[-]shutdown failed ({cause})");
    }
    let asked = match &context.subject {
        ReportSubject::Group { probe, excluded, unmatched } => {
            left_out(&mut text, excluded, unmatched);
            probe
        }
        ReportSubject::Overview { .. } | ReportSubject::Levels { .. } | ReportSubject::Check => "health",
    };
    let _ = writeln!(text, "{asked} check {}", if view.status == Status::Fail { "failed" } else { "passed" });
    text.into_bytes()
}

fn left_out(text: &mut String, excluded: &[String], unmatched: &[String]) {
    for name in excluded {
        let _ = writeln!(text, "[+]{} excluded: ok", printable(name));
    }
    if !unmatched.is_empty() {
        let names = unmatched.iter().map(|name| format!("\"{}\"", printable(name))).collect::<Vec<_>>();
        let _ = writeln!(text, "warn: some health checks cannot be excluded: no matches for {}", names.join(","));
    }
}

fn line(text: &mut String, check: &CheckView<'_>) {
    let (sign, word) = match check.status {
        Status::Pass => ('+', "ok"),
        Status::Warn => ('+', "warn"),
        Status::Fail => ('-', "failed"),
    };
    // A muted check does not affect the verdict, whatever its status is.
    let (sign, muted) = if check.muted.is_some() { ('+', " muted:") } else { (sign, "") };
    let drill = if check.drill.is_some() { " drill:" } else { "" };
    let _ = write!(text, "[{sign}]{}{muted}{drill} {word}", printable(check.name));
    if let Some(cause) = check.cause {
        let _ = write!(text, " ({cause})");
    }
    for (index, root_cause) in check.root_causes.iter().enumerate() {
        let before = if index == 0 { " because of" } else { "," };
        let _ = write!(text, "{before} {}", printable(root_cause.as_str()));
    }
    if let Some(message) = check.message {
        let _ = write!(text, ": {}", printable(message));
    }
    text.push('\n');
}

/// Replaces control characters, so that a message stays on one line, and characters that hide or reorder others.
fn printable(text: &str) -> String {
    let shown = |letter: char| match letter {
        letter if letter.is_control() => ' ',
        letter if is_unprintable(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    text.chars().map(shown).collect()
}
