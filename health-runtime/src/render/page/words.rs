//! The small pieces that the page is made of.

use std::time::{Duration, SystemTime};

use maud::{Markup, html};

use super::super::{view::ReportView, wire::timestamp};
use crate::{
    model::{Group, Level, Status},
    time::timestamp_seconds,
};

/// The status that decides about the shape and the colour of an element, whatever its word is.
pub(super) type Tone = Status;

/// Renders a status by shape, word and colour.
pub(super) fn badge(status: Status) -> Markup {
    badge_with(status, status.as_str())
}

/// Renders a word in the shape and colour of a status.
pub(super) fn badge_with(tone: Tone, word: &str) -> Markup {
    html! {
        span class={ "badge " (tone) } {
            svg class="icon" aria-hidden="true" { use href={ "#icon-" (tone) } {} }
            (word)
        }
    }
}

/// Returns the picture for the browser's tab.
pub(super) const fn icon(status: Status) -> &'static str {
    match status {
        Status::Pass => concat!(
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E",
            "%3Ccircle cx='8' cy='8' r='7' fill='%231a7f37'/%3E%3C/svg%3E"
        ),
        Status::Warn => concat!(
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E",
            "%3Cpath d='M8 1l7 14H1z' fill='%23bf8700'/%3E%3C/svg%3E"
        ),
        Status::Fail => concat!(
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E",
            "%3Cpath d='M1 4l3-3 4 4 4-4 3 3-4 4 4 4-3 3-4-4-4 4-3-3 4-4z' fill='%23cf222e'/%3E%3C/svg%3E"
        ),
    }
}

/// Summarizes the report in a sentence with the number of checks of each status. A blocked check does not count as failed.
pub(super) fn sentence(view: &ReportView<'_>) -> String {
    let counting = || view.checks.iter().filter(|check| check.counts());
    let of = |status| counting().filter(|check| check.status == status && !check.is_blocked()).count();
    let blocked = counting().filter(|check| check.is_blocked()).count();
    let (all, failing, warning) = (view.checks.len(), of(Status::Fail), of(Status::Warn));
    let muted = all - counting().count();
    // Muted checks may pass.
    match (all, muted) {
        (1, 1) => return "The check is muted.".to_owned(),
        (1.., _) if muted == all => return format!("All {all} checks are muted."),
        _ => {}
    }
    let mut parts = Vec::new();
    match (all, failing, warning) {
        (0, _, _) => parts.push("There is nothing to check".to_owned()),
        (1, ..) if blocked == 1 => parts.push("The check is blocked".to_owned()),
        (1, 0, 0) => parts.push("The check passes".to_owned()),
        (1, 1, _) => parts.push("The check fails".to_owned()),
        (1, _, 1) => parts.push("The check warns".to_owned()),
        (_, 0, 0) if blocked > 0 => parts.push(format!("None of {all} checks fails by itself")),
        (_, 0, 0) if muted == 0 => parts.push(format!("All {all} checks pass")),
        (_, 0, 0) => parts.push(format!("{} of {all} checks pass", all - muted)),
        _ => {
            let verbs = [(failing, "fail"), (warning, "warn")].into_iter().filter(|(count, _)| *count > 0);
            let verbs: Vec<_> =
                verbs.map(|(count, verb)| format!("{count} {verb}{}", if count == 1 { "s" } else { "" })).collect();
            parts.push(format!("{all} checks: {}", verbs.join(" and ")));
        }
    }
    if blocked > 0 && all > 1 {
        parts.push(format!("{blocked} {} blocked", if blocked == 1 { "is" } else { "are" }));
    }
    if muted > 0 {
        parts.push(format!("{muted} {} muted", if muted == 1 { "is" } else { "are" }));
    }
    format!("{}.", parts.join("; "))
}

/// Renders a moment to the second.
pub(super) fn time(moment: SystemTime) -> Markup {
    html! { time datetime=(timestamp(moment)) { (moment_in_words(moment)) } }
}

pub(super) fn moment_in_words(moment: SystemTime) -> String {
    timestamp_seconds(moment).replace('T', " ").replace('Z', " UTC")
}

/// Formats a duration with few digits.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds < 0.000_1 => format!("{:.0} µs", seconds * 1e6),
        _ if seconds < 0.1 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// Returns the word for a group in paths and on pages.
pub(super) const fn of_group(group: Group) -> &'static str {
    match group {
        Group::Liveness => "live",
        Group::Readiness => "ready",
        Group::Startup => "startup",
    }
}

/// Describes a level.
pub(super) const fn of_level(level: Level) -> &'static str {
    match level {
        Level::L1 => "the whole ship",
        Level::L2 => "its own resources",
        Level::L3 => "services that it leans on",
        Level::L4 => "conditions that cost little to measure",
        Level::L5 => "in the process alone",
    }
}
