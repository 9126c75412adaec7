//! Reads the values of single keys of `health_endpoint!`.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Error, Expr, ExprLit, Ident, Lit, Result, Stmt, Token, Type, UnOp, bracketed, ext::IdentExt as _,
    parse::ParseStream, punctuated::Punctuated, token,
};

use crate::{check_path::CheckPath, literal::unexpected, source::source};

pub(super) enum BuilderValue {
    BuildInfo(Type),
    Checks(Vec<Expr>),
    CheckList(Expr),
    Details(Expr),
    Access(Expr),
    Path(Expr),
    State(Vec<Expr>),
    Names(Vec<NamedCheck>),
    /// An expression that the builder takes as it is.
    Other(Expr),
}

/// A check by the path of its function, or by an expression for its name.
pub(super) enum NamedCheck {
    Path(CheckPath),
    Name(Expr),
}

/// Returns a key with a value that most services could write.
pub(super) fn example(key: &str) -> &'static str {
    match key {
        "crates" => "crates: [my_checks]",
        "enable" => "enable: [billing::quota, \"name\"]",
        "enable_crates" => "enable_crates: [billing]",
        "build_info" => "build_info: App",
        "base_path" => "base_path: \"/health\"",
        "levels_path" => "levels_path: \"/levels\"",
        "state" => "state: [pool]",
        "access" => "access: Access::new().levels(Level::L1..=Level::L5, public())",
        "details" => "details: public",
        "fleet" => "fleet: Fleet::redis(\"orders\", ask!(redis: manager))",
        "checks" => "checks: [check]",
        "overrides" => "overrides: settings.health",
        "configure" => "configure: |builder| builder.isolated_checks()",
        key => unreachable!("`{key}` is known and has no example"),
    }
}

/// Reads checks and probes. The items of `vec![…]` are read like those in brackets, so that they may have several types.
pub(super) fn checks(input: ParseStream) -> Result<BuilderValue> {
    let value: Expr = input.parse()?;
    let items = match &value {
        Expr::Array(array) => Some(array.elems.clone()),
        Expr::Macro(call) if call.mac.path.segments.last().is_some_and(|last| last.ident == "vec") => {
            call.mac.parse_body_with(Punctuated::parse_terminated).ok()
        }
        _ => None,
    };
    let Some(items) = items else { return Ok(BuilderValue::CheckList(value)) };
    match items.iter().filter_map(not_a_check).reduce(combined) {
        Some(errors) => Err(errors),
        None => Ok(BuilderValue::Checks(items.into_iter().collect())),
    }
}

/// Returns the error for an item that names a check, and for a probe without its call.
fn not_a_check(item: &Expr) -> Option<Error> {
    let message = match item {
        Expr::Macro(call) if call.mac.path.segments.last().is_some_and(|last| last.ident == "check") => {
            format!(
                "`{}` is declared, so it needs no entry; remove it, or write `enable: [{0}]` for a check that is `off`",
                source(&call.mac.tokens)
            )
        }
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => format!(
            "{} is a name, and a declared check needs no entry; remove it, or write `enable: [{}]` for a check that is `off`",
            quoted(item),
            source(item)
        ),
        Expr::Path(path) if path.path.segments.iter().rev().nth(1).is_some_and(|module| module.ident == "probes") => {
            format!("{} is a function that returns a probe; write its call, `{}(…)`", quoted(item), source(item))
        }
        _ => return None,
    };
    Some(Error::new_spanned(item, message))
}

/// Reads the values that checks borrow.
pub(super) fn state(input: ParseStream) -> Result<Vec<Expr>> {
    let values = list(input, "state")?;
    for value in &values {
        let meant = match value {
            Expr::Reference(reference) => match variable(&reference.expr) {
                Some(variable) => format!("`{variable}`, or `{variable}.clone()`"),
                None if is_place(&reference.expr) => format!("`{}.clone()`", source(&reference.expr)),
                None => continue,
            },
            Expr::MethodCall(call)
                if ["as_str", "as_ref", "as_path", "as_slice"].iter().any(|name| call.method == name) =>
            {
                format!("`{}`", source(&call.receiver))
            }
            _ => continue,
        };
        return Err(Error::new_spanned(value, format!("the state owns its values; write {meant}")));
    }
    Ok(values)
}

