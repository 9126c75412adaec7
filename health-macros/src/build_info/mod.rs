//! `#[derive(BuildInfo)]`: args ← model ← expand. It expands to a call of [`build_facts`], which reads everything that may
//! change between builds: the compiler may cache the expansion of a derive for as long as the type does not change.

mod args;
mod expand;
mod facts;
mod model;

use std::{env, path::Path};

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{
    Path as TypePath, Token,
    parse::{ParseStream, Parser as _},
};

use self::{args::BuildInfoArgs, facts::Facts, model::BuildInfoModel};
use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: syn::DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut diagnostics = Diagnostics::new();
    let args = BuildInfoArgs::parse(&input, &mut diagnostics);
    let model = BuildInfoModel::new(args, input);
    match diagnostics.finish() {
        None => expand::expand(&model),
        // An empty constant, so that code which names it has no second error.
        Some(errors) => [errors, expand::stand_in(&model)].into_iter().collect(),
    }
}

/// Expands `build_facts!(path::to::runtime; expression)` to the expression with the facts added.
pub(crate) fn build_facts(input: TokenStream) -> TokenStream {
    let parse = |input: ParseStream| {
        let runtime = input.call(TypePath::parse_mod_style)?;
        input.parse::<Token![;]>()?;
        Ok((runtime.into_token_stream(), input.parse::<TokenStream>()?))
    };
    match parse.parse2(input) {
        Ok((runtime, info)) => {
            let manifest_dir = env::var_os("CARGO_MANIFEST_DIR");
            facts::expand(&runtime, &info, &Facts::read(manifest_dir.as_ref().map(Path::new)))
        }
        Err(error) => error.into_compile_error(),
    }
}
