//! `#[health_check]`: args ← model ← expand.

mod args;
mod expand;
mod function;
mod model;
mod signature;

use proc_macro2::TokenStream;

use self::{args::Args, function::Function, model::Model};
use crate::diagnostics::Diagnostics;

pub(crate) fn health_check(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let args = Args::parse(args, &mut diagnostics);
    let function = diagnostics.note(Function::parse(item.clone()));
    let model = function.and_then(|function| Model::new(args, function, &mut diagnostics));
    match (diagnostics.finish(), model) {
        (None, Some(model)) => expand::expand(&model, &item),
        // The item as it was written, so that what calls it still finds it.
        (errors, _) => errors.into_iter().chain([item]).collect(),
    }
}
