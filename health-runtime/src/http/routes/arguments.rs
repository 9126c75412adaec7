//! The arguments of an operation or a tool: an object of JSON.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::{suggest::nearest, text::is_unprintable, time::parse_duration};

const MAX_REASON_CHARS: usize = 256;

/// Arguments, of which all mistakes are reported together.
#[derive(Debug)]
pub(super) struct JsonArguments {
    given: Map<String, Value>,
    known: Vec<&'static str>,
    mistakes: Vec<String>,
}

impl JsonArguments {
    pub(super) const fn new(given: Map<String, Value>) -> Self {
        Self { given, known: Vec::new(), mistakes: Vec::new() }
    }

    /// Takes an argument; `null` counts as left out.
    pub(super) fn take<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        self.known.push(name);
        let value = self.given.remove(name).filter(|value| !value.is_null())?;
        read(&value).map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    /// Takes an argument that has to be there.
    fn require<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        if self.given.get(name).is_none_or(Value::is_null) {
            self.mistakes.push(format!("`{name}` is missing"));
        }
        self.take(name, read)
    }

    #[cfg_attr(not(feature = "mcp"), allow(dead_code, reason = "only tools have such texts"))]
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, |value| text_of(name, value).map(ToOwned::to_owned))
    }

    /// Takes a text that has to be there.
    #[cfg_attr(not(feature = "mcp"), allow(dead_code, reason = "only tools have such texts"))]
    pub(super) fn required_text(&mut self, name: &'static str) -> String {
        self.require(name, |value| text_of(name, value).map(ToOwned::to_owned)).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let flag = self.take(name, |value| value.as_bool().ok_or_else(|| format!("`{name}` must be true or false")));
        flag.unwrap_or(default)
    }

    /// Takes a word that has to be there, and its meaning.
    pub(super) fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.require(name, |value| {
            let meant = words.iter().find(|(word, _)| value.as_str() == Some(word));
            let all = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join("`, `");
            meant.map(|(_, meaning)| *meaning).ok_or_else(|| format!("`{name}` must be one of `{}`", all()))
        })
    }

    /// Takes the time that something lasts, from a second up to `max`.
    pub(super) fn lasting(&mut self, name: &'static str, max: Duration) -> Duration {
        self.require(name, |value| duration_of(name, value, Duration::from_secs(1), max)).unwrap_or_default()
    }

    /// Takes the time by which something is late, up to `max`.
    pub(super) fn delay(&mut self, name: &'static str, max: Duration) -> Option<Duration> {
        self.take(name, |value| duration_of(name, value, Duration::from_millis(1), max))
    }

    /// Takes a reason for everybody who sees the check: one line that shows all of its characters.
    pub(super) fn reason(&mut self, name: &'static str) -> String {
        let reason = self.require(name, |value| {
            let reason = text_of(name, value)?.trim();
            if reason.is_empty() {
                Err(format!("`{name}` must be a text that is not empty"))
            } else if reason.chars().count() > MAX_REASON_CHARS {
                Err(format!("`{name}` is longer than {MAX_REASON_CHARS} characters"))
            } else if reason.contains(is_unprintable) {
                Err(format!("`{name}` has control characters or invisible ones; write one line of plain text"))
            } else {
                Ok(reason.to_owned())
            }
        });
        reason.unwrap_or_default()
    }

    /// Adds a mistake.
    pub(super) fn mistake(&mut self, mistake: &str) {
        self.mistakes.push(mistake.to_owned());
    }

    /// Returns all mistakes; to be called after every argument was taken.
    pub(super) fn finish(mut self) -> Result<(), Vec<String>> {
        for name in self.given.keys() {
            let known = self.known.iter().copied();
            let advice = match nearest(name, known.clone()) {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None if self.known.is_empty() => "; leave it out".to_owned(),
                None => format!("; the arguments are `{}`", known.collect::<Vec<_>>().join("`, `")),
            };
            self.mistakes.push(format!("there is no argument {name:?}{advice}"));
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(self.mistakes) }
    }
}

fn duration_of(name: &str, value: &Value, min: Duration, max: Duration) -> Result<Duration, String> {
    let duration = parse_duration(text_of(name, value)?).map_err(|fault| format!("`{name}`: {fault}"))?;
    let [shortest, longest] = [min, max].map(humantime::format_duration);
    let is_in_range = (min..=max).contains(&duration);
    is_in_range.then_some(duration).ok_or_else(|| format!("`{name}` must be between `{shortest}` and `{longest}`"))
}

fn text_of<'a>(name: &str, value: &'a Value) -> Result<&'a str, String> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("`{name}` must be a text that is not empty"))
}
