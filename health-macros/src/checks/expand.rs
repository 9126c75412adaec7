//! Generates the registrations next to the block.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use super::block::Block;
use crate::check::{CheckModel, excused_lints, registration};

pub(super) fn expand(block: &Block, models: &[CheckModel]) -> TokenStream {
    let items = block.items.iter().map(|item| {
        let allow = item.is_check.then(excused_lints);
        quote!(#allow #item)
    });
    let mut body = Group::new(Delimiter::Brace, items.collect());
    body.set_span(block.body_span);
    let head = &block.head;
    let registrations = models.iter().map(registration);
    quote!(#head #body #(#registrations)*)
}
