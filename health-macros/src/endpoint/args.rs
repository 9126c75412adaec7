//! Reads `health_endpoint! { … }`, each value on its own.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, Ident, Result, Token, Type,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use super::crates;
use crate::{diagnostics::Diagnostics, keys::Keys, runtime_path::RuntimePath};

const KNOWN_KEYS: [&str; 12] = [
    "crates",
    "enable",
    "enable_crates",
    "build_info",
    "base_path",
    "levels_path",
    "state",
    "access",
    "details",
    "checks",
    "configure",
    "crate",
];

#[derive(Default)]
pub(super) struct EndpointArgs {
    pub(super) runtime: RuntimePath,
    pub(super) crates: Vec<Ident>,
    /// The keys in written order, the order in which their values are evaluated.
    pub(super) builder_keys: Vec<BuilderKey>,
}

/// A key with its value. It is the method of the same name on the builder.
pub(super) struct BuilderKey {
    pub(super) key: Ident,
    pub(super) value: BuilderValue,
}

pub(super) enum BuilderValue {
    BuildInfo(Type),
    Checks(Vec<Expr>),
    CheckList(Expr),
    Details(Expr),
    State(Vec<Expr>),
    /// A list that the builder takes as a whole.
    List(Vec<Expr>),
    /// An expression that the builder takes as it is.
    Other(Expr),
}

impl EndpointArgs {
    pub(super) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let parse = |input: ParseStream| {
            let mut args = Self::default();
            let mut keys = Keys::new(KNOWN_KEYS);
            while !input.is_empty() {
                if diagnostics.note(args.read(input, &mut keys)).is_none() {
                    skip_to_next(input)?;
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(args)
        };
        parse.parse2(input).unwrap_or_else(|error| {
            diagnostics.push(error);
            Self::default()
        })
    }

    /// Reads one key with its value, up to the comma.
    fn read(&mut self, input: ParseStream, keys: &mut Keys) -> Result<()> {
        let key = Ident::parse_any(input)
            .map_err(|error| Error::new(error.span(), "a key is missing; write for example `state: [pool]`"))?;
        keys.admit(&key)?;
        if !input.peek(Token![:]) {
            return Err(Error::new(key.span(), format!("`{key}` needs a value; write `{key}: …`")));
        }
        input.parse::<Token![:]>()?;
        let name = key.to_string();
        let value = match name.as_str() {
            "crate" => {
                self.runtime = input.parse()?;
                None
            }
            "crates" => {
                let found = crates::parse(input, &name)?;
                let prefixes = crates::prefixes(&found).map(BuilderValue::Other);
                self.crates.extend(found.into_iter().map(|found| found.name));
                prefixes
            }
            "enable" => Some(BuilderValue::List(list(input, "enable: [\"billing.queue\"]")?)),
            "enable_crates" => {
                let found = crates::parse(input, &name)?;
                let names = crates::names(&found).map(BuilderValue::Other);
                self.crates.extend(found.into_iter().map(|found| found.name));
                names
            }
            "build_info" => Some(BuilderValue::BuildInfo(input.parse()?)),
            "checks" => Some(match input.parse()? {
                Expr::Array(array) => BuilderValue::Checks(array.elems.into_iter().collect()),
                list => BuilderValue::CheckList(list),
            }),
            "state" => Some(BuilderValue::State(list(input, "state: [pool]")?)),
            "details" => Some(BuilderValue::Details(input.parse()?)),
            _ => Some(BuilderValue::Other(input.parse()?)),
        };
        self.builder_keys.extend(value.map(|value| BuilderKey { key, value }));
        if input.is_empty() || input.peek(Token![,]) {
            Ok(())
        } else {
            Err(input.error("a `,` is missing before this"))
        }
    }
}

/// Parses a list in brackets.
fn list(input: ParseStream, example: &str) -> Result<Vec<Expr>> {
    match input.parse()? {
        Expr::Array(array) => Ok(array.elems.into_iter().collect()),
        other => Err(Error::new_spanned(other, format!("not a list; write for example `{example}`"))),
    }
}

/// Skips the rest of an unreadable value, up to a comma before another key, or to the end.
fn skip_to_next(input: ParseStream) -> Result<()> {
    while !input.is_empty() {
        if input.peek(Token![,]) {
            let ahead = input.fork();
            ahead.parse::<Token![,]>()?;
            let is_key = ahead.peek(Ident::peek_any) && ahead.peek2(Token![:]) && !ahead.peek2(Token![::]);
            if ahead.is_empty() || is_key {
                return Ok(());
            }
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
