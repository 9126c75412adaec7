//! The keys of `#[health_check]`, and the rules that take more than one of them.
//!
//! A new key takes an entry here, its field, setter and getter in `model/check.rs` of the runtime, its
//! start-up rule in `model/check_rules.rs`, and a row in `health-runtime/docs/health_check_keys.md`.

use syn::{Error, Result};

use super::args::{CheckArgs, Key, Kind, Rule, Setting, Value};

pub(super) const KEYS: &[Key] = &[
    key("level", Kind::Level),
    key("name", Kind::Name),
    key("timeout", Kind::DurationAboveZero),
    key("critical", Kind::Boolean),
    key_with_rule("liveness", Kind::Group, is_at_level_5),
    key("readiness", Kind::Group),
    key("startup", Kind::Group),
    key_with_rule("depends_on", Kind::Words, names_other_checks),
    key_with_rule("max_age", Kind::Duration, has_no_interval),
    key("interval", Kind::DurationAboveZero),
    key_with_rule("retry_interval", Kind::DurationAboveZero, has_interval),
    key_with_rule("stale_after", Kind::DurationAboveZero, outlasts_interval),
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
pub(super) const NO_PASS_TAKES_SO_LONG: &str =
    "no pass can take this long; make `degraded_after` shorter than the `timeout`";
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

fn is_at_level_5(setting: &Setting, args: &CheckArgs, _: &str) -> Result<()> {
    let is_deep = matches!((&setting.value, args.level()), (Value::Group(true), Some(1..=4)));
    ensure(!is_deep, setting, LIVENESS_IS_FOR_LEVEL_5)
}

fn names_other_checks(setting: &Setting, _: &CheckArgs, check: &str) -> Result<()> {
    let Value::Words(names) = &setting.value else { return Ok(()) };
    match names.iter().find(|name| name.value() == check) {
        None => Ok(()),
        Some(name) => {
            let message = format!("`{check}` cannot depend on itself; name another check, or remove it");
            Err(Error::new(name.span(), message))
        }
    }
}

fn has_no_interval(setting: &Setting, args: &CheckArgs, _: &str) -> Result<()> {
    let message = "`max_age` has no meaning beside `interval`, because requests only read the results of a background check; remove \
                   one of them";
    ensure(args.value("interval").is_none(), setting, message)
}

fn has_interval(setting: &Setting, args: &CheckArgs, _: &str) -> Result<()> {
    let message = format!("`{}` is for background checks; add an `interval`", setting.key);
    ensure(!args.lacks("interval"), setting, &message)
}

fn outlasts_interval(setting: &Setting, args: &CheckArgs, check: &str) -> Result<()> {
    has_interval(setting, args, check)?;
    let (Some(stale_after), Some(interval)) = (args.duration("stale_after"), args.duration("interval")) else {
        return Ok(());
    };
    let longest = args.duration("retry_interval").unwrap_or_default().max(interval);
    // The runtime adds the default timeout of the level, and checks the sum at start.
    let timeout = args.duration("timeout");
    let apart = longest.saturating_add(longest / 10).saturating_add(timeout.unwrap_or_default());
    let more_than = if timeout.is_some() { "" } else { "more than " };
    let message = format!("{STALE_TOO_SOON}, which is {more_than}{apart:?}");
    ensure(stale_after > apart, setting, &message)
}

fn is_in_readiness(setting: &Setting, args: &CheckArgs, _: &str) -> Result<()> {
    let is_out = matches!(args.value("readiness"), Some(Value::Group(false))) || args.lacks("readiness");
    let message = "`hold` delays the failure of readiness; add `readiness`, or remove it";
    ensure(!is_out, setting, message)
}

fn is_shorter_than_timeout(setting: &Setting, args: &CheckArgs, _: &str) -> Result<()> {
    // The runtime checks the default timeouts of the levels at start.
    let durations = (args.duration("degraded_after"), args.duration("timeout"));
    let is_shorter = !matches!(durations, (Some(degraded_after), Some(timeout)) if degraded_after >= timeout);
    ensure(is_shorter, setting, NO_PASS_TAKES_SO_LONG)
}

#[cfg(test)]
mod tests {
    use super::KEYS;

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
