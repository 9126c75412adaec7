//! The generated code: the constant, with what does not change as long as the package does not. The rest is added by the
//! macro that it calls.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::model::Model;

pub(super) fn expand(model: &Model) -> TokenStream {
    let rt = &model.runtime;
    let package_name = || quote!(#rt::__private::env!("CARGO_PKG_NAME"));
    let name = model.name.as_ref().map_or_else(package_name, ToTokens::to_token_stream);
    let info = quote!(#rt::BuildMetadata::new(#name, #rt::__private::env!("CARGO_PKG_VERSION")));
    let package_repo = || {
        let variable = quote!(#rt::__private::option_env!("CARGO_PKG_REPOSITORY"));
        quote!(#rt::__private::with_package_repo(#info, #variable))
    };
    let info = model.repo.as_ref().map_or_else(package_repo, |repo| quote!(#info.with_repo(#repo)));
    // Asked in the user's crate: the macros are compiled for the build itself, with settings of their own.
    let profile = quote!(if #rt::__private::cfg!(debug_assertions) { "debug" } else { "release" });
    implementation(model, &quote!(#rt::__private::build_facts! { #rt; #info.with_profile(#profile) }))
}

/// What stands in for the constant when the attribute has mistakes.
pub(super) fn stand_in(model: &Model) -> TokenStream {
    let rt = &model.runtime;
    implementation(model, &quote!(#rt::BuildMetadata::new("", "")))
}

fn implementation(model: &Model, info: &TokenStream) -> TokenStream {
    let Model { runtime: rt, ident, generics, .. } = model;
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #rt::BuildInfo for #ident #arguments #conditions {
            const BUILD_INFO: #rt::BuildMetadata = #info;
        }
    }
}
