//! `#[health_check]`: args ← model ← expand.

mod args;
mod const_rules;
mod expand;
mod foreign_words;
mod function;
mod key_table;
mod model;
mod signature;

use proc_macro2::TokenStream;

use self::{args::CheckArgs, function::Function, key_table::KEYS, model::CheckModel};
use crate::diagnostics::Diagnostics;

pub(crate) fn health_check(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let args = CheckArgs::parse(args, KEYS, &mut diagnostics);
    let function = diagnostics.note(Function::parse(item.clone()));
    let model = function.and_then(|function| CheckModel::new(args, function, &mut diagnostics));
    match (diagnostics.finish(), model) {
        (None, Some(model)) => expand::expand(&model, &item),
        // The item is emitted all the same, so that its callers still find it.
        (errors, _) => errors.into_iter().chain([item]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// An editor expands the macro while the author types.
    #[test]
    fn unfinished_body_expands() {
        let item: TokenStream = "async fn database(pool: &Pool) -> bool { pool. let = }".parse().unwrap();
        let expansion = health_check(quote!(level = 5), item.clone()).to_string();
        assert!(expansion.contains("Registration {"), "{expansion}");
        assert!(expansion.contains(&item.to_string()), "{expansion}");
    }

    #[test]
    fn item_is_unchanged_beside_an_error() {
        let item: TokenStream = "/// Docs.\npub struct Database { field: u32 }".parse().unwrap();
        let expansion = health_check(quote!(level = 9, colour), item.clone()).to_string();
        assert_eq!(expansion.matches("compile_error").count(), 3, "{expansion}");
        assert!(expansion.ends_with(&item.to_string()), "{expansion}");
    }
}
