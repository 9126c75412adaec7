//! The macros of `health-runtime`, which re-exports and documents them.
//!
//! Each macro is a folder of the same stages, which lean on each other in one direction only:
//! `args` (what was written, each value checked on its own) ← `model` (what it means, held against the rules
//! that take more than one value) ← `expand` (the generated code, which cannot fail).

mod check;
mod diagnostics;
mod endpoint;
mod keys;
mod runtime_path;

use proc_macro::TokenStream;

/// Declares a health check. Documented where `health-runtime` re-exports it.
#[proc_macro_attribute]
pub fn health_check(args: TokenStream, item: TokenStream) -> TokenStream {
    check::health_check(args.into(), item.into()).into()
}

/// Builds the health endpoint. Documented where `health-runtime` re-exports it.
#[proc_macro]
pub fn health_endpoint(input: TokenStream) -> TokenStream {
    endpoint::health_endpoint(input.into()).into()
}
