//! Generates one expression.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::{
    model::{Call, CallArgument, EndpointModel},
    values::NamedCheck,
};
use crate::runtime_path::RuntimePath;

/// Returns an expression of the type `Result<Endpoint, Error>`, also when there are mistakes.
pub(super) fn expand(model: &EndpointModel, mistakes: Option<&TokenStream>) -> TokenStream {
    let EndpointModel { runtime, crates, calls } = model;
    let links = crates.iter().map(link);
    let calls = calls.iter().map(|call| expand_call(runtime, call));
    quote! {{
        #mistakes
        #(#links)*
        #runtime::Endpoint::builder()
            #(#calls)*
            .build()
    }}
}

/// Names the crate, so that the linker keeps it.
fn link(name: &Ident) -> TokenStream {
    quote_spanned! {generated_at(name.span())=>
        #[allow(unused_imports, reason = "linked for the checks that it declares")]
        use ::#name as _;
    }
}

fn expand_call(runtime: &RuntimePath, Call { method, argument }: &Call) -> TokenStream {
    let argument = match argument {
        CallArgument::BuildInfo(ty) => {
            let runtime = runtime.at(ty.span());
            quote_spanned!(generated_at(ty.span())=> <#ty as #runtime::BuildInfo>::BUILD_INFO)
        }
        CallArgument::Checks(checks) => {
            let checks = checks.iter().map(|check| {
                let runtime = runtime.at(check.span());
                quote_spanned!(generated_at(check.span())=> #runtime::__private::CheckValue::into_check(#check))
            });
            quote!([#(#checks),*])
        }
        CallArgument::CheckList(list) => {
            let runtime = runtime.at(list.span());
            quote_spanned!(generated_at(list.span())=> #runtime::__private::CheckList::into_checks(#list))
        }
        CallArgument::Access(access) => {
            let runtime = runtime.at(access.span());
            quote_spanned!(generated_at(access.span())=> #runtime::__private::AccessValue::into_access(#access))
        }
        CallArgument::Path(path) => {
            let runtime = runtime.at(path.span());
            quote_spanned!(generated_at(path.span())=> #runtime::__private::PathValue::into_path(#path))
        }
        CallArgument::Details(details) => {
            let value = {
                let runtime = runtime.at(details.span());
                quote_spanned!(generated_at(details.span())=> #runtime::__private::DetailsValue::into_show_details(#details))
            };
            // The words may stand in an `if` or a `match`.
            quote!({
                #[allow(unused_imports, reason = "most values are one of the words, or none")]
                use #runtime::ShowDetails::{Always as public, Never as hidden};
                #value
            })
        }
        CallArgument::Names(names) => {
            let names = names.iter().map(|name| match name {
                NamedCheck::Path(path) => path.check_name(),
                NamedCheck::Name(name) => {
                    let runtime = runtime.at(name.span());
                    let rt = quote!(#runtime::__private);
                    quote_spanned!(generated_at(name.span())=> <#rt::CheckName as #rt::From<_>>::from(#name))
                }
            });
            quote!([#(#names),*])
        }
        CallArgument::Value(value) => quote!(#value),
    };
    quote!(.#method(#argument))
}

/// Returns a span for generated code: messages point to `place`, and lints know that it is generated.
fn generated_at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
