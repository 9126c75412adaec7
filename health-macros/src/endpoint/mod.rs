//! `health_endpoint!`: args ← model ← expand.

mod args;
mod configure;
mod crates;
mod expand;
mod foreign_words;
mod model;
mod paths;
mod values;

use proc_macro2::TokenStream;

use self::{args::EndpointArgs, model::EndpointModel};
use crate::diagnostics::Diagnostics;

pub(crate) fn health_endpoint(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let args = EndpointArgs::parse(input, &mut diagnostics);
    let model = EndpointModel::new(args);
    // The readable part is still built, so that the call has its type and its values are used.
    expand::expand(&model, diagnostics.finish().as_ref())
}
