//! The code that carries the facts, and that makes the compiler read what they were found in.

use std::time::SystemTime;

use proc_macro2::TokenStream;
use quote::quote;

use super::{Facts, Revision};

/// `info` with the facts added to it. It stands in a constant of the user's crate.
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
        // Read by the compiler and not here, so that cargo knows of it.
        Revision::Variables(names) => {
            quote!(#rt::__private::with_first_revision(#info, &[#(#rt::__private::option_env!(#names)),*]))
        }
    };
    quote!({ #watch #info })
}

/// A function that is never called, and leaves nothing in the program: a constant would put the files into the library. A line
/// for each file, because clippy takes an array of more than a thousand for a mistake of whoever derives it.
fn watch(rt: &TokenStream, paths: &[String]) -> Option<TokenStream> {
    (!paths.is_empty()).then(|| {
        quote! {
            fn _watched() {
                #(let _: &[#rt::__private::u8] = #rt::__private::include_bytes!(#paths);)*
            }
        }
    })
}
