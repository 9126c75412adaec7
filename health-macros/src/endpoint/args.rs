//! Reads `health_endpoint! { … }`: the keys, and their values by the readers of `values`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, ExprLit, Ident, Lit, Result, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use super::{crates, foreign_words::FOREIGN_WORDS, values, values::BuilderValue};
use crate::{diagnostics::Diagnostics, keys::Keys, runtime_path::RuntimePath, source::source};

pub(super) const KNOWN_KEYS: [&str; 11] = [
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
];

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

impl EndpointArgs {
    /// Reads `path::to::runtime; key: value, …`. The path comes from the `macro_rules!` of the runtime.
    pub(super) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let parse = |input: ParseStream| {
            let runtime = input.parse()?;
            input.parse::<Token![;]>()?;
            let mut args = Self { runtime, crates: Vec::new(), builder_keys: Vec::new() };
            let mut keys = Keys::new(KNOWN_KEYS, FOREIGN_WORDS);
            while !input.is_empty() {
                if diagnostics.note(args.read(input, &mut keys)).is_none() {
                    skip_to_next(input)?;
                }
                if input.parse::<Option<Token![,]>>()?.is_none() {
                    input.parse::<Option<Token![;]>>()?;
                }
            }
            Ok(args)
        };
        parse.parse2(input).unwrap_or_else(|error| {
            diagnostics.push(error);
            Self { runtime: RuntimePath::default(), crates: Vec::new(), builder_keys: Vec::new() }
        })
    }

    /// Reads one key with its value, up to the comma.
    fn read(&mut self, input: ParseStream, keys: &mut Keys) -> Result<()> {
        let key = Ident::parse_any(input).map_err(|error| Error::new(error.span(), key_missing(input)))?;
        keys.admit(&key)?;
        let name = key.to_string();
        let ends = |input: ParseStream| input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]);
        let sign = if ends(input) { Ok(()) } else { sign(input, &name) };
        if ends(input) {
            sign?;
            let example = values::example(&name);
            return Err(Error::new(
                key.span(),
                format!("the value of `{key}` is missing; write for example `{example}`"),
            ));
        }
        let value = match name.as_str() {
            "crates" => {
                let found = crates::parse(input, &name)?;
                let prefixes = crates::prefixes(&found).map(BuilderValue::Other);
                self.crates.extend(found.into_iter().map(|found| found.name));
                prefixes
            }
            "enable" => Some(BuilderValue::Names(values::names(input, &name)?)),
            "enable_crates" => {
                let found = crates::parse(input, &name)?;
                let names = crates::names(&found).map(BuilderValue::Other);
                self.crates.extend(found.into_iter().map(|found| found.name));
                names
            }
            "build_info" => Some(BuilderValue::BuildInfo(values::build_info(input)?)),
            "checks" => Some(values::checks(input)?),
            "state" => Some(BuilderValue::State(values::state(input)?)),
            "details" => Some(BuilderValue::Details(values::details(input)?)),
            "access" => Some(BuilderValue::Access(values::access(input)?)),
            "base_path" => Some(BuilderValue::Path(values::path(&name, input)?)),
            "levels_path" => Some(BuilderValue::Other(values::path(&name, input)?)),
            _ => Some(BuilderValue::Other(input.parse()?)),
        };
        self.builder_keys.extend(value.map(|value| BuilderKey { key, value }));
        sign?;
        if input.is_empty() || input.peek(Token![,]) {
            Ok(())
        } else if input.peek(Token![;]) {
            Err(input.error("`;` is not valid here; write `,`"))
        } else {
            Err(input.error("a `,` is missing before this"))
        }
    }
}

/// Returns the message for a value without its key.
fn key_missing(input: ParseStream) -> String {
    let value = input.fork().parse::<Expr>();
    let meant = match &value {
        Ok(Expr::Lit(ExprLit { lit: Lit::Str(_), .. })) => format!("`base_path: {}`", source(&value.ok())),
        Ok(Expr::Array(_)) => format!("`state: {}`", source(&value.ok())),
        _ => format!("one of the keys `{}`", KNOWN_KEYS.join("`, `")),
    };
    format!("a key is missing; write {meant}")
}

/// Reads the `:` behind a key. A sign of another syntax is an error, and the value behind it is still read.
fn sign(input: ParseStream, key: &str) -> Result<()> {
    let example = values::example(key);
    if input.peek(Token![:]) {
        return input.parse::<Token![:]>().map(drop);
    }
    if input.peek(Token![=>]) {
        let sign = input.parse::<Token![=>]>()?;
        return Err(Error::new_spanned(sign, format!("`=>` is not valid here; write `{key}: …`")));
    }
    if input.peek(Token![=]) {
        let sign = input.parse::<Token![=]>()?;
        return Err(Error::new_spanned(sign, format!("`=` is not valid here; write `{key}: …`")));
    }
    Err(input.error(format!("a `:` is missing before this; write for example `{example}`")))
}

/// Skips the rest of an unreadable value, up to a comma before another key, or to the end.
fn skip_to_next(input: ParseStream) -> Result<()> {
    while !input.is_empty() {
        if input.peek(Token![,]) || input.peek(Token![;]) {
            let ahead = input.fork();
            ahead.parse::<TokenTree>()?;
            let is_key = ahead.peek(Ident::peek_any)
                && (ahead.peek2(Token![=]) || (ahead.peek2(Token![:]) && !ahead.peek2(Token![::])));
            if ahead.is_empty() || is_key {
                return Ok(());
            }
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
