//! Reads `health_endpoint! { … }`, each value on its own.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, Ident, Result, Token, Type,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use crate::{diagnostics::Diagnostics, keys::Keys, runtime_path::RuntimePath};

const KNOWN: [&str; 10] =
    ["crates", "build_info", "base_path", "levels_path", "state", "access", "details", "checks", "configure", "crate"];

#[derive(Default)]
pub(super) struct Args {
    pub(super) runtime: RuntimePath,
    pub(super) crates: Vec<Ident>,
    /// The keys in written order, the order in which their values are evaluated.
    pub(super) settings: Vec<Setting>,
}

/// A key with its value. It is the method of the same name on the builder.
pub(super) struct Setting {
    pub(super) key: Ident,
    pub(super) value: Value,
}

pub(super) enum Value {
    BuildInfo(Type),
    Checks(Vec<Expr>),
    CheckList(Expr),
    Details(Expr),
    State(Vec<Expr>),
    /// An expression that the builder takes as it is.
    Other(Expr),
}

impl Args {
    pub(super) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let parse = |input: ParseStream| {
            let mut args = Self::default();
            let mut keys = Keys::new(KNOWN);
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
            .map_err(|error| Error::new(error.span(), "a key is missing here, such as `state: [pool]`"))?;
        keys.admit(&key)?;
        if !input.peek(Token![:]) {
            return Err(Error::new(key.span(), format!("`{key}` needs a value: write `{key}: …`")));
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
            "build_info" => Some(Value::BuildInfo(input.parse()?)),
            "checks" => Some(match input.parse()? {
                Expr::Array(array) => Value::Checks(array.elems.into_iter().collect()),
                list => Value::CheckList(list),
            }),
            "state" => Some(Value::State(list(input, "state: [pool]")?)),
            "details" => Some(Value::Details(input.parse()?)),
            _ => Some(Value::Other(input.parse()?)),
        };
        self.settings.extend(value.map(|value| Setting { key, value }));
        if input.is_empty() || input.peek(Token![,]) {
            Ok(())
        } else {
            Err(input.error("there is a `,` missing before this"))
        }
    }
}

/// Parses a list in brackets.
fn list(input: ParseStream, example: &str) -> Result<Vec<Expr>> {
    match input.parse()? {
        Expr::Array(array) => Ok(array.elems.into_iter().collect()),
        other => Err(Error::new_spanned(other, format!("this takes a list: write such as `{example}`"))),
    }
}

fn crate_name(name: Expr) -> Result<Ident> {
    match &name {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        _ => None,
    }
    .ok_or_else(|| {
        Error::new_spanned(name, "`crates` takes names of crates, as they stand in `Cargo.toml`, with `_` for `-`")
    })
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
