//! Reads `health_endpoint! { … }`: the keys, and their values by the readers of `values`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, ExprLit, Ident, Lit, Result, Token, bracketed,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use super::{configure, crates, foreign_words::FOREIGN_WORDS, paths, values, values::BuilderValue};
use crate::{diagnostics::Diagnostics, keys::Keys, runtime_path::RuntimePath, source::source};

pub(super) const KNOWN_KEYS: [&str; 13] = [
    "crates",
    "enable",
    "enable_crates",
    "build_info",
    "base_path",
    "levels_path",
    "state",
    "access",
    "details",
    "fleet",
    "checks",
    "overrides",
    "configure",
];

#[derive(Default)]
pub(super) struct EndpointArgs {
    pub(super) runtime: RuntimePath,
    pub(super) crates: Vec<Ident>,
    /// The keys in written order, the order in which their values are evaluated.
    pub(super) builder_keys: Vec<BuilderKey>,
    /// The lists by their keys, without the brackets.
    lists: Vec<(String, String)>,
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
            let mut args = Self { runtime, ..Self::default() };
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
            Self::default()
        })
    }

    /// Reads one key with its value, up to the comma.
    fn read(&mut self, input: ParseStream, keys: &mut Keys) -> Result<()> {
        if !input.peek(Ident::peek_any) || input.peek2(Token![::]) {
            return Err(input.error(self.key_missing(input)));
        }
        let key = Ident::parse_any(input)?;
        let name = key.to_string();
        self.check_second_list(&key, input)?;
        keys.admit(&key)?;
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
            "base_path" => Some(BuilderValue::Path(paths::path(&name, input)?)),
            "levels_path" => Some(BuilderValue::Other(paths::path(&name, input)?)),
            "configure" => Some(BuilderValue::Other(configure::closure(input)?)),
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

    /// Returns an error for a second list under the same key, which keeps the values of both.
    fn check_second_list(&mut self, key: &Ident, input: ParseStream) -> Result<()> {
        let value = |input: ParseStream| {
            input.parse::<Token![:]>()?;
            let list;
            bracketed!(list in input);
            list.parse::<TokenStream>()
        };
        let Ok(list) = value(&input.fork()) else { return Ok(()) };
        let list = source(&list);
        let Some((_, first)) = self.lists.iter().find(|(name, _)| key == name) else {
            self.lists.push((key.to_string(), list));
            return Ok(());
        };
        let all = [first.trim_end_matches([',', ' ']), &list].join(", ");
        Err(Error::new(key.span(), format!("`{key}` is given twice; write one list: `{key}: [{all}]`")))
    }

    /// Returns the message for a value without its key.
    fn key_missing(&self, input: ParseStream) -> String {
        let value = input.fork().parse::<Expr>();
        let written = value.as_ref().map(source).unwrap_or_default();
        let is_of = |ty: &str| written.split("::").any(|part| part == ty);
        let levels_path = self.builder_keys.iter().find(|written| written.key == "levels_path");
        let meant = match (&value, levels_path) {
            (Ok(Expr::Lit(ExprLit { lit: Lit::Str(_), .. })), _) => format!("`base_path: {written}`"),
            (Ok(Expr::Array(_)), _) => format!("`state: {written}`"),
            (Ok(Expr::Closure(_)), _) => format!("`configure: {written}`"),
            (Ok(_), Some(BuilderKey { value: BuilderValue::Other(path), .. })) if is_of("View") => {
                format!("the path and the view in parentheses: `levels_path: ({}, {written})`", source(path))
            }
            (Ok(_), _) if is_of("View") => format!("for example `levels_path: (\"/levels\", {written})`"),
            (Ok(_), _) if is_of("Access") => format!("`access: {written}`"),
            (Ok(_), _) if is_of("ShowDetails") => format!("`details: {written}`"),
            _ => format!("one of the keys `{}`", KNOWN_KEYS.join("`, `")),
        };
        format!("a key is missing; write {meant}")
    }
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
            let has_sign = ahead.peek2(Token![=]) || (ahead.peek2(Token![:]) && !ahead.peek2(Token![::]));
            let is_key = |word: Ident| has_sign || KNOWN_KEYS.iter().any(|key| word == key);
            if ahead.is_empty() || ahead.fork().call(Ident::parse_any).is_ok_and(is_key) {
                return Ok(());
            }
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
