//! `#[health_check]`: args ← model ← expand.

mod args;
mod const_rules;
mod expand;
mod foreign_words;
mod function;
mod key_table;
mod model;
mod signature;

use proc_macro2::{Ident, Span, TokenStream};

use self::{args::CheckArgs, key_table::KEYS};
pub(crate) use self::{
    expand::{excused_lints, method_declaration},
    function::Function,
    model::CheckModel,
    signature::{shared_object, visible},
};
use crate::{diagnostics::Diagnostics, runtime_path::RuntimePath};

pub(crate) fn health_check(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let args = read_args(args, Span::call_site(), RuntimePath::default(), &mut diagnostics);
    let function = diagnostics.note(Function::parse(item.clone()));
    let model = function.and_then(|function| CheckModel::new(args, function, &mut diagnostics));
    match (diagnostics.finish(), model) {
        (None, Some(model)) => expand::expand(&model, &item),
        // The item is emitted all the same, so that its callers still find it.
        (errors, _) => errors.into_iter().chain([item]).collect(),
    }
}

/// Reads the arguments of the attribute at `place`. The path of the runtime is for a declaration that names none.
pub(crate) fn read_args(
    args: TokenStream,
    place: Span,
    runtime: RuntimePath,
    diagnostics: &mut Diagnostics,
) -> CheckArgs {
    CheckArgs::parse(args, place, runtime, KEYS, diagnostics)
}

pub(crate) fn has_key(key: &Ident) -> bool {
    KEYS.iter().any(|known| key == known.name)
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
        assert!(expansion.contains("Declaration {"), "{expansion}");
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