/// Reads checks. A path is that of a function, unless it is written like a constant.
pub(super) fn names(input: ParseStream, key: &str) -> Result<Vec<NamedCheck>> {
    let is_function = |path: &syn::ExprPath| {
        let last = path.path.segments.last().map(|last| last.ident.unraw().to_string());
        last.is_some_and(|last| last.contains(char::is_lowercase))
    };
    let read = |value| match &value {
        Expr::Path(path) if is_function(path) => CheckPath::parse(value.to_token_stream()).map(NamedCheck::Path),
        value if literal(value).is_some_and(|literal| !matches!(literal, Lit::Str(_))) => {
            let message = format!(
                "`{}` is not a check; write its path, or its name in quotes: `{key}: [billing::quota, \"name\"]`",
                source(value)
            );
            Err(Error::new_spanned(value, message))
        }
        _ => Ok(NamedCheck::Name(value)),
    };
    list(input, key)?.into_iter().map(read).collect()
}

/// Reads a type that derives `BuildInfo`.
pub(super) fn build_info(input: ParseStream) -> Result<Type> {
    let refused = |value: &Expr| {
        let message = match meant_type(value) {
            Some(meant) => format!("`build_info` takes a type that derives `BuildInfo`; write `build_info: {meant}`"),
            None => {
                "`build_info` takes a type that derives `BuildInfo`; write for example `build_info: App`".to_owned()
            }
        };
        Error::new_spanned(value, message)
    };
    let ahead = input.fork();
    if let Ok(value) = ahead.parse::<Expr>() {
        let is_type = matches!(&value, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident != "BUILD_INFO"));
        // A macro or a parenthesis may stand for a type as well.
        let is_value =
            matches!(value, Expr::Lit(_) | Expr::Call(_) | Expr::Struct(_) | Expr::MethodCall(_) | Expr::Reference(_));
        if is_value || (matches!(value, Expr::Path(_)) && !is_type) {
            input.parse::<Expr>()?;
            return Err(refused(&value));
        }
    }
    input.parse()
}

/// Reads who sees details.
pub(super) fn details(input: ParseStream) -> Result<Expr> {
    let value: Expr = input.parse()?;
    let key = if let Expr::If(_) = value { "" } else { "details: " };
    let error = |result: &&Expr| {
        let meant = match literal(result)? {
            Lit::Str(text) if matches!(text.value().as_str(), "public" | "hidden") => {
                format!("`{key}{}`, without quotes", text.value())
            }
            Lit::Bool(boolean) => format!("`{key}{}`", if boolean.value { "public" } else { "hidden" }),
            _ => format!("`{key}public` or `{key}hidden`"),
        };
        let message = format!("{} is not a valid value for `details`; write {meant}", quoted(result));
        Some(Error::new_spanned(result, message))
    };
    match results(&value).iter().filter_map(error).reduce(combined) {
        Some(errors) => Err(errors),
        None => Ok(value),
    }
}

/// Returns the values between which an `if` decides, or the value itself.
fn results(value: &Expr) -> Vec<&Expr> {
    let (block, otherwise) = match value {
        Expr::If(choice) => (&choice.then_branch, choice.else_branch.as_ref()),
        Expr::Block(block) => (&block.block, None),
        _ => return vec![value],
    };
    let last = match block.stmts.last() {
        Some(Stmt::Expr(value, None)) => results(value),
        _ => Vec::new(),
    };
    last.into_iter().chain(otherwise.into_iter().flat_map(|(_, value)| results(value))).collect()
}

/// Reads the access rules.
pub(super) fn access(input: ParseStream) -> Result<Expr> {
    let value: Expr = input.parse()?;
    let is_word = matches!(&value, Expr::Path(path) if ["public", "open", "everybody", "closed", "hidden", "private", "none"]
        .iter()
        .any(|word| path.path.is_ident(word)));
    if is_word || literal(&value).is_some() {
        let message = format!(
            "`{}` is not a set of access rules; remove the key for the default, where everybody may run every level and nobody \
             sees details, or write rules of `health_runtime::access`, for example `{}`",
            source(&value),
            example("access")
        );
        return Err(Error::new_spanned(&value, message));
    }
    Ok(value)
}

