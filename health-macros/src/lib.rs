//! The macros of `health-runtime`, which re-exports and documents them.
//!
//! Each macro is a folder of the same stages, and each stage uses the ones before it: `args` (parses, and checks each value
//! on its own) ← `model` (checks the rules that take more than one value) ← `expand` (generates code, and cannot fail).

mod argument;
mod build_info;
mod check;
mod check_path;
mod checks;
mod diagnostics;
mod duration;
mod endpoint;
mod externs;
mod keys;
mod label;
mod literal;
mod runbook;
mod runtime_path;
mod source;
mod suggestion;

use proc_macro::TokenStream;

/// Declares a health check. See its documentation in `health-runtime`.
#[proc_macro_attribute]
pub fn health_check(args: TokenStream, item: TokenStream) -> TokenStream {
    check::health_check(args.into(), item.into()).into()
}

/// Declares methods of an impl block as health checks. See its documentation in `health-runtime`.
#[proc_macro_attribute]
pub fn health_checks(args: TokenStream, item: TokenStream) -> TokenStream {
    checks::health_checks(args.into(), item.into()).into()
}

/// Names a declared check by the path of its function. See its documentation in `health-runtime`.
#[proc_macro]
pub fn check(input: TokenStream) -> TokenStream {
    check_path::check(&input.into()).into()
}

/// Not public API. `health_endpoint!` of `health-runtime` expands to a call of it, with the path of the runtime in front.
#[doc(hidden)]
#[proc_macro]
pub fn health_endpoint(input: TokenStream) -> TokenStream {
    endpoint::health_endpoint(input.into()).into()
}

/// Derives the build information of a type. See its documentation in `health-runtime`.
#[proc_macro_derive(BuildInfo, attributes(build_info))]
pub fn build_info(item: TokenStream) -> TokenStream {
    build_info::derive(item.into()).into()
}

/// Not public API. The derive of `BuildInfo` expands to a call of it.
#[doc(hidden)]
#[proc_macro]
pub fn build_facts(input: TokenStream) -> TokenStream {
    build_info::build_facts(input.into()).into()
}
