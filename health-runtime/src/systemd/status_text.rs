//! The line that `systemctl status` shows.

use std::fmt::Write;

use crate::{
    http::Offer,
    model::{Cause, Report, ReportEntry, Status},
};

/// Maximum length of the line. A message of systemd has 4096 bytes at most.
const MAX_STATUS_BYTES: usize = 512;

/// Room for the numbers of checks that are not named, of each of the three lists.
const BYTES_FOR_MORE: usize = 3 * 24;

/// Returns a line with a state and the checks that fail, are blocked or warn, as a caller without credentials sees them: names
/// and causes, and no messages.
pub(super) fn status_text(state: &str, known: &Report, shown: &Offer) -> String {
    let entries = || known.entries().iter().filter(|entry| entry.muted.is_none() && is_shown(entry, shown));
    let is_blocked = |entry: &&ReportEntry| matches!(entry.result.cause(), Some(Cause::Blocked { .. }));
    let with = |status: Status| entries().filter(move |entry| entry.result.status() == status);
    let mut text = state.to_owned();
    append(&mut text, "fail", with(Status::Fail).filter(|entry| !is_blocked(entry)));
    append(&mut text, "blocked", with(Status::Fail).filter(is_blocked));
    append(&mut text, "warn", with(Status::Warn));
    text
}

/// Returns whether everybody may know of a check: by its level, or as a member of a group.
fn is_shown(entry: &ReportEntry, shown: &Offer) -> bool {
    shown.levels.contains(entry.check.level()) || shown.groups.iter().any(|group| entry.check.is_in(*group))
}

/// Appends a list of checks, as far as there is room.
fn append<'a>(text: &mut String, verb: &str, entries: impl Iterator<Item = &'a ReportEntry>) {
    let mut omitted = 0;
    for (index, ReportEntry { check, result, drill, .. }) in entries.enumerate() {
        let begin = if index == 0 { format!("; {verb}: ") } else { ", ".to_owned() };
        let cause = match result.cause() {
            Some(cause) if !matches!(cause, Cause::Blocked { .. }) => format!(" ({})", cause.as_str()),
            _ => String::new(),
        };
        let sign = if drill.is_some() { " [drill]" } else { "" };
        let item = format!("{begin}{}{cause}{sign}", check.name());
        if omitted > 0 || text.len() + item.len() > MAX_STATUS_BYTES - BYTES_FOR_MORE {
            omitted += 1;
        } else {
            text.push_str(&item);
        }
    }
    if omitted > 0 {
        let _ = write!(text, ", {omitted} more {verb}");
    }
}
