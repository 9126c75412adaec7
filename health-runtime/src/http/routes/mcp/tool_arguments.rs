//! Arguments that only tools have.

use std::time::{Duration, SystemTime};

use crate::{
    http::routes::arguments::JsonArguments,
    model::{Group, Level},
    time::parse_duration,
};

impl JsonArguments {
    pub(super) fn level(&mut self) -> Option<Level> {
        self.take("level", |value| {
            let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
            let level = number.and_then(|number| Level::try_from(number).ok());
            level.ok_or_else(|| "`level` must be a whole number from 1 (the whole service) to 5 (cheap)".to_owned())
        })
    }

    pub(super) fn group(&mut self) -> Option<Group> {
        self.take("group", |value| {
            let group = Group::ALL.into_iter().find(|group| value.as_str() == Some(group.as_str()));
            group.ok_or_else(|| "`group` must be `liveness`, `readiness` or `startup`".to_owned())
        })
    }

    /// Takes a time, or a duration back from now.
    pub(super) fn time(&mut self, name: &'static str, now: SystemTime) -> Option<SystemTime> {
        self.take(name, |value| {
            let text = value.as_str().unwrap_or_default();
            let back = |duration: Duration| now.checked_sub(duration).unwrap_or(SystemTime::UNIX_EPOCH);
            let time = humantime::parse_rfc3339(text).ok().or_else(|| parse_duration(text).ok().map(back));
            time.ok_or_else(|| {
                format!("`{name}` must be a duration such as `30m`, or a time such as `2026-11-22T10:00:00Z`")
            })
        })
    }
}
