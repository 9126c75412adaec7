//! The type of an impl block, which its methods call `Self`.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Type};

/// The type that the methods of a block belong to.
pub(super) struct Owner {
    pub(super) ty: Type,
    /// The attributes of the block without its documentation, which describes no check.
    pub(super) attributes: Vec<Attribute>,
}

impl Owner {
    /// Replaces each `Self` with the type, as if the author had written it there.
    pub(super) fn resolve(&self, tokens: TokenStream) -> TokenStream {
        let mut resolved = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let is_qualified = matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
            match token {
                TokenTree::Ident(word) if word == "Self" => {
                    let ty = self.at(word.span());
                    let in_brackets = is_qualified && !self.is_plain_path();
                    resolved.extend(if in_brackets { quote_spanned!(word.span()=> <#ty>) } else { ty });
                }
                TokenTree::Group(group) => resolved.extend([within(&group, |inner| self.resolve(inner))]),
                token => resolved.extend([token]),
            }
        }
        resolved
    }

    /// Returns whether further segments can follow the type, as in `Mailer::TIMEOUT`.
    fn is_plain_path(&self) -> bool {
        matches!(&self.ty, Type::Path(ty) if ty.qself.is_none() && ty.path.segments.iter().all(|part| part.arguments.is_none()))
    }

    /// Returns the type as if it were written at `place`.
    pub(super) fn at(&self, place: Span) -> TokenStream {
        relocated(self.ty.to_token_stream(), place)
    }
}

fn relocated(tokens: TokenStream, place: Span) -> TokenStream {
    let token_at = |token| match token {
        TokenTree::Group(group) => within(&group, |inner| relocated(inner, place)),
        mut token => {
            token.set_span(token.span().located_at(place));
            token
        }
    };
    tokens.into_iter().map(token_at).collect()
}

/// Returns the group with other tokens in it.
fn within(group: &Group, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenTree {
    let mut changed = Group::new(group.delimiter(), change(group.stream()));
    changed.set_span(group.span());
    changed.into()
}
