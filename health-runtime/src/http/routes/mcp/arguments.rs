//! Arguments of a tool.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::{
    model::{Group, Level},
    suggest::nearest,
    time::parse_duration,
};

/// The arguments of a call, of which all mistakes are reported together.
#[derive(Debug)]
pub(super) struct ToolArguments {
    given: Map<String, Value>,
    known: Vec<&'static str>,
    mistakes: Vec<String>,
}

impl ToolArguments {
    pub(super) const fn new(given: Map<String, Value>) -> Self {
        Self { given, known: Vec::new(), mistakes: Vec::new() }
    }

    /// Takes an argument; `null` counts as left out.
    fn take<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        self.known.push(name);
        let value = self.given.remove(name).filter(|value| !value.is_null())?;
        read(&value).map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, |value| {
            let text = value.as_str().filter(|text| !text.is_empty());
            text.map(ToOwned::to_owned).ok_or_else(|| format!("`{name}` must be a text that is not empty"))
        })
    }

    /// Takes a text that has to be there.
    pub(super) fn required_text(&mut self, name: &'static str) -> String {
        let is_missing = self.given.get(name).is_none_or(Value::is_null);
        if is_missing {
            self.mistakes.push(format!("`{name}` is missing"));
        }
        self.text(name).unwrap_or_default()
    }

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

    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let flag = self.take(name, |value| value.as_bool().ok_or_else(|| format!("`{name}` must be true or false")));
        flag.unwrap_or(default)
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

    /// Adds a mistake.
    pub(super) fn mistake(&mut self, mistake: &str) {
        self.mistakes.push(mistake.to_owned());
    }

    /// Returns all mistakes; to be called after every argument was taken.
    pub(super) fn finish(mut self) -> Result<(), String> {
        for name in self.given.keys() {
            let known = self.known.iter().copied();
            let advice = match nearest(name, known.clone()) {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None if self.known.is_empty() => "; this tool takes none".to_owned(),
                None => format!("; the arguments are `{}`", known.collect::<Vec<_>>().join("`, `")),
            };
            self.mistakes.push(format!("there is no argument {name:?}{advice}"));
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(self.mistakes.join("\n")) }
    }
}