/// Returns whether the expression names a value that lives on, such as `self.pool`.
fn is_place(value: &Expr) -> bool {
    match value {
        Expr::Field(field) => is_place(&field.base),
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| name.to_string().starts_with(char::is_lowercase)),
        _ => false,
    }
}

/// Parses a list in brackets. Each mistake in it is an error on its own token.
pub(super) fn list(input: ParseStream, key: &str) -> Result<Vec<Expr>> {
    if input.peek(token::Brace) {
        let group: Group = input.parse()?;
        return Err(Error::new(
            group.span(),
            format!("`{key}` takes a list; write `{key}: [{}]`", source(&group.stream())),
        ));
    }
    if !input.peek(token::Bracket) {
        return match input.parse()? {
            Expr::Array(array) => Ok(array.elems.into_iter().collect()),
            other => Err(not_a_list(&other, key)),
        };
    }
    let items;
    bracketed!(items in input);
    let (mut values, mut errors) = (Vec::new(), None);
    while !items.is_empty() {
        match items.parse() {
            Ok(value) => values.push(value),
            Err(error) => {
                items.parse::<TokenStream>()?;
                return Err(errors.into_iter().fold(error, combined));
            }
        }
        let error = separator(&items, key).err();
        errors = errors.into_iter().chain(error).reduce(combined);
    }
    errors.map_or(Ok(values), Err)
}

/// Reads the comma behind an item, or a sign that was meant to be one.
fn separator(items: ParseStream, key: &str) -> Result<()> {
    if items.is_empty() || items.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    if items.peek(Token![:]) && !items.peek(Token![::]) {
        let colon: Token![:] = items.parse()?;
        let ty = items.parse::<Type>().map(|ty| source(&ty)).unwrap_or_default();
        items.parse::<Option<Token![,]>>()?;
        return Err(Error::new(colon.span, format!("a value of `{key}` has no type here; remove `: {ty}`")));
    }
    let next: TokenTree = items.fork().parse()?;
    items.parse::<Option<Token![;]>>()?;
    Err(Error::new(next.span(), unexpected(&next)))
}

fn combined(mut all: Error, error: Error) -> Error {
    all.combine(error);
    all
}

/// Returns the error for a value that should stand in brackets.
pub(super) fn not_a_list(value: &Expr, key: &str) -> Error {
    let items = match value {
        Expr::Tuple(tuple) => source(&tuple.elems),
        Expr::Paren(paren) => source(&paren.expr),
        Expr::Macro(call) if call.mac.path.is_ident("vec") => source(&call.mac.tokens),
        Expr::Lit(literal) if !matches!(literal.lit, Lit::Str(_)) => String::new(),
        Expr::Path(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Reference(_) | Expr::Lit(_) | Expr::Struct(_) => {
            source(value)
        }
        _ => String::new(),
    };
    let message = if items.is_empty() {
        format!("`{key}` takes a list; write for example `{}`", example(key))
    } else {
        format!("`{key}` takes a list; write `{key}: [{items}]`")
    };
    Error::new_spanned(value, message)
}

/// Returns the type in `App::BUILD_INFO`, `App::new()`, `App {}` and `"App"`.
fn meant_type(value: &Expr) -> Option<String> {
    let path = match value {
        Expr::Path(path) => &path.path,
        Expr::Struct(value) => return Some(source(&value.path)),
        Expr::Reference(value) => return meant_type(&value.expr),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => &path.path,
            _ => return None,
        },
        _ => return None,
    };
    let mut segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let is_type = |name: &String| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
    if !segments.last().is_some_and(is_type) {
        segments.pop();
    }
    segments.last().is_some_and(is_type).then(|| segments.join("::"))
}

/// Returns a literal, with or without a sign.
pub(super) fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(literal) => Some(&literal.lit),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => literal(&unary.expr),
        _ => None,
    }
}

/// Returns the name of a local variable: constants and statics have upper-case names.
fn variable(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) => path.path.get_ident().filter(|name| name.to_string().starts_with(char::is_lowercase)),
        _ => None,
    }
}

pub(super) fn quoted(value: &Expr) -> String {
    format!("`{}`", source(value))
}
