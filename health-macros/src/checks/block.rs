//! Parses the impl block under `#[health_checks]`.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Error, GenericParam, ItemImpl, Result};

use super::{item::Item, method::Method, owner::Owner};
use crate::{diagnostics::Diagnostics, source::source};

/// An impl block. The bodies of its functions are not parsed, so that an unfinished one still expands.
pub(super) struct Block {
    /// The tokens before the braces.
    pub(super) head: TokenStream,
    pub(super) body_span: Span,
    pub(super) items: Vec<Item>,
    pub(super) owner: Owner,
    header: ItemImpl,
}

impl Block {
    pub(super) fn parse(item: TokenStream) -> Result<Self> {
        let mut head: Vec<TokenTree> = item.into_iter().collect();
        // A function may return an `impl Trait`.
        let keyword =
            head.iter().find(|token| matches!(token, TokenTree::Ident(word) if word == "impl" || word == "fn"));
        let is_block = keyword.is_some_and(|keyword| keyword.to_string() == "impl");
        let message = no_block(&head);
        let (Some(TokenTree::Group(body)), true) = (head.pop(), is_block) else {
            return Err(Error::new(Span::call_site(), message));
        };
        let head: TokenStream = head.into_iter().collect();
        let without_items = TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()));
        let header: ItemImpl = syn::parse2(head.clone().into_iter().chain([without_items]).collect())?;
        let attributes = header.attrs.iter().filter(|attribute| !attribute.path().is_ident("doc")).cloned().collect();
        Ok(Self {
            head,
            body_span: body.span(),
            items: Item::parse_all(body.stream()),
            owner: Owner { ty: (*header.self_ty).clone(), attributes },
            header,
        })
    }

    /// Adds the reasons why the methods of this block cannot be checks.
    pub(super) fn check_header(&self, diagnostics: &mut Diagnostics) {
        let ty = source(&self.owner.ty);
        if let Some((path, _)) = &self.header.trait_ {
            let message = format!(
                "a health check cannot be a method of a trait; write a method in an `impl {ty}` block with `#[health_checks]` \
                 that calls it"
            );
            diagnostics.push(Error::new_spanned(path, message));
        }
        let params = &self.header.generics.params;
        if !params.is_empty() {
            let only_lifetimes = params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
            let message = if only_lifetimes {
                "a block of health checks cannot have lifetime parameters; write `'_` in the type, as in `impl Mailer<'_>`"
            } else {
                "a block of health checks cannot be generic, because the runtime cannot choose the types; write them out, as in \
                 `impl Mailer<Smtp>`, or build each check with `Check::on`"
            };
            diagnostics.push(Error::new_spanned(params, message));
        }
    }

    /// Takes away the attributes that are meant to declare checks under another name.
    pub(super) fn take_misnamed(&mut self) -> Vec<Attribute> {
        self.items.iter_mut().flat_map(Item::take_misnamed).collect()
    }

    /// Takes the declarations away from the methods.
    pub(super) fn take_methods(&mut self) -> Vec<Method> {
        self.items.iter_mut().flat_map(Item::take_methods).collect()
    }
}

/// Returns the message for an item that is not a block.
fn no_block(item: &[TokenTree]) -> &'static str {
    let has = |keyword| item.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == keyword));
    if has("trait") {
        "a method of a trait cannot be a health check; write an `impl Mailer { … }` block with `#[health_checks]`, and a method in it that \
         calls this one"
    } else if has("fn") {
        "`#[health_checks]` belongs on an impl block; write `#[health_check(level = 3)]` instead of it above a function"
    } else if has("mod") {
        "`#[health_checks]` belongs on an impl block; remove it, because the functions of a module take `#[health_check(…)]` alone"
    } else {
        "`#[health_checks]` belongs on an impl block; write it above `impl Mailer { … }`"
    }
}

/// Takes the declarations out of a trait, where they would be a second mistake. Another item stays as it is.
pub(super) fn without_checks(item: TokenStream) -> TokenStream {
    let is_trait = item.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "trait"));
    let without = |token| match token {
        TokenTree::Group(body) if is_trait && body.delimiter() == Delimiter::Brace => {
            let mut items = Item::parse_all(body.stream());
            for item in &mut items {
                item.take_methods();
            }
            let mut without = Group::new(Delimiter::Brace, items.iter().map(ToTokens::to_token_stream).collect());
            without.set_span(body.span());
            TokenTree::Group(without)
        }
        token => token,
    };
    item.into_iter().map(without).collect()
}
