//! Generates the declarations behind the methods of the block.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use super::block::Block;
use crate::check::{CheckModel, excused_lints, method_declaration};

pub(super) fn expand(block: &Block, models: &[CheckModel]) -> TokenStream {
    let items = block.items.iter().map(|item| {
        let allow = item.is_check.then(|| excused_lints(true));
        quote!(#allow #item)
    });
    let declarations = models.iter().map(method_declaration);
    let mut body = Group::new(Delimiter::Brace, items.chain(declarations).collect());
    body.set_span(block.body_span);
    let head = &block.head;
    quote!(#head #body)
}
