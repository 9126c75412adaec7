//! The path of a check's function, and the hidden constant beside it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Error, ExprPath, LitStr, PathArguments, Result, ext::IdentExt as _};

use crate::source::source;

/// A check that a declaration names.
pub(crate) enum CheckReference {
    /// `"database"`
    Name(LitStr),
    /// `crate::billing::quota`
    Path(CheckPath),
}

impl CheckReference {
    pub(crate) const fn name(&self) -> Option<&LitStr> {
        match self {
            Self::Name(name) => Some(name),
            Self::Path(_) => None,
        }
    }

    pub(crate) const fn path(&self) -> Option<&CheckPath> {
        match self {
            Self::Name(_) => None,
            Self::Path(path) => Some(path),
        }
    }
}

impl ToTokens for CheckReference {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Name(name) => name.to_tokens(tokens),
            Self::Path(path) => tokens.extend(path.function()),
        }
    }
}

/// The path of a function that is a check.
#[derive(Clone)]
pub(crate) struct CheckPath {
    path: ExprPath,
    /// The last name.
    function: Ident,
}

impl CheckPath {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        let path: ExprPath = syn::parse2(tokens)?;
        let Some(last) = path.path.segments.last() else {
            return Err(Error::new_spanned(path, "the path of a health check is empty"));
        };
        if let PathArguments::None = last.arguments {
            let function = last.ident.clone();
            return Ok(Self { path, function });
        }
        Err(Error::new_spanned(&last.arguments, "a health check is not generic; write its path without this"))
    }

    /// Returns the path of the function.
    pub(crate) fn function(&self) -> TokenStream {
        self.path.to_token_stream()
    }

    /// Returns a statement that names the function, so that editors find its declaration and rename both.
    pub(crate) fn mention(&self) -> TokenStream {
        let function = &self.path;
        quote! {
            #[allow(deprecated, reason = "a check may be on its way out")]
            let _ = #function;
        }
    }

    /// Returns the path of the hidden constant.
    pub(crate) fn declaration(&self) -> TokenStream {
        let mut path = self.path.clone();
        if let Some(last) = path.path.segments.last_mut() {
            last.ident = declaration_name(&self.function);
        }
        path.into_token_stream()
    }

    /// Returns whether the path is written like this one.
    pub(crate) fn is(&self, path: &TokenStream) -> bool {
        source(&self.path) == source(path)
    }
}

/// Expands `check!(crate::billing::quota)`.
pub(crate) fn check(input: &TokenStream) -> TokenStream {
    let error = || {
        let message = "`check!` takes the path of a declared check, without quotes; write for example `check!(crate::billing::quota)`";
        if input.is_empty() { Error::new(Span::call_site(), message) } else { Error::new_spanned(input, message) }
    };
    match CheckPath::parse(input.clone()).map_err(|_| error()) {
        Ok(path) => {
            let (mention, declaration) = (path.mention(), path.declaration());
            quote!({ #mention #declaration.check_name() })
        }
        Err(error) => error.into_compile_error(),
    }
}

/// The compiler shows the name of the hidden constant where a function has none, so the name says what is missing.
pub(crate) const DECLARATION_PREFIX: &str = "health_check_attribute_of_";

/// Returns the name of the hidden constant beside a function.
pub(crate) fn declaration_name(function: &Ident) -> Ident {
    let span = Span::call_site().located_at(function.span());
    Ident::new(&format!("{DECLARATION_PREFIX}{}", function.unraw()), span)
}
