//! Changes of status, each told once.

use super::slot::Landing;
use crate::model::{Cause, CheckSpec, Status};

/// Writes a change of status to the log, which is the only time a check is logged: with the full text, as
/// those who read the log are those who run the service.
pub(super) fn log(spec: &CheckSpec, landing: &Landing) {
    let result = &*landing.result;
    let before = landing.before.as_ref().map(|before| before.status);
    if before == Some(result.status) {
        return;
    }
    let check = spec.name();
    let level = spec.level().number();
    let from = before.map(Status::as_str);
    let to = result.status.as_str();
    let cause = result.cause.as_ref().map(Cause::as_str);
    let message = result.message.as_deref();
    // Not one macro with a level as an argument: tracing wants the level to be constant.
    match (result.status, before) {
        (Status::Fail, _) => tracing::error!(check, level, from, to, cause, message, "health check changed"),
        (Status::Warn, _) => tracing::warn!(check, level, from, to, cause, message, "health check changed"),
        (Status::Pass, Some(_)) => tracing::info!(check, level, from, to, cause, message, "health check changed"),
        (Status::Pass, None) => tracing::debug!(check, level, from, to, cause, message, "health check changed"),
    }
}
