//! The calls on the builder. An author could write each of them by hand.

use syn::{Expr, Ident, Type};

use super::{
    args::{BuilderKey, EndpointArgs},
    values::{BuilderValue, NamedCheck},
};
use crate::runtime_path::RuntimePath;

pub(super) struct EndpointModel {
    pub(super) runtime: RuntimePath,
    /// Crates to link for their checks.
    pub(super) crates: Vec<Ident>,
    pub(super) calls: Vec<Call>,
}

/// A call on the builder. The method has the name and the span of the key.
pub(super) struct Call {
    pub(super) method: Ident,
    pub(super) argument: CallArgument,
}

pub(super) enum CallArgument {
    /// A type with build information.
    BuildInfo(Type),
    /// Values to convert into a `Check` each. Never empty: an empty list has no type.
    Checks(Vec<Expr>),
    /// An expression that yields checks.
    CheckList(Expr),
    /// An expression that yields access rules.
    Access(Expr),
    /// An expression that yields a path.
    Path(Expr),
    /// An expression that yields `ShowDetails`, in which `public` and `hidden` are its variants.
    Details(Expr),
    /// Checks to name. Never empty: an empty list has no type.
    Names(Vec<NamedCheck>),
    Value(Expr),
}

impl EndpointModel {
    pub(super) fn new(args: EndpointArgs) -> Self {
        let calls = args.builder_keys.into_iter().flat_map(calls).collect();
        Self { runtime: args.runtime, crates: args.crates, calls }
    }
}

fn calls(BuilderKey { key, value }: BuilderKey) -> Vec<Call> {
    let arguments = match value {
        BuilderValue::BuildInfo(ty) => vec![CallArgument::BuildInfo(ty)],
        BuilderValue::Checks(checks) if checks.is_empty() => Vec::new(),
        BuilderValue::Checks(checks) => vec![CallArgument::Checks(checks)],
        BuilderValue::CheckList(list) => vec![CallArgument::CheckList(list)],
        BuilderValue::Access(access) => vec![CallArgument::Access(access)],
        BuilderValue::Path(path) => vec![CallArgument::Path(path)],
        BuilderValue::Details(details) => vec![CallArgument::Details(details)],
        BuilderValue::State(values) => values.into_iter().map(CallArgument::Value).collect(),
        BuilderValue::Names(names) if names.is_empty() => Vec::new(),
        BuilderValue::Names(names) => vec![CallArgument::Names(names)],
        BuilderValue::Other(value) => vec![CallArgument::Value(value)],
    };
    arguments.into_iter().map(|argument| Call { method: key.clone(), argument }).collect()
}
