//! Changes of status in the log.

use crate::model::{Cause, Status, StatusChange};

/// Writes a change of status to the log, which is the only time a check is logged: with the full text, as
/// those who read the log are those who run the service. A muted check alarms nobody.
pub(super) fn log(change: &StatusChange) {
    let check = change.check();
    let level = change.level().number();
    let from = change.from().map(Status::as_str);
    let to = change.to().as_str();
    let cause = change.cause().map(Cause::as_str);
    let message = change.message();
    if change.is_muted() {
        tracing::info!(check, level, from, to, cause, message, muted = true, "health check changed");
        return;
    }
    // Not one macro with a level as an argument: tracing wants the level to be constant.
    match (change.to(), change.from()) {
        (Status::Fail, _) => tracing::error!(check, level, from, to, cause, message, "health check changed"),
        (Status::Warn, _) => tracing::warn!(check, level, from, to, cause, message, "health check changed"),
        (Status::Pass, Some(_)) => tracing::info!(check, level, from, to, cause, message, "health check changed"),
        (Status::Pass, None) => tracing::debug!(check, level, from, to, cause, message, "health check changed"),
    }
}
