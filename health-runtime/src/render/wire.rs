//! Fields and times that several formats share.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::view::CheckView;
use crate::model::{Level, RootCause, Status};
pub(super) use crate::time::timestamp_millis as timestamp;

/// Serializes a body. Bodies here have string keys only and cannot fail to serialize; if one does, the caller gets an empty
/// body rather than a panic.
pub(super) fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// Returns the key of a level.
pub(super) const fn level_key(level: Level) -> &'static str {
    match level {
        Level::L1 => "level_1",
        Level::L2 => "level_2",
        Level::L3 => "level_3",
        Level::L4 => "level_4",
        Level::L5 => "level_5",
    }
}

/// A status in JSON that another instance writes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StatusWord {
    Pass,
    Warn,
    Fail,
}

impl From<StatusWord> for Status {
    fn from(word: StatusWord) -> Self {
        match word {
            StatusWord::Pass => Self::Pass,
            StatusWord::Warn => Self::Warn,
            StatusWord::Fail => Self::Fail,
        }
    }
}

impl From<Status> for StatusWord {
    fn from(status: Status) -> Self {
        match status {
            Status::Pass => Self::Pass,
            Status::Warn => Self::Warn,
            Status::Fail => Self::Fail,
        }
    }
}

/// A JSON object under construction.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a field unless its value is missing.
    pub(super) fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds the data of a check: its fields, if none of them would hide another; else the whole as `data`. A value that is not
    /// an object becomes `value`.
    pub(super) fn with_data(mut self, data: Option<&Value>) -> Self {
        match data {
            Some(Value::Object(fields)) if fields.keys().any(|key| self.0.contains_key(key)) => {
                self.with("data", fields.clone())
            }
            Some(Value::Object(fields)) => {
                self.0.extend(fields.iter().map(|(key, value)| (key.clone(), value.clone())));
                self
            }
            data => self.with_some("value", data.cloned()),
        }
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        to_json(&self.0)
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

/// Returns the root causes of a check as texts; `None` without any.
pub(super) fn paths(check: &CheckView<'_>) -> Option<Vec<String>> {
    let paths: Vec<_> = check.root_causes.iter().map(RootCause::to_string).collect();
    Some(paths).filter(|paths| !paths.is_empty())
}

/// Returns the keys of the settings that differ from the declaration; `None` without any.
pub(super) fn overridden(check: &CheckView<'_>) -> Option<Vec<&'static str>> {
    let keys: Vec<_> = check.overridden.iter().map(|setting| setting.key).collect();
    Some(keys).filter(|keys| !keys.is_empty())
}

/// Returns the drill of a check; `None` without one.
pub(super) fn drill(check: &CheckView<'_>) -> Option<Fields> {
    check.drill.as_ref().map(|drill| {
        Fields::default()
            .with("behavior", drill.behavior)
            .with("until", timestamp(drill.until))
            .with_some("reason", drill.reason)
            .with_some("by", drill.by)
    })
}

/// Returns milliseconds, rounded to the microsecond.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
