//! Reads `health_endpoint! { … }`, each value on its own.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, Ident, Result, Token, Type,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use crate::{diagnostics::Diagnostics, keys::Keys, runtime_path::RuntimePath};

const KNOWN_KEYS: [&str; 10] =
    ["crates", "build_info", "base_path", "levels_path", "state", "access", "details", "checks", "configure", "crate"];

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
                self.crates = list(input, "crates: [my_checks]")?.into_iter().map(crate_name).collect::<Result<_>>()?;
                None
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

fn crate_name(name: Expr) -> Result<Ident> {
    match &name {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        _ => None,
    }
    .ok_or_else(|| Error::new_spanned(name, "not the name of a crate; write it as in `Cargo.toml`, with `_` for `-`"))
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
