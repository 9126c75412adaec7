//! Rules for declarations that the compiler evaluates, because a value is a constant that the macro cannot read.
//!
//! Not public API. Used by generated code.

use std::time::Duration;

use crate::model::Level;

/// Stops the compilation with this message, at the place of the call.
///
/// # Panics
/// Unless the rule is kept.
#[track_caller]
pub const fn ensure(is_kept: bool, message: &str) {
    assert!(is_kept, "{}", message);
}

/// Returns whether the level is 5.
#[must_use]
pub const fn is_level_5(level: Level) -> bool {
    matches!(level, Level::L5)
}

/// Returns whether the duration is not zero.
#[must_use]
pub const fn is_above_zero(duration: Duration) -> bool {
    !duration.is_zero()
}

/// Returns whether a pass can take as long as `degraded_after`.
#[must_use]
pub const fn is_shorter(degraded_after: Duration, timeout: Duration) -> bool {
    degraded_after.as_nanos() < timeout.as_nanos()
}

/// Returns whether the results of a healthy check are never stale: two of them are up to an interval, its jitter and a run
/// apart.
#[must_use]
pub const fn outlasts(stale_after: Duration, interval: Duration, retry_interval: Duration, timeout: Duration) -> bool {
    let (interval, retry_interval) = (interval.as_nanos(), retry_interval.as_nanos());
    let longest = if interval > retry_interval { interval } else { retry_interval };
    stale_after.as_nanos() > longest + longest / 10 + timeout.as_nanos()
}
