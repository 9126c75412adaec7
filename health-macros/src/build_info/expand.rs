//! The generated code: the constant, with what does not change as long as the package does not. The rest is added by the
//! macro that it calls.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Model;

pub(super) fn expand(model: &Model) -> TokenStream {
    let rt = &model.runtime;
    let name = match &model.name {
        Some(name) => quote!(#name),
        None => quote!(#rt::__private::env!("CARGO_PKG_NAME")),
    };
    let info = quote!(#rt::BuildMetadata::new(#name, #rt::__private::env!("CARGO_PKG_VERSION")));
    let info = match &model.repo {
        Some(repo) => quote!(#info.with_repo(#repo)),
        None => quote! {
            #rt::__private::with_package_repo(#info, #rt::__private::option_env!("CARGO_PKG_REPOSITORY"))
        },
    };
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
