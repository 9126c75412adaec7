//! The path of a check's function, and the hidden constant beside it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Error, Expr, ExprPath, LitStr, Member, Path, PathArguments, Result, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    punctuated::Punctuated,
};

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
        let is_module = ["crate", "self", "super", "Self"].iter().any(|word| last.ident == word);
        match last.arguments {
            PathArguments::None if !is_module => {
                let function = last.ident.clone();
                Ok(Self { path, function })
            }
            _ => Err(Error::new_spanned(path, "not the path of a function")),
        }
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

    /// Returns the name of the check, as an expression.
    pub(crate) fn check_name(&self) -> TokenStream {
        let (mention, declaration) = (self.mention(), self.declaration());
        quote!({ #mention #declaration.check_name() })
    }

    /// Returns the name of a path without further segments.
    pub(crate) fn bare_name(&self) -> Option<&Ident> {
        self.path.path.get_ident().filter(|_| self.path.qself.is_none())
    }

    /// Returns whether the path is written like this one.
    pub(crate) fn is(&self, path: &TokenStream) -> bool {
        source(&self.path) == source(path)
    }
}

/// Returns the error for a path with more behind it. The function makes the text to write from the path.
pub(crate) fn misread(tokens: &TokenStream, meant: impl Fn(&str) -> String) -> Option<Error> {
    if let Some(path) = syn::parse2(tokens.clone()).ok().and_then(meant_path) {
        let advice = match path {
            Meant::Path(path) => format!("`{}`", meant(&path)),
            Meant::OwnMethod(name) => {
                format!("`{}` in an `impl`, or else `{}`", meant(&format!("Self::{name}")), meant(&name))
            }
            Meant::Method { value, path } => format!("the type of `{value}`, for example `{}`", meant(&path)),
        };
        let message = format!("`{}` is not the path of a check; write {advice}", source(tokens));
        return Some(Error::new_spanned(tokens, message));
    }
    let parse = |input: ParseStream| Ok((Path::parse_mod_style(input)?, input.parse::<TokenStream>()?));
    let (path, rest) = parse.parse2(tokens.clone()).ok()?;
    let meant = meant(&source(&path));
    let token = rest.clone().into_iter().next()?;
    let message = match &token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            format!("a path names the check and does not call it; write `{meant}`")
        }
        TokenTree::Punct(punct) if matches!(punct.as_char(), ':' | '<') => {
            format!("a health check is not generic; write `{meant}`")
        }
        TokenTree::Punct(_) | TokenTree::Group(_) => return None,
        TokenTree::Ident(_) | TokenTree::Literal(_) => {
            return Some(Error::new_spanned(&token, "a `,` is missing before this"));
        }
    };
    Some(Error::new_spanned(tokens, message))
}

/// A path that was meant.
enum Meant {
    /// By `&db`, `check!(db)` and `db::<u8>`.
    Path(String),
    /// By `self.smtp`.
    OwnMethod(String),
    /// By `mailer.smtp()`. Its type is a guess.
    Method { value: String, path: String },
}

fn meant_path(mut value: Expr) -> Option<Meant> {
    if let Expr::Path(mut path) = value {
        let last = path.path.segments.last_mut()?;
        let is_generic = !std::mem::take(&mut last.arguments).is_none();
        return is_generic.then(|| Meant::Path(source(&path)));
    }
    loop {
        value = match value {
            Expr::Reference(reference) => *reference.expr,
            Expr::Paren(paren) => *paren.expr,
            Expr::Macro(call) if call.mac.path.segments.last()?.ident == "check" => {
                syn::parse2(call.mac.tokens).ok()?
            }
            Expr::MethodCall(call) => return method(&call.receiver, &call.method),
            Expr::Field(field) => match &field.member {
                Member::Named(name) => return method(&field.base, name),
                Member::Unnamed(_) => return None,
            },
            Expr::Path(path) => return Some(Meant::Path(source(&path))),
            _ => return None,
        };
    }
}

/// Returns the path of a method that was named on its value: the type of `mailer` is likely a `Mailer`.
fn method(value: &Expr, name: &Ident) -> Option<Meant> {
    let Expr::Path(path) = value else { return None };
    let value = path.path.get_ident()?.to_string();
    if value == "self" {
        return Some(Meant::OwnMethod(name.to_string()));
    }
    let words = value.split('_').filter(|word| !word.is_empty());
    let capitalized = words.map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
    Some(Meant::Method { path: format!("{}::{name}", capitalized.collect::<String>()), value })
}

/// Returns the paths between commas, if there are several.
fn several(input: &TokenStream) -> Option<Vec<String>> {
    let paths = Punctuated::<ExprPath, Token![,]>::parse_terminated.parse2(input.clone()).ok()?;
    (paths.len() > 1).then(|| paths.iter().map(source).collect())
}

/// Expands `check!(crate::billing::quota)`.
pub(crate) fn check(input: &TokenStream) -> TokenStream {
    let error = || {
        let meant = |path: &str| format!("check!({path})");
        let message = match syn::parse2::<LitStr>(input.clone()).map(|text| text.value()) {
            Ok(name) if syn::parse_str::<Path>(&name).is_ok() => {
                format!(
                    "`check!` takes a path without quotes; write `{}`, or the name in quotes without `check!`",
                    meant(&name)
                )
            }
            Ok(_) => "`check!` takes a path; write the name in quotes without `check!`".to_owned(),
            Err(_) => match several(input) {
                Some(paths) => format!("`check!` takes one path; write `[check!({})]`", paths.join("), check!(")),
                None => {
                    "`check!` takes the path of a declared check; write for example `check!(crate::billing::quota)`"
                        .to_owned()
                }
            },
        };
        match misread(input, meant) {
            Some(error) => error,
            None if input.is_empty() => Error::new(Span::call_site(), message),
            None => Error::new_spanned(input, message),
        }
    };
    match CheckPath::parse(input.clone()).map_err(|_| error()) {
        Ok(path) => path.check_name(),
        Err(error) => error.into_compile_error(),
    }
}

/// Returns the name of the hidden constant beside a function. The compiler shows it where a function has none. Without the hash,
/// the compiler would suggest the constants of other functions, because most of the name is the same.
pub(crate) fn declaration_name(function: &Ident) -> Ident {
    let name = function.unraw().to_string();
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let span = Span::call_site().located_at(function.span());
    Ident::new(&format!("health_check_of_{name}_{:010x}", hasher.finish() >> 24), span)
}
