//! The items of an impl block, and the declarations above them.

use std::mem;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Meta, MetaList,
    parse::{ParseStream, Parser as _},
    parse_quote,
};

use super::method::Method;
use crate::argument::split;

/// An item, parsed no further than its attributes.
pub(super) struct Item {
    pub(super) is_check: bool,
    attributes: Vec<Attribute>,
    rest: TokenStream,
}

/// A `#[health_check(…)]` above an item.
struct Declaration {
    place: Span,
    args: TokenStream,
    /// The `#[cfg]` for the predicate of a `#[cfg_attr]` around it.
    condition: Option<Attribute>,
}

impl Item {
    pub(super) fn parse_all(body: TokenStream) -> Vec<Self> {
        split_items(body).into_iter().map(Self::parse).collect()
    }

    /// Parses the attributes. If they cannot be parsed, the compiler reports them.
    fn parse(tokens: TokenStream) -> Self {
        let attributes_and_rest = |input: ParseStream| Ok((input.call(Attribute::parse_outer)?, input.parse()?));
        let (attributes, rest) = attributes_and_rest.parse2(tokens.clone()).unwrap_or_else(|_| (Vec::new(), tokens));
        Self { is_check: false, attributes, rest }
    }

    /// Takes away each attribute with a level and nearly the name: `#[healthcheck(level = 3)]`, or a renamed import.
    pub(super) fn take_misnamed(&mut self) -> Vec<Attribute> {
        self.attributes.extract_if(.., |attribute| is_misnamed(attribute)).collect()
    }

    /// Takes each `#[health_check(…)]` away. It would not compile in a block, even if its name is imported.
    pub(super) fn take_methods(&mut self) -> Vec<Method> {
        let mut declarations = Vec::new();
        self.attributes.retain_mut(|attribute| !take(&mut attribute.meta, &mut declarations));
        self.is_check = !declarations.is_empty();
        let count = declarations.len();
        let method = |(index, Declaration { place, args, condition })| Method {
            place,
            args,
            declarations_below: count - 1 - index,
            attributes: self.attributes.iter().cloned().chain(condition).collect(),
            function: self.rest.clone(),
        };
        declarations.into_iter().enumerate().map(method).collect()
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, rest, .. } = self;
        tokens.extend(quote!(#(#attributes)* #rest));
    }
}

fn is_misnamed(attribute: &Attribute) -> bool {
    let (Some(segment), Meta::List(list)) = (attribute.path().segments.last(), &attribute.meta) else { return false };
    let name = segment.ident.to_string();
    let has_level =
        list.tokens.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(key) if key == "level"));
    has_level && ["health", "check"].iter().any(|part| name.contains(part))
}

/// Takes the declarations out of an attribute. Returns whether nothing else is in it.
fn take(meta: &mut Meta, declarations: &mut Vec<Declaration>) -> bool {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => take_conditional(list, declarations),
        meta => {
            let declaration = Declaration::new(meta, None);
            let is_declaration = declaration.is_some();
            declarations.extend(declaration);
            is_declaration
        }
    }
}

