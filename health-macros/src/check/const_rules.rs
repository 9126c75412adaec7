//! The rules for values that are paths to constants: the compiler evaluates them, with the messages of the other rules.

use proc_macro2::Span;
use syn::spanned::Spanned as _;

use super::{
    args::{CheckArgs, Given, Kind, Setting, Value},
    key_table::{LIVENESS_IS_FOR_LEVEL_5, STALE_TOO_SOON, given_timeout, no_pass_takes_so_long},
};
use crate::source::source;

/// A condition on constants that the compiler evaluates.
pub(super) struct ConstRule {
    /// The function of the runtime that returns whether the rule is kept.
    pub(super) function: &'static str,
    pub(super) arguments: Vec<Argument>,
    pub(super) message: String,
    /// The token to change.
    pub(super) place: Span,
}

/// An argument of a condition.
pub(super) enum Argument {
    Level(Given<u8>),
    Duration(Given<std::time::Duration>),
}

/// Returns the rules that the macro cannot check, because a value is the path of a constant.
pub(super) fn const_rules(args: &CheckArgs) -> Vec<ConstRule> {
    args.settings.iter().flat_map(|setting| [alone(setting), with_others(setting, args)]).flatten().collect()
}

fn alone(setting: &Setting) -> Option<ConstRule> {
    let (Kind::DurationAboveZero, Value::Duration(Given::Constant(constant))) = (setting.kind, &setting.value) else {
        return None;
    };
    Some(ConstRule {
        function: "is_above_zero",
        arguments: vec![Argument::Duration(Given::Constant(constant.clone()))],
        message: format!(
            "`{}` cannot be zero, which `{}` is; name another constant, or write a duration in quotes",
            setting.key,
            source(&constant.path)
        ),
        place: constant.path.span(),
    })
}

fn with_others(setting: &Setting, args: &CheckArgs) -> Option<ConstRule> {
    let zero = || Given::Literal(std::time::Duration::ZERO);
    let rule = |function, durations: Vec<Given<_>>, message: &str| {
        let is_constant = durations.iter().any(|duration| matches!(duration, Given::Constant(_)));
        let arguments = durations.into_iter().map(Argument::Duration).collect();
        is_constant.then(|| ConstRule { function, arguments, message: message.to_owned(), place: setting.key.span() })
    };
    match (setting.key.to_string().as_str(), &setting.value) {
        ("liveness", Value::Group(true)) => match args.given_level()? {
            Given::Literal(_) => None,
            Given::Constant(constant) => Some(ConstRule {
                function: "is_level_5",
                message: format!("`{}` is another level than 5; {LIVENESS_IS_FOR_LEVEL_5}", source(&constant.path)),
                arguments: vec![Argument::Level(Given::Constant(constant))],
                place: setting.key.span(),
            }),
        },
        ("degraded_after", Value::Duration(degraded_after)) => {
            rule("is_shorter", vec![degraded_after.clone(), given_timeout(args)?], &no_pass_takes_so_long(args))
        }
        ("stale_after", Value::Duration(stale_after)) => {
            let interval = args.given_duration("interval")?;
            let retry_interval = args.given_duration("retry_interval").unwrap_or_else(zero);
            let timeout = given_timeout(args).unwrap_or_else(zero);
            rule("outlasts", vec![stale_after.clone(), interval, retry_interval, timeout], STALE_TOO_SOON)
        }
        _ => None,
    }
}
