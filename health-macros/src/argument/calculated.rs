//! Expressions in place of values and keys: a macro cannot evaluate them.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Block, Error, Expr, Ident, Stmt, Token, UnOp, parenthesized,
    parse::{ParseStream, Parser as _},
};

use super::Argument;
use crate::source::source;

impl Argument {
    /// Returns the error for a value that depends on the build.
    pub(super) fn calculated(&self, value: &TokenStream) -> Error {
        let expression = syn::parse2::<Expr>(value.clone()).ok();
        let is_condition = matches!(expression, Some(Expr::If(_) | Expr::Match(_) | Expr::Unary(_)));
        let advice = match expression.and_then(choice) {
            Some(Choice { condition, then, otherwise }) => format!(
                "write two attributes, `#[cfg_attr({condition}, health_check(…, {0} = {then}))]` and `#[cfg_attr(not({condition}), \
                 health_check(…, {0} = {otherwise}))]`",
                self.key
            ),
            None if is_condition => {
                "write two attributes, such as `#[cfg_attr(debug_assertions, health_check(…))]` and \
                                     `#[cfg_attr(not(debug_assertions), health_check(…))]`"
                    .to_owned()
            }
            None => format!("write its value, for example `{}`", self.example()),
        };
        Error::new_spanned(value, format!("`{}` cannot be calculated; {advice}", self.key))
    }
}

/// A condition on the build, with the value where it holds, and the other one.
struct Choice {
    condition: String,
    then: String,
    otherwise: String,
}

/// Returns the choice in `cfg!(unix)`, `!cfg!(unix)` and `if cfg!(unix) { … } else { … }`.
fn choice(value: Expr) -> Option<Choice> {
    match value {
        Expr::Macro(call) if call.mac.path.is_ident("cfg") => {
            let (then, otherwise) = ("true".to_owned(), "false".to_owned());
            Some(Choice { condition: source(&call.mac.tokens), then, otherwise })
        }
        Expr::Unary(negation) if matches!(negation.op, UnOp::Not(_)) => {
            let Choice { condition, then, otherwise } = choice(*negation.expr)?;
            Some(Choice { condition, then: otherwise, otherwise: then })
        }
        Expr::If(branches) => {
            let then = source_of_block(&branches.then_branch)?;
            let Expr::Block(other) = *branches.else_branch?.1 else { return None };
            let otherwise = source_of_block(&other.block)?;
            let condition = choice(*branches.cond)?;
            let is_negated = condition.then == "false";
            let (then, otherwise) = if is_negated { (otherwise, then) } else { (then, otherwise) };
            Some(Choice { condition: condition.condition, then, otherwise })
        }
        _ => None,
    }
}

/// Returns the value of a block of one expression.
fn source_of_block(block: &Block) -> Option<String> {
    match &block.stmts[..] {
        [Stmt::Expr(value, None)] => Some(source(value)),
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
