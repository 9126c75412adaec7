//! What stands in `#[health_check(…)]`, each value checked on its own.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::{Error, Ident, LitStr, Result};

use crate::{
    argument::{Argument, split},
    diagnostics::Diagnostics,
    keys::Keys,
    runtime_path::RuntimePath,
};

const KNOWN: &[&str] = &[
    "level",
    "name",
    "timeout",
    "critical",
    "liveness",
    "readiness",
    "startup",
    "depends_on",
    "max_age",
    "interval",
    "retry_interval",
    "stale_after",
    "failure_threshold",
    "success_threshold",
    "hold",
    "degraded_after",
    "flatten",
    "tags",
    "crate",
];

/// The values that were written; `None` and `false` for what was not, or could not be read.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "one for each flag that can be written")]
pub(super) struct Args {
    pub(super) runtime: RuntimePath,
    pub(super) level: Option<u8>,
    pub(super) name: Option<LitStr>,
    pub(super) timeout: Option<Duration>,
    pub(super) critical: Option<bool>,
    /// The key itself, for errors about it.
    pub(super) liveness: Option<Ident>,
    pub(super) readiness: bool,
    pub(super) startup: bool,
    pub(super) depends_on: Vec<LitStr>,
    pub(super) max_age: Option<Given<Duration>>,
    pub(super) interval: Option<Given<Duration>>,
    /// Whether an interval was given, be it readable or not.
    pub(super) has_interval_key: bool,
    pub(super) retry_interval: Option<Given<Duration>>,
    pub(super) stale_after: Option<Given<Duration>>,
    pub(super) failure_threshold: Option<u32>,
    pub(super) success_threshold: Option<u32>,
    pub(super) hold: Option<Given<Duration>>,
    pub(super) degraded_after: Option<Given<Duration>>,
    pub(super) flatten: bool,
    pub(super) tags: Vec<LitStr>,
}

/// A value with its key, for errors about how it goes with others.
pub(super) struct Given<T> {
    pub(super) key: Ident,
    pub(super) value: T,
}

impl<T> Given<T> {
    fn new(argument: &Argument, value: T) -> Self {
        Self { key: argument.key.clone(), value }
    }
}

impl Args {
    pub(super) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut args = Self::default();
        let mut keys = Keys::new(KNOWN);
        let mut all_have_keys = true;
        for tokens in split(input) {
            let Some(argument) = diagnostics.note(syn::parse2::<Argument>(tokens)) else {
                all_have_keys = false;
                continue;
            };
            let set = keys.admit(&argument.key).and_then(|()| argument.check_end()).and_then(|()| args.set(&argument));
            diagnostics.note(set);
        }
        // `#[health_check(5)]` is one mistake.
        if all_have_keys && !keys.has_seen("level") {
            let message = "a health check needs a level: write such as `level = 5`, from 1 (the whole ship) to 5 \
                           (cheap and always safe)";
            diagnostics.push(Error::new(Span::call_site(), message));
        }
        args.has_interval_key = keys.has_seen("interval");
        args
    }

    fn set(&mut self, argument: &Argument) -> Result<()> {
        match argument.key.to_string().as_str() {
            "level" => self.level = Some(argument.level()?),
            "name" => self.name = Some(argument.text("database")?),
            "timeout" => self.timeout = Some(argument.duration_above_zero()?),
            "critical" => self.critical = Some(argument.boolean()?),
            "liveness" => self.liveness = argument.flag()?.then(|| argument.key.clone()),
            "readiness" => self.readiness = argument.flag()?,
            "startup" => self.startup = argument.flag()?,
            "depends_on" => self.depends_on = argument.words()?,
            "max_age" => self.max_age = Some(Given::new(argument, argument.duration()?)),
            "interval" => self.interval = Some(Given::new(argument, argument.duration_above_zero()?)),
            "retry_interval" => self.retry_interval = Some(Given::new(argument, argument.duration_above_zero()?)),
            "stale_after" => self.stale_after = Some(Given::new(argument, argument.duration_above_zero()?)),
            "failure_threshold" => self.failure_threshold = Some(argument.count()?),
            "success_threshold" => self.success_threshold = Some(argument.count()?),
            "hold" => self.hold = Some(Given::new(argument, argument.duration_above_zero()?)),
            "degraded_after" => self.degraded_after = Some(Given::new(argument, argument.duration_above_zero()?)),
            "flatten" => self.flatten = argument.flag()?,
            "tags" => self.tags = argument.words()?,
            "crate" => self.runtime = argument.runtime_path()?,
            key => unreachable!("`{key}` is known and has no meaning"),
        }
        Ok(())
    }
}
