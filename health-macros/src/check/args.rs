//! Reads `#[health_check(…)]`, each value on its own.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Ident, LitStr, Result};

use super::foreign_words::FOREIGN_WORDS;
use crate::{
    argument::{Argument, split},
    diagnostics::Diagnostics,
    keys::Keys,
    runtime_path::RuntimePath,
    source::source,
};

/// A key of the attribute. It is the method of the same name on `Check`.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) rule: Option<Rule>,
}

/// Checks a value against the other values of the declaration of this check.
pub(super) type Rule = fn(&Setting, &CheckArgs, check: &str) -> Result<()>;

/// The form of a key's value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `level = 5`
    Level,
    /// `name = "…"`
    Name,
    /// `owner = "…"`, with an example of the text.
    Text(&'static str),
    /// `runbook = "https://…"`
    Runbook,
    /// `max_age = "0s"`
    Duration,
    /// `timeout = "2s"`
    DurationAboveZero,
    /// `critical = false`
    Boolean,
    /// `flatten`
    Flag,
    /// `readiness`
    Group,
    /// `failure_threshold = 3`
    Count,
    /// `tags("a", "b")`
    Words,
    /// `crate = path`
    RuntimePath,
}

/// The value of a key.
pub(super) enum Value {
    Level(u8),
    Name(LitStr),
    Text(LitStr),
    Duration(Duration),
    Boolean(bool),
    Group(bool),
    Count(u32),
    Words(Vec<LitStr>),
    RuntimePath(RuntimePath),
}

/// A key with its value.
pub(super) struct Setting {
    pub(super) key: Ident,
    pub(super) value: Value,
    pub(super) rule: Option<Rule>,
}

/// The settings in written order, without the unreadable ones.
pub(super) struct CheckArgs {
    pub(super) runtime: RuntimePath,
    pub(super) settings: Vec<Setting>,
    keys: Keys,
    is_every_key_readable: bool,
}

impl CheckArgs {
    pub(super) fn parse(input: TokenStream, table: &'static [Key], diagnostics: &mut Diagnostics) -> Self {
        let keys = Keys::new(table.iter().map(|key| key.name), FOREIGN_WORDS);
        let mut args =
            Self { runtime: RuntimePath::default(), settings: Vec::new(), keys, is_every_key_readable: true };
        for tokens in split(input) {
            let example = example(&tokens);
            let Some(argument) = diagnostics.note(Argument::read(tokens, &example)) else {
                args.is_every_key_readable = false;
                continue;
            };
            let setting = args.keys.admit(&argument.key).and_then(|index| table[index].read(argument));
            match diagnostics.note(setting) {
                Some(Setting { value: Value::RuntimePath(path), .. }) => args.runtime = path,
                setting => args.settings.extend(setting),
            }
        }
        diagnostics.note(args.runtime.check());
        args
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.settings.iter().find(|setting| setting.key == key).map(|setting| &setting.value)
    }

    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        match self.value(key) {
            Some(Value::Duration(duration)) => Some(*duration),
            _ => None,
        }
    }

    pub(super) fn name(&self) -> Option<String> {
        match self.value("name") {
            Some(Value::Name(name)) => Some(name.value()),
            _ => None,
        }
    }

    pub(super) fn level(&self) -> Option<u8> {
        match self.value("level") {
            Some(Value::Level(level)) => Some(*level),
            _ => None,
        }
    }

    /// Returns whether the key is certainly missing. A misspelt key or an unreadable argument is one mistake already.
    pub(super) fn lacks(&self, key: &str) -> bool {
        self.is_every_key_readable && !self.keys.has_seen(key)
    }
}

/// Returns an argument to write where there is no key: a number is likely the level.
fn example(tokens: &TokenStream) -> String {
    match source(tokens).trim_matches(['(', ')', '"', ';']) {
        level @ ("1" | "2" | "3" | "4" | "5") => format!("level = {level}"),
        _ => "level = 5".to_owned(),
    }
}

impl Key {
    fn read(&self, argument: Argument) -> Result<Setting> {
        argument.check_end()?;
        let value = match self.kind {
            Kind::Level => Value::Level(argument.level()?),
            Kind::Name => Value::Name(argument.text("database")?),
            Kind::Text(example) => Value::Text(argument.text(example)?),
            Kind::Runbook => Value::Text(argument.runbook()?),
            Kind::Duration => Value::Duration(argument.duration()?),
            Kind::DurationAboveZero => Value::Duration(argument.duration_above_zero()?),
            Kind::Boolean => Value::Boolean(argument.boolean()?),
            Kind::Flag => Value::Boolean(argument.flag()?),
            Kind::Group => Value::Group(argument.flag()?),
            Kind::Count => Value::Count(argument.count()?),
            Kind::Words => Value::Words(argument.words()?),
            Kind::RuntimePath => Value::RuntimePath(argument.runtime_path()?),
        };
        Ok(Setting { key: argument.key, value, rule: self.rule })
    }
}
