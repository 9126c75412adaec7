//! Parses the item under `#[health_check]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Error, Result, Signature, Visibility,
    parse::{ParseStream, Parser as _},
};

/// The head of a function. Its body is not parsed, so that an unfinished one still expands.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) signature: Signature,
}

impl Function {
    pub(super) fn parse(item: TokenStream) -> Result<Self> {
        let is_function = item.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"));
        let parse = |input: ParseStream| {
            let attributes = input.call(Attribute::parse_outer)?;
            input.parse::<Visibility>()?;
            let start = input.span();
            let signature = input.parse().map_err(|error| {
                let message =
                    "a health check has to be a function; write for example `async fn database(pool: &Pool) -> bool`";
                if is_function { error } else { Error::new(start, message) }
            })?;
            input.parse::<TokenStream>()?;
            Ok(Self { attributes, signature })
        };
        parse.parse2(item)
    }
}
