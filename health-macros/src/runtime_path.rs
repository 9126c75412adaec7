//! The path of the runtime in generated code: the key `crate = path` of every macro.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Path,
    parse::{Parse, ParseStream},
};

/// The path of `health_runtime`: a crate name, or the path of a re-export.
#[derive(Debug)]
pub(crate) struct RuntimePath {
    path: TokenStream,
    is_written: bool,
}

impl RuntimePath {
    /// Returns the path with every token at `span`. The compiler points from the first token of an expression to its last.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let token_at = |mut token: proc_macro2::TokenTree| {
            token.set_span(token.span().located_at(span));
            token
        };
        self.path.clone().into_iter().map(token_at).collect()
    }

    /// Returns the path as if the author had written it at `span`, for calls whose location is recorded.
    pub(crate) fn written_at(&self, span: Span) -> TokenStream {
        if self.is_written { self.at(span) } else { quote_spanned!(span=> ::health_runtime) }
    }
}

impl Default for RuntimePath {
    fn default() -> Self {
        Self { path: quote!(::health_runtime), is_written: false }
    }
}

impl Parse for RuntimePath {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let start = input.span();
        Path::parse_mod_style(input).map(|path| Self { path: path.into_token_stream(), is_written: true }).map_err(
            |_| {
                syn::Error::new(
                    start,
                    "`crate` takes the path of the runtime, without quotes; write for example `::health_runtime`",
                )
            },
        )
    }
}

impl ToTokens for RuntimePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.path.clone());
    }
}
