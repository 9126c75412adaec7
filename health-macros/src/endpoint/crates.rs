//! Reads the keys that name crates: `crates: [my_checks, billing as "payments"]` and `enable_crates: [billing]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{
    Error, Expr, Ident, LitStr, Result, Token, bracketed,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    parse_quote, token,
};

use super::values;
use crate::{
    argument::{check_separators, split},
    externs::Externs,
    source::source,
};

/// A crate to link, with the prefix for the names of its checks.
pub(super) struct LinkedCrate {
    pub(super) name: Ident,
    pub(super) prefix: Option<LitStr>,
}

/// Reads a list of crates. Each mistake in it is an error on its own token.
pub(super) fn parse(input: ParseStream, key: &str) -> Result<Vec<LinkedCrate>> {
    if !input.peek(token::Bracket) {
        let other: Expr = input.parse()?;
        return Err(without_brackets(&other, key));
    }
    let list;
    bracketed!(list in input);
    let mut crates: Vec<LinkedCrate> = Vec::new();
    let list: TokenStream = list.parse()?;
    let mut errors: Option<Error> = check_separators(&list).err();
    for element in split(list) {
        let found = parse_one(element, key).and_then(|found| {
            if crates.iter().any(|other| other.name == found.name) {
                let message = format!("`{}` stands twice in `{key}`; keep one of them", found.name);
                return Err(Error::new(found.name.span(), message));
            }
            Ok(found)
        });
        match (found, &mut errors) {
            (Ok(found), _) => crates.push(found),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), none) => *none = Some(error),
        }
    }
    errors.map_or(Ok(crates), Err)
}

fn parse_one(element: TokenStream, key: &str) -> Result<LinkedCrate> {
    let whole = element.clone();
    let not_a_crate = || not_a_crate(&whole, key);
    let parse = |input: ParseStream| {
        let name: Ident = input.parse().map_err(|_| not_a_crate())?;
        let is_lacking = Externs::known().lack(&name.unraw().to_string());
        if is_lacking && (input.is_empty() || input.peek(Token![as])) {
            let message =
                format!("`{name}` is not a dependency of this crate; add it to `Cargo.toml`, or correct the name");
            let mut error = Error::new(name.span(), message);
            if let Err(other) = parse_prefix(input, key, &name) {
                error.combine(other);
            }
            return Err(error);
        }
        if !input.is_empty() && !input.peek(Token![as]) {
            input.parse::<TokenStream>()?;
            return Err(not_a_crate());
        }
        let prefix = parse_prefix(input, key, &name)?;
        Ok(LinkedCrate { name, prefix })
    };
    parse.parse2(element)
}

/// Reads `as "prefix"`, or nothing. Consumes the rest of the element also behind a mistake.
fn parse_prefix(input: ParseStream, key: &str, name: &Ident) -> Result<Option<LitStr>> {
    let found = prefix(input, key, name);
    input.parse::<TokenStream>()?;
    found
}

fn prefix(input: ParseStream, key: &str, name: &Ident) -> Result<Option<LitStr>> {
    if input.is_empty() {
        return Ok(None);
    }
    let keyword: Token![as] = input.parse()?;
    let own_name = name.unraw().to_string();
    let example = format!("{name} as \"{own_name}\"");
    if key != "crates" {
        let written = input.fork().parse::<LitStr>().map_or(example, |prefix| format!("{name} as {}", source(&prefix)));
        let message =
            format!("a prefix belongs to the key `crates`; write `crates: [{written}]`, and here `{name}` alone");
        return Err(Error::new(keyword.span, message));
    }
    if input.is_empty() {
        return Err(Error::new(keyword.span, format!("the prefix is missing; write for example `{example}`")));
    }
    let prefix: LitStr = input.fork().parse().map_err(|_| unquoted_prefix(input, name, &example))?;
    input.parse::<LitStr>()?;
    if !input.is_empty() {
        let rest: TokenStream = input.parse()?;
        return Err(Error::new_spanned(&rest, format!("a crate has one prefix; remove `{}`", source(&rest))));
    }
    if !is_prefix(&prefix.value()) {
        let message = if prefix.value().is_empty() {
            "the prefix is empty; remove `as \"\"`".to_owned()
        } else {
            format!(
                "`{}` is not a valid prefix; use letters, digits, `-` and `_`, with single dots between them",
                source(&prefix)
            )
        };
        return Err(Error::new(prefix.span(), message));
    }
    Ok(Some(prefix))
}

