//! The calls on the builder. An author could write each of them by hand.

use syn::{Expr, Ident, Type};

use super::args::{Args, Setting, Value};
use crate::runtime_path::RuntimePath;

pub(super) struct Model {
    pub(super) runtime: RuntimePath,
    /// Crates to link for their checks.
    pub(super) crates: Vec<Ident>,
    pub(super) calls: Vec<Call>,
}

/// A call on the builder. The method has the name and the span of the key.
pub(super) struct Call {
    pub(super) method: Ident,
    pub(super) argument: Argument,
}

pub(super) enum Argument {
    /// A type with build information.
    BuildInfo(Type),
    /// Values to convert into a `Check` each. Never empty: an empty list has no type.
    Checks(Vec<Expr>),
    /// An expression that yields checks.
    CheckList(Expr),
    /// A variant of `ShowDetails`.
    ShowDetails(&'static str),
    Value(Expr),
}

impl Model {
    pub(super) fn new(args: Args) -> Self {
        let calls = args.settings.into_iter().flat_map(calls).collect();
        Self { runtime: args.runtime, crates: args.crates, calls }
    }
}

fn calls(Setting { key, value }: Setting) -> Vec<Call> {
    let arguments = match value {
        Value::BuildInfo(ty) => vec![Argument::BuildInfo(ty)],
        Value::Checks(checks) if checks.is_empty() => Vec::new(),
        Value::Checks(checks) => vec![Argument::Checks(checks)],
        Value::CheckList(list) => vec![Argument::CheckList(list)],
        Value::Details(details) => vec![show_details(details)],
        Value::State(values) => values.into_iter().map(Argument::Value).collect(),
        Value::Other(value) => vec![Argument::Value(value)],
    };
    arguments.into_iter().map(|argument| Call { method: key.clone(), argument }).collect()
}

/// Translates the words `public` and `hidden`. Anything else is an expression of the author.
fn show_details(details: Expr) -> Argument {
    let word = |word: &str| matches!(&details, Expr::Path(path) if path.path.is_ident(word));
    if word("public") {
        Argument::ShowDetails("Always")
    } else if word("hidden") {
        Argument::ShowDetails("Never")
    } else {
        Argument::Value(details)
    }
}
