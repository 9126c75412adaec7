//! The keys of `#[health_check]`, and the rules that take more than one of them.
//!
//! A new key takes an entry here, its field, setter and getter in `model/check/` of the runtime, its
//! start-up rule in `model/check/rules.rs`, and a row in `health-runtime/docs/health_check_keys.md`.

use std::time::Duration;

use humantime::format_duration;
use syn::{Error, Result};

use super::args::{CheckArgs, Given, Key, Kind, Rule, Setting, Subject, Value};
use crate::{check_path::CheckReference, source::source};

pub(super) const KEYS: &[Key] = &[
    key("level", Kind::Level),
    key("name", Kind::Name),
    key("timeout", Kind::DurationAboveZero),
    key("critical", Kind::Boolean),
    key_with_rule("liveness", Kind::Group, is_at_level_5),
    key("readiness", Kind::Group),
    key("startup", Kind::Group),
    key_with_rule("depends_on", Kind::Checks, names_other_checks),
    key_with_rule("max_age", Kind::Duration, has_no_interval),
    key("interval", Kind::DurationAboveZero),
    key_with_rule("retry_interval", Kind::DurationAboveZero, has_interval),
    key_with_rule("stale_after", Kind::DurationAboveZero, outlasts_interval),
    key_with_rule("fleet", Kind::Flag, runs_for_fleet),
    key("failure_threshold", Kind::Count),
    key("success_threshold", Kind::Count),
    key_with_rule("hold", Kind::DurationAboveZero, is_in_readiness),
    key_with_rule("degraded_after", Kind::DurationAboveZero, is_shorter_than_timeout),
    key("flatten", Kind::Flag),
    key("tags", Kind::Words),
    key("display", Kind::Text("Orders database")),
    key("owner", Kind::Text("payments")),
    key("runbook", Kind::Runbook),
    key("off", Kind::Flag),
    key("crate", Kind::RuntimePath),
];

pub(super) const LIVENESS_IS_FOR_LEVEL_5: &str = "`liveness` is for level 5 only, because a liveness check that reaches outside \
     the process restarts the whole fleet when a dependency fails; use `readiness`";
pub(super) const LIVENESS_DEPENDS_DEEPER: &str = "a `liveness` check cannot depend, even transitively, on a check of another level than 5, because \
     its failure would restart the whole fleet; remove the dependency, or use `readiness`";
/// The default timeouts of the levels 1 to 5, in seconds. The runtime has the same numbers.
const DEFAULT_TIMEOUT_SECONDS: [u64; 5] = [10, 5, 5, 2, 1];
pub(super) const STALE_TOO_SOON: &str = "a result is stale before the next one can arrive; make `stale_after` longer than the \
     longest interval, a tenth of it and the timeout";

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, rule: None }
}

const fn key_with_rule(name: &'static str, kind: Kind, rule: Rule) -> Key {
    Key { name, kind, rule: Some(rule) }
}

/// Returns an error on the key, unless the rule is kept.
fn ensure(is_kept: bool, setting: &Setting, message: &str) -> Result<()> {
    if is_kept { Ok(()) } else { Err(Error::new(setting.key.span(), message)) }
}

fn is_at_level_5(setting: &Setting, args: &CheckArgs, _: &Subject<'_>) -> Result<()> {
    let is_deep = matches!((&setting.value, args.level()), (Value::Group(true), Some(1..=4)));
    ensure(!is_deep, setting, LIVENESS_IS_FOR_LEVEL_5)
}

fn names_other_checks(setting: &Setting, _: &CheckArgs, subject: &Subject<'_>) -> Result<()> {
    let Value::Checks(checks) = &setting.value else { return Ok(()) };
    // The compiler finds the circle of a longer path.
    let is_itself = |other: &&CheckReference| match other {
        CheckReference::Name(name) => name.value() == subject.name,
        CheckReference::Path(path) => path.is(subject.callable),
    };
    match checks.iter().find(is_itself) {
        None => Ok(()),
        Some(itself) => {
            let message = format!("`{}` cannot depend on itself; name another check, or remove it", subject.name);
            Err(Error::new_spanned(itself, message))
        }
    }
}

fn has_no_interval(setting: &Setting, args: &CheckArgs, _: &Subject<'_>) -> Result<()> {
    let message = "`max_age` has no meaning beside `interval`, because requests only read the results of a background check; remove \
                   one of them";
    ensure(args.value("interval").is_none(), setting, message)
}

fn has_interval(setting: &Setting, args: &CheckArgs, _: &Subject<'_>) -> Result<()> {
    let message = format!(
        "`{0}` is for checks that run in the background; add for example `interval = \"30s\"`, or remove `{0}`",
        setting.key
    );
    ensure(!args.lacks("interval"), setting, &message)
}

/// A flag has no other value than `true`.
fn runs_for_fleet(setting: &Setting, args: &CheckArgs, subject: &Subject<'_>) -> Result<()> {
    has_interval(setting, args, subject)?;
    let is_in = |group| matches!(args.value(group), Some(Value::Group(true)));
    let group = ["liveness", "startup"].into_iter().find(|group| is_in(group));
    let message = format!(
        "`fleet` shares one result among all instances, and `{}` is about this instance alone; write `readiness`, or remove `fleet`",
        group.unwrap_or_default()
    );
    ensure(group.is_none(), setting, &message)
}

