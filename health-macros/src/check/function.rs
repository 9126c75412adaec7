//! Parses the item under `#[health_check]`.

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::{
    Attribute, Error, Result, Signature, Token, Visibility,
    parse::{ParseStream, Parser as _},
};

/// The head of a function. Its body is not parsed, so that an unfinished one still expands.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The tokens before its name in a path: `<Type>::` for a method.
    pub(crate) path_prefix: TokenStream,
    /// Number of further declarations of the same function, below this one.
    pub(crate) declarations_below: usize,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        let mut head: Vec<TokenTree> = item.into_iter().collect();
        let is_function = head.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"));
        if let Some(TokenTree::Group(body)) = head.last_mut() {
            // A body is longer than its head, and converting tokens takes most of the time of a macro.
            let span = body.span();
            *body = Group::new(body.delimiter(), TokenStream::new());
            body.set_span(span);
        }
        let parse = |input: ParseStream| {
            let attributes = input.call(Attribute::parse_outer)?;
            let visibility = input.parse()?;
            let start = input.span();
            let is_block = input.peek(Token![impl]);
            let signature: Signature = input.parse().map_err(|error| {
                let message =
                    "a health check has to be a function; write for example `async fn database(pool: &Pool) -> bool`";
                let message = if is_block {
                    "an `impl` block takes `#[health_checks]`; write that here, and for example `#[health_check(level = 3)]` above each \
                     method that is a check"
                } else {
                    message
                };
                if is_function { error } else { Error::new(start, message) }
            })?;
            if input.peek(Token![;]) {
                let message = "a health check needs a body; put the attribute on a function outside of the trait";
                return Err(Error::new(signature.ident.span(), message));
            }
            input.parse::<TokenStream>()?;
            check_purpose(&attributes, &signature)?;
            let declarations_below =
                attributes.iter().filter(|attribute| is_named(attribute, &["health_check"])).count();
            Ok(Self { attributes, visibility, signature, path_prefix: TokenStream::new(), declarations_below })
        };
        parse.parse2(head.into_iter().collect())
    }
}

/// Returns whether the last segment of the attribute's path is one of these names.
fn is_named(attribute: &Attribute, names: &[&str]) -> bool {
    attribute.path().segments.last().is_some_and(|last| names.contains(&last.ident.to_string().as_str()))
}

/// Returns an error for a function with another purpose.
fn check_purpose(attributes: &[Attribute], signature: &Signature) -> Result<()> {
    if let Some(attribute) = attributes.iter().find(|attribute| is_named(attribute, &["test", "bench", "rstest"])) {
        let message =
            "a test cannot be a health check as well; write a function for the check, and call it in the test";
        return Err(Error::new_spanned(attribute, message));
    }
    if signature.ident == "main" {
        let message = "`main` starts the program, so it cannot be a health check; write another function";
        return Err(Error::new(signature.ident.span(), message));
    }
    Ok(())
}
