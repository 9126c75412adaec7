//! The macros of `health-runtime`, which re-exports and documents them.
//!
//! Each macro is a folder of the same stages, which lean on each other in one direction only:
//! `args` (what was written, each value checked on its own) ← `model` (what it means, held against the rules
//! that take more than one value) ← `expand` (the generated code, which cannot fail).

mod argument;
mod build_info;
mod check;
mod diagnostics;
mod duration;
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

/// Says what was built. Documented where `health-runtime` re-exports it.
#[proc_macro_derive(BuildInfo, attributes(build_info))]
pub fn build_info(item: TokenStream) -> TokenStream {
    build_info::derive(item.into()).into()
}

/// Not public API. What the derive of `BuildInfo` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn build_facts(input: TokenStream) -> TokenStream {
    build_info::build_facts(input.into()).into()
}