/// Takes the declarations out of a `cfg_attr`, which the compiler has not evaluated yet.
fn take_conditional(list: &mut MetaList, declarations: &mut Vec<Declaration>) -> bool {
    let mut metas = split(list.tokens.clone());
    if metas.len() < 2 {
        return false;
    }
    let predicate = metas.remove(0);
    metas.retain(|tokens| {
        let condition = Some(parse_quote!(#[cfg(#predicate)]));
        let meta = syn::parse2(tokens.clone());
        let declaration = meta.ok().and_then(|meta| Declaration::new(&meta, condition));
        let is_other = declaration.is_none();
        declarations.extend(declaration);
        is_other
    });
    list.tokens = quote!(#predicate, #(#metas),*);
    metas.is_empty()
}

impl Declaration {
    /// Returns `None` for another attribute. A renamed one cannot be recognized.
    fn new(meta: &Meta, condition: Option<Attribute>) -> Option<Self> {
        let name = &meta.path().segments.last()?.ident;
        let args = match meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(_) => return None,
        };
        (name == "health_check").then(|| Self { place: name.span(), args, condition })
    }
}

/// Splits behind each `;`, body and inner attribute. All tokens stay, so a split in a wrong place does no harm.
fn split_items(body: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item = Vec::new();
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        item.push(token);
        if is_end(&item, tokens.peek()) {
            items.push(mem::take(&mut item));
        }
    }
    items.push(item);
    items.into_iter().filter(|item| !item.is_empty()).map(|item| item.into_iter().collect()).collect()
}

fn is_end(item: &[TokenTree], next: Option<&TokenTree>) -> bool {
    let has_word = |word| item.iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == word));
    match item.last() {
        Some(TokenTree::Punct(punct)) => punct.as_char() == ';',
        Some(TokenTree::Group(group)) => match group.delimiter() {
            // Braces are the body, or an argument as in `Ports<{ 3 }>`, or the value of a constant.
            Delimiter::Brace => {
                let is_argument = matches!(next, Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '>' | ','));
                !is_argument && (has_word("fn") || !has_word("const"))
            }
            Delimiter::Bracket => matches!(item, [_, TokenTree::Punct(punct), _] if punct.as_char() == '!'),
            Delimiter::Parenthesis | Delimiter::None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_split_at_their_ends() {
        for items in [
            &["#![allow(unused)]", "const A: u8 = { 3 };", "type B = Ports<{ 3 }>;", "pub fn c(&self) {}"][..],
            &["#[inline] pub(crate) const fn a() -> Ports<{ 3 }> {}", "fn b<const N: usize>() -> Ports<{ 3 }, N> {}"],
            &["fn a() where Ports<{ 3 }>: Sized, [u8; { 3 }]: Sized {}", "async unsafe extern \"C\" fn b() {}"],
            &["generated! { fn a() {} }", "generated!(b);", "const C: Ports = Ports { a: 1 };", "fn d() { let }"],
            &["fn without_a_body(&self);", "#[health_check(level = 3)] fn b() -> [u8; { 3 }] {}"],
            &[],
        ] {
            let parse = |text: &str| text.parse::<TokenStream>().unwrap().to_string();
            let split: Vec<_> = split_items(items.concat().parse().unwrap()).iter().map(ToString::to_string).collect();
            assert_eq!(split, items.iter().map(|item| parse(item)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn declarations_are_taken_out_of_their_attributes() {
        for (written, left, count) in [
            ("#[health_check(level = 3)] fn a() {}", "fn a() {}", 1),
            ("/// Text.\n#[hr::health_check] #[inline] fn a() {}", "/// Text.\n#[inline] fn a() {}", 1),
            ("#[cfg_attr(unix, inline, health_check(level = 3))] fn a() {}", "#[cfg_attr(unix, inline)] fn a() {}", 1),
            ("#[cfg_attr(unix, health_check)] #[health_check] fn a() {}", "fn a() {}", 2),
            ("#[cfg_attr(unix, inline)] fn a() {}", "#[cfg_attr(unix, inline)] fn a() {}", 0),
            ("#[cfg_attr(unix)] fn a() {}", "#[cfg_attr(unix)] fn a() {}", 0),
            ("#[health_check = 3] #[health_checks] fn a() {}", "#[health_check = 3] #[health_checks] fn a() {}", 0),
        ] {
            let mut item = Item::parse(written.parse().unwrap());
            assert_eq!(item.take_methods().len(), count, "{written}");
            assert_eq!(item.is_check, count > 0, "{written}");
            let left: TokenStream = left.parse().unwrap();
            assert_eq!(item.to_token_stream().to_string(), left.to_string(), "{written}");
        }
    }
}