fn outlasts_interval(setting: &Setting, args: &CheckArgs, subject: &Subject<'_>) -> Result<()> {
    has_interval(setting, args, subject)?;
    let (Some(stale_after), Some(interval)) = (args.duration("stale_after"), args.duration("interval")) else {
        return Ok(());
    };
    let longest = args.duration("retry_interval").unwrap_or_default().max(interval);
    let timeout = timeout(args);
    let apart = longest.saturating_add(longest / 10).saturating_add(timeout.unwrap_or_default());
    let default = if args.lacks("timeout") { args.level() } else { None };
    let of_level = default.map(|level| format!(" of level {level}")).unwrap_or_default();
    // Without a literal timeout, the compiler or the start checks the sum.
    let (shown_timeout, advice) = match (timeout, given_timeout(args)) {
        (None, Some(Given::Constant(constant))) => {
            let path = source(&constant.path);
            let advice = format!("make it longer than {} and `{path}` together", format_duration(apart));
            (format!(" (`{path}`)"), advice)
        }
        (None, _) => (String::new(), "make it longer than their sum".to_owned()),
        (Some(timeout), _) => {
            let longer = format_duration(Duration::from_secs(apart.as_secs().saturating_add(1)));
            (format!(" ({})", format_duration(timeout)), format!("write for example `stale_after = \"{longer}\"`"))
        }
    };
    let message = format!(
        "`stale_after` of {} is too short, because the longest interval ({}), a tenth of it ({}) and the timeout{of_level}{shown_timeout} \
         may pass between two results; {advice}",
        format_duration(stale_after),
        format_duration(longest),
        format_duration(longest / 10),
    );
    ensure(stale_after > apart, setting, &message)
}

/// Returns the timeout, or the default one of the level, unless a constant decides it.
fn timeout(args: &CheckArgs) -> Option<Duration> {
    match given_timeout(args)? {
        Given::Literal(timeout) => Some(timeout),
        Given::Constant(_) => None,
    }
}

/// Returns the timeout, or the default one of a literal level.
pub(super) fn given_timeout(args: &CheckArgs) -> Option<Given<Duration>> {
    if !args.lacks("timeout") {
        return args.given_duration("timeout");
    }
    let seconds = DEFAULT_TIMEOUT_SECONDS[usize::from(args.level()?) - 1];
    Some(Given::Literal(Duration::from_secs(seconds)))
}

fn is_in_readiness(setting: &Setting, args: &CheckArgs, _: &Subject<'_>) -> Result<()> {
    let is_out = matches!(args.value("readiness"), Some(Value::Group(false))) || args.lacks("readiness");
    let message = "`hold` delays the failure of readiness; add `readiness`, or remove `hold`";
    ensure(!is_out, setting, message)
}

fn is_shorter_than_timeout(setting: &Setting, args: &CheckArgs, _: &Subject<'_>) -> Result<()> {
    let (Some(degraded_after), Some(timeout)) = (args.duration("degraded_after"), timeout(args)) else { return Ok(()) };
    ensure(degraded_after < timeout, setting, &no_pass_takes_so_long(args))
}

/// Returns the message for a `degraded_after` that is not shorter than the timeout.
pub(super) fn no_pass_takes_so_long(args: &CheckArgs) -> String {
    let shown = |given| match given {
        Given::Literal(duration) => format_duration(duration).to_string(),
        Given::Constant(constant) => format!("as long as `{}`", source(&constant.path)),
    };
    let taken = args.given_duration("degraded_after").map(shown).unwrap_or_default();
    let timeout = given_timeout(args).map(shown).unwrap_or_default();
    let timeout = match args.level() {
        Some(level) if args.lacks("timeout") => format!("the timeout of level {level} is {timeout}"),
        _ => format!("the `timeout` is {timeout}"),
    };
    format!("no pass can take {taken}, because {timeout}; write a shorter `degraded_after`, or a longer `timeout`")
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_TIMEOUT_SECONDS, KEYS};

    #[test]
    fn default_timeouts_are_those_of_the_runtime() {
        let source = include_str!("../../../health-runtime/src/model/level.rs");
        let (_, body) = source.split_once("fn default_timeout").unwrap();
        let arms = body.lines().skip(1).filter_map(|line| line.trim().trim_end_matches(',').split_once(" => "));
        let mut found = [0; 5];
        for (levels, seconds) in arms.take_while(|(levels, _)| levels.starts_with("Self::L")) {
            for level in levels.split(" | ") {
                let level: usize = level.trim_start_matches("Self::L").parse().unwrap();
                found[level - 1] = seconds.parse().unwrap();
            }
        }
        assert_eq!(found, DEFAULT_TIMEOUT_SECONDS);
    }

    #[test]
    fn table_of_the_documentation_has_every_key_in_order() {
        let table = include_str!("../../../health-runtime/docs/health_check_keys.md");
        let cells = table.lines().skip(2).filter_map(|line| line.split('|').nth(1));
        let documented: Vec<&str> = cells
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .filter_map(|code| code.split([' ', '(']).next())
            .collect();
        let mut keys = KEYS.iter().map(|key| key.name);
        for name in &documented {
            assert!(name.parse::<u8>().is_ok() || keys.next() == Some(name), "`{name}` of {documented:?}");
        }
        assert_eq!(keys.next(), None, "{documented:?}");
    }
}
