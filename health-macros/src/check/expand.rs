//! Generates the registration next to the unchanged function.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    args::{Setting, Value},
    model::CheckModel,
    signature::{Parameter, Signature},
};
use crate::runtime_path::RuntimePath;

pub(super) fn expand(model: &CheckModel, item: &TokenStream) -> TokenStream {
    let CheckModel { runtime, signature, attributes, .. } = model;
    let allow = excused_lints();
    let bind = bind(runtime, signature);
    let declare = declare(model);
    quote! {
        #allow
        #item
        #attributes
        const _: () = {
            #runtime::__private::inventory::submit! {
                #runtime::__private::Registration { bind: #bind, declare: #declare, module: #runtime::__private::module_path!() }
            }
        };
    }
}

/// Allows the lints that the shape of a check provokes and the author cannot avoid.
fn excused_lints() -> TokenStream {
    quote! {
        #[allow(
            clippy::borrowed_box,
            clippy::missing_errors_doc,
            clippy::must_use_candidate,
            clippy::ptr_arg,
            clippy::trivially_copy_pass_by_ref,
            clippy::unused_async,
            reason = "`async` selects how the runtime runs a health check, which borrows sized state"
        )]
    }
}

/// Returns the location of the function, not of the attribute: the call counts as written at the function's name.
fn location(runtime: &RuntimePath, function: &Ident) -> TokenStream {
    let written = runtime.written_at(function.span());
    quote_spanned!(function.span()=> #written::__private::Location::caller())
}

/// Returns a `fn(&mut Binder<'_>) -> Option<Work>`. It looks up all state before it gives up, so that one start names every
/// missing type.
fn bind(runtime: &RuntimePath, signature: &Signature) -> TokenStream {
    let binder = local("binder");
    let lent: Vec<Ident> = (0..signature.parameters.len()).map(|index| local(&format!("lent_{index}"))).collect();
    let look_up = signature.parameters.iter().zip(&lent).map(|(parameter, lent)| look_up(&binder, parameter, lent));
    let required = signature.parameters.iter().zip(&lent).filter(|(parameter, _)| !parameter.optional);
    let required = required.map(|(_, lent)| lent);
    let work = work(runtime, signature, &lent);
    quote! {
        |#binder| {
            #(#look_up)*
            #(let #required = #required?;)*
            #runtime::__private::Option::Some(#work)
        }
    }
}

/// Looks up one parameter. An unmet bound is reported at its type.
fn look_up(binder: &Ident, parameter: &Parameter, lent: &Ident) -> TokenStream {
    let Parameter { lent: ty, optional } = parameter;
    let method = if *optional { "optional" } else { "require" };
    let method = Ident::new(method, generated_at(ty.span()));
    quote_spanned! {generated_at(ty.span())=> let #lent = #binder.#method::<#ty>(); }
}

/// Clones the state for each run, because a run may outlive the caller that started it.
fn work(runtime: &RuntimePath, signature: &Signature, lent: &[Ident]) -> TokenStream {
    let outcome = outcome(runtime, signature, lent);
    match signature.asyncness {
        None => quote!(#runtime::__private::Work::blocking(move || #outcome)),
        Some(keyword) => {
            let runtime_here = runtime.at(keyword);
            let future = quote_spanned!(generated_at(keyword)=> async move { #outcome });
            let body = quote!({
                #(let #lent = #runtime::__private::Clone::clone(&#lent);)*
                #future
            });
            quote_spanned!(generated_at(keyword)=> #runtime_here::__private::Work::task(move || #body))
        }
    }
}

/// Calls the function and converts its answer. Errors about the return type appear at the repeated type.
fn outcome(runtime: &RuntimePath, signature: &Signature, lent: &[Ident]) -> TokenStream {
    let Signature { function, answer, .. } = signature;
    let arguments = signature.parameters.iter().zip(lent).map(|(parameter, lent)| {
        if parameter.optional { quote!(#runtime::__private::Option::as_deref(&#lent)) } else { quote!(&*#lent) }
    });
    let wait = signature.asyncness.map(|_| quote!(.await));
    let place = generated_at(answer.as_ref().map_or_else(|| function.span(), Spanned::span));
    let runtime_here = runtime.at(place);
    let answer = match answer.as_ref().map(ToTokens::to_token_stream) {
        Some(answer) if !has_impl(answer.clone()) => answer,
        _ => quote_spanned!(place=> _),
    };
    quote_spanned! {place=>
        <#answer as #runtime_here::__private::IntoOutcome>::into_outcome(#function(#(#arguments),*) #wait)
    }
}

/// Returns whether the type contains an `impl Trait`, which cannot be repeated.
fn has_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_impl(group.stream()),
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Literal(_) | TokenTree::Punct(_) => false,
    })
}

/// Returns a `fn(Work) -> Check` with a call for each key, in written order.
fn declare(model: &CheckModel) -> TokenStream {
    let CheckModel { runtime, name, settings, description, signature, .. } = model;
    let work = local("work");
    let level = level(runtime, model.level);
    let location = location(runtime, &signature.function);
    let description = description.iter().map(|description| quote!(.description(#description)));
    let calls = settings.iter().filter_map(|setting| call(runtime, setting));
    quote! {
        |#work| #runtime::__private::Check::from_work(#name, #level, #work).location(#location) #(#description)* #(#calls)*
    }
}

/// Returns the key as a call on the check; `None` for a declined group, and for arguments of the constructor.
fn call(runtime: &RuntimePath, Setting { key, value, .. }: &Setting) -> Option<TokenStream> {
    let argument = match value {
        Value::Group(true) => None,
        Value::Duration(duration) => {
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            Some(quote!(#runtime::__private::Duration::new(#seconds, #nanos)))
        }
        Value::Boolean(value) => Some(quote!(#value)),
        Value::Text(text) => Some(quote!(#text)),
        Value::Count(count) => Some(quote!(#count)),
        Value::Words(words) => Some(quote!([#(#words),*])),
        Value::Group(false) | Value::Name(_) | Value::Level(_) | Value::RuntimePath(_) => return None,
    };
    let method = Ident::new(&key.to_string(), generated_at(key.span()));
    Some(quote!(.#method(#argument)))
}

fn level(runtime: &RuntimePath, level: u8) -> TokenStream {
    let variant = format_ident!("L{level}");
    quote!(#runtime::__private::Level::#variant)
}

/// Returns a name that meets no local of the author, and hardly a constant or static.
fn local(name: &str) -> Ident {
    Ident::new(&format!("health_check_{name}"), Span::mixed_site())
}

/// Returns a span for generated code: messages point to `place`, and lints know that it is generated.
fn generated_at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
