//! What `HAProxy` reads from an agent (its configuration manual, `agent-check`).

use super::view::{CheckView, ReportView};
use crate::{model::Status, text::floor_char_boundary};

/// How many bytes of names a line has room for: `HAProxy` shows them on a page and logs them.
const LONGEST: usize = 200;

/// One line: `up 100%`, `up` with another weight on a warning, `up 0%` while draining, or `down #` and what failed.
///
/// Never `ready` or `drain`: only an agent that says `ready` later could undo its `drain`, and `ready` cancels what
/// an operator has set, even maintenance. A weight of nothing takes no new sessions either, and is the agent's own.
pub(crate) fn agent_line(view: &ReportView<'_>, weight_on_warning: u8, with_names: bool) -> Vec<u8> {
    let failed = |check: &&CheckView<'_>| check.muted.is_none() && check.status == Status::Fail;
    let failed: Vec<_> = view.checks.iter().filter(failed).map(named).collect();
    let weight = match view.status {
        _ if !failed.is_empty() && with_names => return down(&failed.join(", ")),
        _ if !failed.is_empty() => return b"down\n".to_vec(),
        Status::Pass => 100,
        Status::Warn => weight_on_warning,
        // No check failed, so it is the service that goes away.
        Status::Fail => 0,
    };
    format!("up {weight}%\n").into_bytes()
}

fn down(names: &str) -> Vec<u8> {
    let end = floor_char_boundary(names, LONGEST);
    format!("down #{}\n", &names[..end]).into_bytes()
}

fn named(check: &CheckView<'_>) -> String {
    // No name has control characters, so it stays one line.
    match check.cause {
        Some(cause) => format!("{} ({cause})", check.name),
        None => check.name.to_owned(),
    }
}
