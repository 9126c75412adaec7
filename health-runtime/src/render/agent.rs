//! The line that `HAProxy` reads from an agent (its configuration manual, `agent-check`).

use super::view::{CheckView, ReportView};
use crate::{model::Status, text::floor_char_boundary};

/// Longest list of names in a line: `HAProxy` shows it on a page and logs it.
const MAX_NAMES_BYTES: usize = 200;

/// Renders one line: `up 100%`, `up` with another weight on a warning, `up 0%` while draining, or `down #` and the failed
/// checks.
///
/// Never `ready` or `drain`: only a later `ready` undoes a `drain`, and `ready` cancels the state that an operator has set,
/// even maintenance. A weight of zero also takes no new sessions, and belongs to the agent alone.
pub(crate) fn agent_line(view: &ReportView<'_>, weight_on_warning: u8, with_names: bool) -> Vec<u8> {
    let failed = |check: &&CheckView<'_>| check.counts() && check.status == Status::Fail;
    let failed: Vec<_> = view.checks.iter().filter(failed).map(named).collect();
    let weight = match view.status {
        _ if !failed.is_empty() && with_names => return down(&failed.join(", ")),
        _ if !failed.is_empty() => return b"down\n".to_vec(),
        Status::Pass => 100,
        Status::Warn => weight_on_warning,
        // No check failed, so the service shuts down.
        Status::Fail => 0,
    };
    format!("up {weight}%\n").into_bytes()
}

fn down(names: &str) -> Vec<u8> {
    let end = floor_char_boundary(names, MAX_NAMES_BYTES);
    format!("down #{}\n", &names[..end]).into_bytes()
}

fn named(check: &CheckView<'_>) -> String {
    // Names have no control characters, so the line stays one.
    let cause = check.cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
    let drill = if check.drill.is_some() { " (drill)" } else { "" };
    format!("{}{cause}{drill}", check.name)
}
