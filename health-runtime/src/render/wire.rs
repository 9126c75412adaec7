//! Words and times as several encodings write them.

use std::time::SystemTime;

use serde::Serialize;

use crate::model::Level;

/// The bodies here have string keys only and cannot fail to serialize; should one ever, the caller gets
/// an empty body rather than a panic.
pub(super) fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// A time as RFC 3339 in UTC, to the millisecond.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

pub(super) fn level_key(level: Level) -> String {
    format!("level_{level}")
}
