//! Generates the code that adds the facts, and that makes the compiler read the files behind them.

use std::time::SystemTime;

use proc_macro2::TokenStream;
use quote::quote;

use super::{Facts, Revision};

/// Adds the facts to `info`, an expression in a constant of the author's crate.
pub(in super::super) fn expand(rt: &TokenStream, info: &TokenStream, facts: &Facts) -> TokenStream {
    let watch = watch(rt, facts.watched.paths());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let date = quote!(#rt::__private::build_date(#rt::__private::option_env!("SOURCE_DATE_EPOCH"), #now));
    let language = option_env!("HEALTH_MACROS_RUSTC").map(|language| quote!(.with_language(#language)));
    let dirty = facts.dirty.map(|dirty| quote!(.with_dirty(#dirty)));
    let info = quote!(#info.with_build_date(#date) #language #dirty);
    let info = match &facts.revision {
        Revision::Known(revision) => quote!(#info.with_revision(#revision)),
        Revision::Variables([]) => info,
        // The compiler reads the variables, so that cargo tracks them.
        Revision::Variables(names) => {
            quote!(#rt::__private::with_first_revision(#info, &[#(#rt::__private::option_env!(#names)),*]))
        }
    };
    quote!({ #watch #info })
}

/// Includes the files in a function that is never called: a constant would put them into the library. Each file has its own
/// line, because clippy warns about an array of more than a thousand in the author's crate.
fn watch(rt: &TokenStream, paths: &[String]) -> Option<TokenStream> {
    (!paths.is_empty()).then(|| {
        quote! {
            fn _watched() {
                #(let _: &[#rt::__private::u8] = #rt::__private::include_bytes!(#paths);)*
            }
        }
    })
}
