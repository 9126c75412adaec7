//! What the endpoint is made of: calls on the builder, which a person could write, too.

use syn::{Expr, Ident, Type};

use super::args::{Args, Setting, Value};
use crate::runtime_path::RuntimePath;

pub(super) struct Model {
    pub(super) runtime: RuntimePath,
    /// Crates that are linked for their checks alone.
    pub(super) crates: Vec<Ident>,
    pub(super) calls: Vec<Call>,
}

/// A call on the builder; the method is the key, as it was written.
pub(super) struct Call {
    pub(super) method: Ident,
    pub(super) argument: Argument,
}

pub(super) enum Argument {
    /// The build info that this type carries.
    BuildInfo(Type),
    /// Each made into a `Check`; never empty, because nothing would say what an empty list holds.
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

/// `public` and `hidden` are words of the macro; anything else is the author's own value.
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