/// Returns the error for a prefix that is not a string, such as `billing`.
fn unquoted_prefix(input: ParseStream, name: &Ident, example: &str) -> Error {
    let rest = input.fork().parse::<TokenStream>().unwrap_or_default();
    let written = source(&rest).replace(' ', "");
    let message = if is_prefix(&written) {
        format!("a prefix needs quotes; write `{name} as \"{written}\"`")
    } else {
        format!("a prefix is a string; write for example `{example}`")
    };
    Error::new_spanned(rest, message)
}

/// Returns the error for an element without the name of a crate, such as `"my-checks"`.
fn not_a_crate(element: &TokenStream, key: &str) -> Error {
    let written = source(element).replace(" - ", "-");
    if let Ok(path) = syn::parse2::<syn::Path>(element.clone())
        && path.segments.len() > 1
    {
        let first = &path.segments[0].ident;
        let message = if ["crate", "self", "super"].iter().any(|keyword| first == keyword) {
            format!("`{written}` is in this crate, whose checks are always found; remove it from `{key}`")
        } else {
            format!("`{written}` is a path; write the crate: `{key}: [{first}]`")
        };
        return Error::new_spanned(element, message);
    }
    if let (Some((name, prefix)), "crates") = (meant_pair(element), key) {
        let message = format!("a prefix stands behind `as`; write `{name} as {}`", source(&prefix));
        return Error::new_spanned(element, message);
    }
    let advice = match meant_crate(&written) {
        Some(meant) => format!("write `{key}: [{meant}]`"),
        None => "write it as in `Cargo.toml`, with `_` for `-`".to_owned(),
    };
    Error::new_spanned(element, format!("`{written}` is not the name of a crate; {advice}"))
}

/// Returns the name of the crate in `"my-checks"` and `my-checks`.
fn meant_crate(written: &str) -> Option<Ident> {
    syn::parse_str(&written.trim_matches('"').replace('-', "_")).ok()
}

/// Returns the crate and the prefix in `billing = "payments"`, `billing: "payments"` and `("billing", "payments")`.
fn meant_pair(element: &TokenStream) -> Option<(Ident, LitStr)> {
    let mut words = Vec::new();
    let mut groups = vec![element.clone()];
    while let Some(group) = groups.pop() {
        for token in group {
            match token {
                TokenTree::Group(group) => groups.push(group.stream()),
                TokenTree::Punct(_) => {}
                word => words.push(word.to_string()),
            }
        }
    }
    match words.as_slice() {
        [name, prefix] => Some((meant_crate(name)?, syn::parse_str(prefix).ok()?)),
        _ => None,
    }
    .filter(|(_, prefix): &(_, LitStr)| is_prefix(&prefix.value()))
}

/// Returns the error for a crate without brackets.
fn without_brackets(value: &Expr, key: &str) -> Error {
    match meant_crate(&source(value)) {
        Some(meant) if matches!(value, Expr::Lit(_)) => {
            let message = format!("`{key}` takes a list of crate names, without quotes; write `{key}: [{meant}]`");
            Error::new_spanned(value, message)
        }
        _ => values::not_a_list(value, key),
    }
}

/// Returns whether this is a prefix. The runtime has the same rule.
fn is_prefix(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.split('.').all(is_part)
}

/// Returns the argument of the builder's method `crates`: pairs of a crate and its prefix. `None` without a prefix, because
/// an empty list has no type.
pub(super) fn prefixes(crates: &[LinkedCrate]) -> Option<Expr> {
    let pairs = crates.iter().filter_map(|found| {
        let (name, prefix) = (text(&found.name), found.prefix.as_ref()?);
        Some(quote!((#name, #prefix)))
    });
    let pairs: Vec<TokenStream> = pairs.collect();
    (!pairs.is_empty()).then(|| parse_quote!([#(#pairs),*]))
}

/// Returns the argument of the builder's method `enable_crates`. `None` without a crate.
pub(super) fn names(crates: &[LinkedCrate]) -> Option<Expr> {
    let names = crates.iter().map(|found| text(&found.name));
    (!crates.is_empty()).then(|| parse_quote!([#(#names),*]))
}

/// Returns the name that the crate has by itself, as checks know it.
fn text(name: &Ident) -> LitStr {
    LitStr::new(Externs::known().own_name(&name.unraw().to_string()), name.span())
}
