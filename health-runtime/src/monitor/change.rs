//! Changes of status in the log.

use crate::{
    escape::escape_controls,
    model::{Cause, Status, StatusChange},
};

/// Target of all events about changes of status; a promise of the documentation.
const TARGET: &str = "health_runtime::change";

/// Writes a change of status to the log, which is the only time a check is logged: with the full text, as
/// those who read the log are those who run the service. A muted check alarms nobody.
pub(super) fn log(change: &StatusChange) {
    let check = change.check();
    let check_level = change.level().number();
    let from = change.from().map(Status::as_str);
    let to = change.to().as_str();
    let cause = change.cause().map(Cause::as_str);
    let reason = change.message().map(escape_controls);
    let reason = reason.as_deref();
    // A macro of ours, because tracing wants the level to be constant. No field has a name that log formats use themselves.
    macro_rules! event {
        ($level:ident $(, $muted:ident = true)?) => {
            tracing::$level!(
                target: TARGET, check, check_level, from, to, cause, reason $(, $muted = true)?, "health check changed"
            )
        };
    }
    match (change.to(), change.from()) {
        _ if change.is_muted() => event!(info, muted = true),
        (Status::Fail, _) => event!(error),
        (Status::Warn, _) => event!(warn),
        (Status::Pass, Some(_)) => event!(info),
        (Status::Pass, None) => event!(debug),
    }
}
