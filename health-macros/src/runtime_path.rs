//! The path of the runtime in generated code: the key `crate = path` of the attribute and the derive.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Error, Path,
    parse::{Parse, ParseStream},
};

use crate::externs::Externs;

/// The path of `health_runtime`: a crate name, or the path of a re-export.
#[derive(Clone, Debug)]
pub(crate) struct RuntimePath {
    /// Single tokens, because each stream in a `quote!` is a call of the compiler.
    path: Vec<TokenTree>,
    is_written: bool,
}

impl RuntimePath {
    /// Returns an error if no path is written, and the compiler was given no crate for the default.
    pub(crate) fn check(&self) -> syn::Result<()> {
        if self.is_written || !Externs::known().lack_runtime() {
            return Ok(());
        }
        let message = "`health-runtime` is not a dependency of this crate; add it to `Cargo.toml`, or name the re-export of \
                       another crate: `crate = path::to::health_runtime`";
        Err(Error::new(Span::call_site(), message))
    }

    /// Returns the path with every token at `span`. The compiler points from the first token of an expression to its last.
    pub(crate) fn at(&self, span: Span) -> Self {
        let token_at = |token: &TokenTree| {
            let mut token = token.clone();
            token.set_span(token.span().located_at(span));
            token
        };
        Self { path: self.path.iter().map(token_at).collect(), is_written: self.is_written }
    }

    /// Returns the path of the module for generated code.
    pub(crate) fn private(&self) -> Self {
        Self { path: quote!(#self::__private).into_iter().collect(), is_written: self.is_written }
    }

    /// Returns the path as if the author had written it at `span`, for calls whose location is recorded.
    pub(crate) fn written_at(&self, span: Span) -> Self {
        if self.is_written {
            return self.at(span);
        }
        let name = format_ident!("{}", Externs::known().runtime(), span = span);
        Self { path: quote_spanned!(span=> ::#name).into_iter().collect(), is_written: false }
    }
}

impl Default for RuntimePath {
    fn default() -> Self {
        let name = format_ident!("{}", Externs::known().runtime());
        Self { path: quote!(::#name).into_iter().collect(), is_written: false }
    }
}

impl Parse for RuntimePath {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let start = input.span();
        let path = Path::parse_mod_style(input).map_err(|_| {
            let message = "`crate` takes the path of the crate `health_runtime`, without quotes; write for example `crate = ::health_runtime`";
            Error::new(start, message)
        })?;
        Ok(Self { path: path.into_token_stream().into_iter().collect(), is_written: true })
    }
}

impl ToTokens for RuntimePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.path.iter().cloned());
    }
}
