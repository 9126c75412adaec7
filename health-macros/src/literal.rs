//! A value that has to be a literal, because a macro cannot evaluate expressions.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Lit, Result,
    parse::{ParseStream, Parser as _},
};

use crate::source::source;

/// Parses a literal and nothing else.
pub(crate) fn literal(tokens: TokenStream, expected: &str) -> Result<Lit> {
    let parse = |input: ParseStream| {
        if let Ok(literal) = input.parse::<Lit>() {
            return match computed(&literal, &input.fork().parse()?) {
                Some(error) => Err(error),
                None => end(input).map(|()| literal),
            };
        }
        Err(Error::new_spanned(input.parse::<TokenStream>()?, expected))
    };
    parse.parse2(tokens)
}

/// Returns an error if tokens follow.
pub(crate) fn end(input: ParseStream) -> Result<()> {
    match input.fork().parse::<TokenTree>() {
        Ok(token) => Err(Error::new_spanned(&token, unexpected(&token))),
        Err(_) => Ok(()),
    }
}

/// Returns an error for a literal that is only the start of an expression, such as `"db".to_owned()` or `2 + 1`.
fn computed(literal: &Lit, rest: &TokenStream) -> Option<Error> {
    let Some(TokenTree::Punct(first)) = rest.clone().into_iter().next() else { return None };
    let written = source(rest).replace(" . ", ".").replace(". ", ".");
    let message = match first.as_char() {
        '.' | '?' => format!("the value has to be a literal; remove `{written}`"),
        _ => format!("the value has to be a literal; write the result of `{} {written}`", source(literal)),
    };
    Some(Error::new_spanned(rest, message))
}

/// Returns the message for a token behind the end of an argument.
pub(crate) fn unexpected(token: &TokenTree) -> &'static str {
    match token {
        TokenTree::Punct(punct) if punct.as_char() == ';' => "`;` is not valid here; write `,`",
        _ => "a `,` is missing before this",
    }
}
