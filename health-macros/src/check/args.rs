//! Reads `#[health_check(…)]`, each value on its own.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::{Ident, LitStr, Path, Result};

use super::foreign_words::FOREIGN_WORDS;
use crate::{
    argument::{Argument, check_separators, meant_level, split},
    check_path::{CheckPath, CheckReference},
    diagnostics::Diagnostics,
    duration,
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
pub(super) type Rule = fn(&Setting, &CheckArgs, &Subject<'_>) -> Result<()>;

/// The check that a declaration is about.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    /// The path of the function.
    pub(super) callable: &'a TokenStream,
}

/// The form of a key's value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `level = 5`, or a path
    Level,
    /// `name = "…"`
    Name,
    /// `owner = "…"`, with an example of the text.
    Text(&'static str),
    /// `runbook = "https://…"`
    Runbook,
    /// `max_age = "0s"`, or a path
    Duration,
    /// `timeout = "2s"`, or a path
    DurationAboveZero,
    /// `critical = false`
    Boolean,
    /// `flatten`
    Flag,
    /// `readiness`
    Group,
    /// `failure_threshold = 3`
    Count,
    /// `depends_on(db, "name")`
    Checks,
    /// `tags("a", "b")`
    Words,
    /// `crate = path`
    RuntimePath,
}

/// The value of a key.
pub(super) enum Value {
    Level(Given<u8>),
    Name(LitStr),
    Text(LitStr),
    Duration(Given<Duration>),
    Boolean(bool),
    Group(bool),
    Count(u32),
    Checks(Vec<CheckReference>),
    Words(Vec<LitStr>),
    RuntimePath(RuntimePath),
}

/// A value that the macro reads, or the path of a constant, which the compiler evaluates.
#[derive(Clone)]
pub(super) enum Given<T> {
    Literal(T),
    Constant(Constant),
}

/// The path of a constant, as the value of a key.
#[derive(Clone)]
pub(super) struct Constant {
    pub(super) key: Ident,
    pub(super) path: Path,
}

impl<T: Copy> Given<T> {
    const fn literal(&self) -> Option<T> {
        match self {
            Self::Literal(value) => Some(*value),
            Self::Constant(_) => None,
        }
    }
}

/// A key with its value.
pub(super) struct Setting {
    pub(super) key: Ident,
    pub(super) kind: Kind,
    pub(super) value: Value,
    pub(super) rule: Option<Rule>,
}

impl Setting {
    /// Returns the paths of checks.
    pub(super) fn paths(&self) -> impl Iterator<Item = &CheckPath> {
        let checks = if let Value::Checks(checks) = &self.value { checks.as_slice() } else { &[] };
        checks.iter().filter_map(CheckReference::path)
    }
}

/// The settings in written order, without the unreadable ones.
pub(crate) struct CheckArgs {
    /// Span of the attribute, where a missing key is reported.
    pub(super) place: Span,
    pub(super) runtime: RuntimePath,
    pub(super) settings: Vec<Setting>,
    keys: Keys,
    is_every_key_readable: bool,
}

impl CheckArgs {
    pub(super) fn parse(
        input: TokenStream,
        place: Span,
        runtime: RuntimePath,
        table: &'static [Key],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let keys = Keys::new(table.iter().map(|key| key.name), FOREIGN_WORDS);
        let mut args = Self { place, runtime, settings: Vec::new(), keys, is_every_key_readable: true };
        diagnostics.note(check_separators(&input));
        for tokens in split(input) {
            let Some(argument) = diagnostics.note(Argument::read(&tokens, example)) else {
                args.is_every_key_readable &= !example(&tokens).starts_with("level");
                continue;
            };
            let setting =
                args.keys.admit_with(&argument.key, argument.written()).and_then(|index| table[index].read(argument));
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

    /// Returns the duration of a key, unless it is the path of a constant.
    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        self.given_duration(key).and_then(|duration| duration.literal())
    }

    pub(super) fn given_duration(&self, key: &str) -> Option<Given<Duration>> {
        match self.value(key) {
            Some(Value::Duration(duration)) => Some(duration.clone()),
            _ => None,
        }
    }

    pub(super) fn name(&self) -> Option<String> {
        match self.value("name") {
            Some(Value::Name(name)) => Some(name.value()),
            _ => None,
        }
    }

    /// Returns the level, unless it is the path of a constant.
    pub(super) fn level(&self) -> Option<u8> {
        self.given_level().and_then(|level| level.literal())
    }

    pub(super) fn given_level(&self) -> Option<Given<u8>> {
        match self.value("level") {
            Some(Value::Level(level)) => Some(level.clone()),
            _ => None,
        }
    }

    /// Returns whether the key is certainly missing. A misspelt key or an unreadable argument is one mistake already.
    pub(super) fn lacks(&self, key: &str) -> bool {
        self.is_every_key_readable && !self.keys.has_seen(key)
    }
}

/// Returns an argument to write where there is no key: a number is likely the level, and another text the name.
fn example(tokens: &TokenStream) -> String {
    let written = source(tokens);
    match (meant_level(&written), syn::parse_str::<LitStr>(&written).map(|text| text.value())) {
        (Some(level), _) => format!("level = {level}"),
        (None, Ok(text)) if duration::parse(&text).is_ok() => format!("timeout = {written}` or `interval = {written}"),
        (None, Ok(text)) if !text.trim().is_empty() => format!("name = {written}"),
        _ => "level = 5".to_owned(),
    }
}

impl Key {
    fn read(&self, argument: Argument) -> Result<Setting> {
        argument.check_end()?;
        let value = match self.kind {
            Kind::Level => Value::Level(given(&argument, Argument::level)?),
            Kind::Name => Value::Name(argument.text("database")?),
            Kind::Text(example) => Value::Text(argument.label(example)?),
            Kind::Runbook => Value::Text(argument.runbook()?),
            Kind::Duration => Value::Duration(given(&argument, Argument::duration)?),
            Kind::DurationAboveZero => Value::Duration(given(&argument, Argument::duration_above_zero)?),
            Kind::Boolean => Value::Boolean(argument.boolean()?),
            Kind::Flag => Value::Boolean(argument.flag()?),
            Kind::Group => Value::Group(argument.flag()?),
            Kind::Count => Value::Count(argument.count()?),
            Kind::Checks => Value::Checks(argument.checks()?),
            Kind::Words => Value::Words(argument.words()?),
            Kind::RuntimePath => Value::RuntimePath(argument.runtime_path()?),
        };
        Ok(Setting { key: argument.key, kind: self.kind, value, rule: self.rule })
    }
}

/// Reads the path of a constant, or else a literal.
fn given<T>(argument: &Argument, literal: fn(&Argument) -> Result<T>) -> Result<Given<T>> {
    match argument.constant() {
        Some(path) => Ok(Given::Constant(Constant { key: argument.key.clone(), path })),
        None => literal(argument).map(Given::Literal),
    }
}
