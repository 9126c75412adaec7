//! Where generated code finds the runtime: the key `crate = path` that every macro has.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Path,
    parse::{Parse, ParseStream},
};

/// The path that leads to `health_runtime`. A bare crate name does, and so does any path to a re-export.
#[derive(Debug)]
pub(crate) struct RuntimePath {
    path: TokenStream,
    is_written: bool,
}

impl RuntimePath {
    /// The path as if it stood at `span`: an expression's own span reaches from its first token to its last, and
    /// that is where the compiler points to.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let token_at = |mut token: proc_macro2::TokenTree| {
            token.set_span(token.span().located_at(span));
            token
        };
        self.path.clone().into_iter().map(token_at).collect()
    }

    /// The path as if the author had written it at `span`: for macros that tell where they stand.
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
                    "`crate` needs the path of the runtime, without quotes, such as `::health_runtime`",
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
