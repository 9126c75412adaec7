//! Expressions in place of values and keys: a macro cannot evaluate them.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, Ident, Token, UnOp, parenthesized,
    parse::{ParseStream, Parser as _},
};

use super::Argument;
use crate::source::source;

impl Argument {
    /// Returns the error for a value that depends on the build.
    pub(super) fn calculated(&self, value: &TokenStream) -> Error {
        let expression = syn::parse2::<Expr>(value.clone()).ok();
        let is_condition = matches!(expression, Some(Expr::If(_) | Expr::Match(_) | Expr::Unary(_)));
        let advice = match expression.and_then(condition) {
            Some(condition) => format!(
                "write two attributes, `#[cfg_attr({condition}, health_check(…))]` and `#[cfg_attr(not({condition}), health_check(…))]`"
            ),
            None if is_condition => {
                "write two attributes, such as `#[cfg_attr(debug_assertions, health_check(…))]` and \
                                     `#[cfg_attr(not(debug_assertions), health_check(…))]`"
                    .to_owned()
            }
            None => "write its value".to_owned(),
        };
        Error::new_spanned(value, format!("`{}` cannot be calculated; {advice}", self.key))
    }
}

/// Returns the condition in `cfg!(unix)`, `!cfg!(unix)` and `if cfg!(unix) { … }`.
fn condition(value: Expr) -> Option<String> {
    match value {
        Expr::Macro(call) if call.mac.path.is_ident("cfg") => Some(source(&call.mac.tokens)),
        Expr::Unary(negation) => condition(*negation.expr),
        Expr::If(choice) => condition(*choice.cond),
        _ => None,
    }
}

/// Returns whether the value is an expression that the macro cannot evaluate, such as `!cfg!(debug_assertions)`.
pub(super) fn is_calculated(value: &TokenStream) -> bool {
    match syn::parse2::<Expr>(value.clone()) {
        Ok(Expr::Lit(_) | Expr::Path(_)) | Err(_) => false,
        Ok(Expr::Unary(unary)) => !matches!(unary.op, UnOp::Neg(_)),
        Ok(_) => true,
    }
}

/// Returns the value behind the second sign of `==`.
pub(super) fn doubled(value: &TokenStream) -> Option<TokenStream> {
    let mut tokens = value.clone().into_iter();
    let is_equals = matches!(tokens.next()?, TokenTree::Punct(punct) if punct.as_char() == '=');
    is_equals.then(|| tokens.collect())
}

/// Returns the key in `!readiness` and `not(readiness)`.
pub(super) fn negated(tokens: &TokenStream) -> Option<Ident> {
    let key = |input: ParseStream| {
        if input.parse::<Option<Token![!]>>()?.is_some() {
            return input.parse();
        }
        if input.parse::<Ident>()? != "not" {
            return Err(input.error("not a negation"));
        }
        let key;
        parenthesized!(key in input);
        key.parse()
    };
    key.parse2(tokens.clone()).ok()
}
