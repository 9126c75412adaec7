//! `#[health_checks]`: args ← model ← expand. Each method takes the stages of `#[health_check]`.

mod args;
mod block;
mod expand;
mod item;
mod method;
mod owner;

use proc_macro2::{Span, TokenStream};
use syn::Error;

use self::block::Block;
use crate::{diagnostics::Diagnostics, source::source};

pub(crate) fn health_checks(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let runtime = args::runtime(args, &mut diagnostics);
    let Some(mut block) = diagnostics.note(Block::parse(item.clone())) else {
        return diagnostics.finish().into_iter().chain([block::without_checks(item)]).collect();
    };
    block.check_header(&mut diagnostics);
    let methods = block.take_methods();
    if methods.is_empty() {
        let misnamed = block.take_misnamed();
        if misnamed.is_empty() {
            let message = "no method of this block is a health check; write for example `#[health_check(level = 3)]` above one, or remove \
                           `#[health_checks]`";
            diagnostics.push(Error::new(Span::call_site(), message));
        }
        for attribute in misnamed {
            let name = source(attribute.path());
            let message = format!(
                "`#[{name}(…)]` looks like `#[health_check(…)]`, which this block finds by its name; write for example \
                 `#[health_check(level = 3)]`"
            );
            diagnostics.push(Error::new_spanned(attribute.path(), message));
        }
    }
    let models: Vec<_> =
        methods.into_iter().filter_map(|method| method.model(&runtime, &block.owner, &mut diagnostics)).collect();
    for (index, model) in models.iter().enumerate() {
        diagnostics.note(model.ensure_own_name(&models[..index]));
        diagnostics.note(model.ensure_qualified_dependencies(&models));
    }
    match diagnostics.finish() {
        None => expand::expand(&block, &models),
        // The block is emitted all the same, so that callers of its methods still find them.
        Some(errors) => errors.into_iter().chain(expand::expand(&block, &[])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn expansion(args: TokenStream, block: &str) -> String {
        health_checks(args, block.parse().unwrap()).to_string()
    }

    /// An editor expands the macro while the author types.
    #[test]
    fn unfinished_body_expands() {
        let block = "impl Mailer {
            #![allow(unused)]
            const PORTS: [u16; 2] = [25, { 465 }];
            #[health_check(level = 5)] async fn smtp(&self) -> bool { self. let = }
            fn other(&self) -> Ports<{ 3 }> { let }
            #[health_check(level = 4)] fn imap(&self) -> Ports<{ Self::PORTS }> { if }
        }";
        let expansion = expansion(TokenStream::new(), block);
        assert_eq!(expansion.matches("__private :: Declaration {").count(), 2, "{expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 0, "{expansion}");
        for part in ["{ self . let = }", "{ let }", "{ if }", "#! [allow (unused)]", "const PORTS"] {
            assert!(expansion.contains(part), "{part}: {expansion}");
        }
    }

    #[test]
    fn block_stands_beside_the_errors_of_all_its_methods() {
        let block = "impl Mailer {
            #[health_check(level = 9, colour)] async fn smtp(self) {}
            #[health_check(level = 5)] fn fine(&self) {}
            #[health_check] fn imap(&mut self, _: u8) {}
        }";
        let expansion = expansion(quote!(), block);
        assert_eq!(expansion.matches("compile_error").count(), 6, "{expansion}");
        assert_eq!(expansion.matches("__private :: Declaration {").count(), 0, "{expansion}");
        for method in ["async fn smtp (self) { }", "fn fine (& self) { }", "fn imap (& mut self , _ : u8) { }"] {
            assert!(expansion.contains(method), "{method}: {expansion}");
        }
    }

    #[test]
    fn item_other_than_a_block_is_unchanged() {
        let item = "mod checks { #[health_check(level = 5)] fn free() {} }";
        let expansion = expansion(TokenStream::new(), item);
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
        assert!(expansion.ends_with(&item.parse::<TokenStream>().unwrap().to_string()), "{expansion}");
    }
}
