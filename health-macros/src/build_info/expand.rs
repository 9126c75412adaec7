//! Generates the constant with the values that are fixed for a package, and a call of the macro that adds the rest.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::model::BuildInfoModel;

pub(super) fn expand(model: &BuildInfoModel) -> TokenStream {
    let rt = &model.runtime;
    let package_name = || quote!(#rt::__private::env!("CARGO_PKG_NAME"));
    let name = model.name.as_ref().map_or_else(package_name, ToTokens::to_token_stream);
    let info = quote!(#rt::BuildMetadata::new(#name, #rt::__private::env!("CARGO_PKG_VERSION")));
    let package_repo = || {
        let variable = quote!(#rt::__private::option_env!("CARGO_PKG_REPOSITORY"));
        quote!(#rt::__private::with_package_repo(#info, #variable))
    };
    let info = model.repo.as_ref().map_or_else(package_repo, |repo| quote!(#info.with_repo(#repo)));
    // Evaluated in the author's crate: the macros are compiled for the host, with other settings.
    let profile = quote!(if #rt::__private::cfg!(debug_assertions) { "debug" } else { "release" });
    implementation(model, &quote!(#rt::__private::build_facts! { #rt; #info.with_profile(#profile) }))
}

/// Generates an empty constant, for an attribute with mistakes.
pub(super) fn stand_in(model: &BuildInfoModel) -> TokenStream {
    let rt = &model.runtime;
    implementation(model, &quote!(#rt::BuildMetadata::new("", "")))
}

fn implementation(model: &BuildInfoModel, info: &TokenStream) -> TokenStream {
    let BuildInfoModel { runtime: rt, ident, generics, .. } = model;
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #rt::BuildInfo for #ident #arguments #conditions {
            const BUILD_INFO: #rt::BuildMetadata = #info;
        }
    }
}
