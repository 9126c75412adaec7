//! Generates the registration next to the unchanged function.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ext::IdentExt as _, spanned::Spanned};

use super::{
    args::{Constant, Given, Setting, Value},
    const_rules::{Argument, ConstRule},
    key_table::LIVENESS_DEPENDS_DEEPER,
    model::CheckModel,
    signature::{Parameter, Signature},
};
use crate::{
    check_path::{CheckPath, CheckReference, DECLARATION_PREFIX},
    runtime_path::RuntimePath,
};

/// An associated constant is not found by its name alone, so the compiler shows the name of the remedy for a check in an `impl`.
pub(super) fn expand(model: &CheckModel, item: &TokenStream) -> TokenStream {
    let CheckModel { attributes, declaration, signature, .. } = model;
    let allow = excused_lints();
    let check = declaration.to_string().replacen(DECLARATION_PREFIX, "", 1);
    let place = generated_at(signature.function.span());
    let remedy = Ident::new(&format!("{check}_needs_health_checks_above_its_impl"), place);
    let scope = local(&check);
    let (declaration, registration) = (declaration_item(model), registration_items(model, Some(&remedy)));
    quote! {
        #allow
        #item
        #declaration
        #attributes
        #[allow(non_upper_case_globals, reason = "the name is a message")]
        const #remedy: () = ();
        #attributes
        #[allow(dead_code, non_upper_case_globals, reason = "a scope for the registration")]
        const #scope: () = { #registration };
    }
}

/// Returns the constant next to the function or method. Paths in other declarations lead to it.
pub(crate) fn declaration_item(model: &CheckModel) -> TokenStream {
    let CheckModel { runtime, declaration, settings, attributes, visibility, .. } = model;
    let mentions = settings.iter().flat_map(paths).map(CheckPath::mention);
    let value = declaration_value(model);
    quote! {
        #attributes
        #[doc(hidden)]
        #[allow(dead_code, non_upper_case_globals, reason = "the name is made from the function's")]
        #visibility const #declaration: #runtime::__private::Declaration = {
            #(#mentions)*
            #value
        };
    }
}

fn declaration_value(model: &CheckModel) -> TokenStream {
    let CheckModel { runtime, name, settings, .. } = model;
    let level = match &model.level {
        Given::Literal(_) => level(runtime, &model.level),
        Given::Constant(constant) => constant.path.to_token_stream(),
    };
    let [name_field, level_field, dependencies_field] = ["name", "level", "depends_on"].map(|key| field(settings, key));
    let dependencies = settings.iter().flat_map(paths).map(CheckPath::declaration);
    quote! {
        #runtime::__private::Declaration {
            #name_field: #name,
            module: #runtime::__private::module_path!(),
            #level_field: #level,
            #dependencies_field: &[#(#dependencies),*],
        }
    }
}

/// Returns the field of the declaration that a key sets. It stands at the key, so that editors show the field's documentation.
fn field(settings: &[Setting], key: &str) -> Ident {
    let written = settings.iter().find(|setting| setting.key == key);
    Ident::new(key, written.map_or_else(Span::mixed_site, |setting| generated_at(setting.key.span())))
}

/// Returns the registration of a method. It is an item, and stands next to the block, where two types may have a check of one
/// name: the start reports that.
pub(crate) fn registration(model: &CheckModel) -> TokenStream {
    let (attributes, items) = (&model.attributes, registration_items(model, None));
    quote!(#attributes const _: () = { #items };)
}

/// Returns the items that register a check. They do not name its declaration, which an `impl` would hide from them.
fn registration_items(model: &CheckModel, remedy: Option<&Ident>) -> TokenStream {
    let CheckModel { runtime, description, settings, signature, .. } = model;
    let constants = settings.iter().filter_map(|setting| constant(runtime, &setting.value));
    let rules = model.const_rules.iter().map(|rule| const_rule(runtime, rule));
    let declaration = declaration_value(model);
    let location = location(runtime, &signature.function);
    let parameters = signature.parameters.iter().map(|parameter| parameter_type(runtime, parameter));
    let work = work(model);
    let calls = settings.iter().filter_map(|setting| call(runtime, setting));
    let check = local("check");
    // No other item of the block may hide the function.
    let registration = local(&format!("registration_of_{}", signature.function.unraw()));
    let shallow = shallow(model, &registration);
    let remedy = remedy.map(|remedy| quote!(let () = #remedy;));
    // The constant keeps the registration out of the macros of inventory, which copy their input.
    quote! {
        #(#constants)*
        #(#rules)*
        #(#shallow)*
        const #registration: #runtime::__private::Registration = {
            #remedy
            #runtime::__private::Registration {
                declaration: #declaration,
                location: #location,
                description: #description,
                parameters: &[#(#parameters),*],
                work: #work,
                keys: |#check| #check #(#calls)*,
            }
        };
        #runtime::__private::inventory::submit! { #registration }
    }
}

/// Allows the lints that the shape of a check provokes and the author cannot avoid.
pub(crate) fn excused_lints() -> TokenStream {
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

/// Returns the type of a parameter as data. An unmet bound is reported at the type.
fn parameter_type(runtime: &RuntimePath, Parameter { lent, optional }: &Parameter) -> TokenStream {
    let place = generated_at(lent.span());
    let runtime = runtime.at(place);
    let kind = Ident::new(if *optional { "optional" } else { "required" }, place);
    quote_spanned!(place=> #runtime::__private::ParameterType::#kind::<#lent>())
}

/// Returns the function that calls the author's with the state that it is lent, and its kind. Without state, code that all
/// checks share converts the answer; a future that borrows needs one of its own to own the state.
fn work(CheckModel { runtime, signature, callable, .. }: &CheckModel) -> TokenStream {
    let Signature { function, answer, parameters, .. } = signature;
    let values = local("arguments");
    let arguments = parameters.iter().enumerate().map(|(index, parameter)| argument(&values, index, parameter));
    let call = quote_spanned!(generated_at(function.span())=> #callable(#(#arguments),*));
    let place = generated_at(answer.as_ref().map_or_else(|| function.span(), Spanned::span));
    let runtime_here = runtime.at(place);
    let answer = match answer.as_ref().map(ToTokens::to_token_stream) {
        Some(answer) if !has_impl(answer.clone()) => answer,
        _ => quote_spanned!(place=> _),
    };
    // Errors about the return type appear at the repeated type.
    let convert = quote_spanned!(place=> <#answer as #runtime_here::__private::IntoOutcome>::into_outcome);
    let Some(keyword) = signature.asyncness else {
        return quote!(#runtime::__private::DeclaredWork::Blocking(|#values| #convert(#call)));
    };
    let here = generated_at(keyword);
    let runtime_here = runtime.at(here);
    let future = if parameters.is_empty() {
        quote_spanned!(here=> #runtime_here::__private::run(#call, #convert))
    } else {
        let future = quote_spanned!(here=> async move { #convert(#call.await) });
        quote_spanned!(here=> #runtime_here::__private::run_with_state(#future))
    };
    quote!(#runtime::__private::DeclaredWork::Task(|#values| #future))
}

/// Returns the expression that borrows the state for a parameter.
fn argument(values: &Ident, index: usize, Parameter { lent: ty, optional }: &Parameter) -> TokenStream {
    let place = generated_at(ty.span());
    let method = Ident::new(if *optional { "optional" } else { "required" }, place);
    quote_spanned!(place=> #values.#method::<#ty>(#index))
}

/// Returns whether the type contains an `impl Trait`, which cannot be repeated.
fn has_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_impl(group.stream()),
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Literal(_) | TokenTree::Punct(_) => false,
    })
}

/// Returns the key as a call on the check; `None` for a declined group, and for arguments of the constructor.
fn call(runtime: &RuntimePath, Setting { key, value, .. }: &Setting) -> Option<TokenStream> {
    let argument = match value {
        Value::Group(true) => None,
        Value::Duration(given) => Some(duration(runtime, given)),
        Value::Boolean(value) => Some(quote!(#value)),
        Value::Text(text) => Some(quote!(#text)),
        Value::Count(count) => Some(quote!(#count)),
        Value::Words(words) => Some(quote!([#(#words),*])),
        // Paths stand in the declaration itself.
        Value::Checks(checks) => {
            let names: Vec<_> = checks.iter().filter_map(CheckReference::name).collect();
            if names.is_empty() {
                return None;
            }
            Some(quote!([#(#names),*]))
        }
        Value::Group(false) | Value::Name(_) | Value::Level(_) | Value::RuntimePath(_) => return None,
    };
    let method = Ident::new(&key.to_string(), generated_at(key.span()));
    Some(quote!(.#method(#argument)))
}

/// Returns the paths of a key.
fn paths(setting: &Setting) -> impl Iterator<Item = &CheckPath> {
    let checks = if let Value::Checks(checks) = &setting.value { checks.as_slice() } else { &[] };
    checks.iter().filter_map(CheckReference::path)
}

/// Returns a rule for each path in a liveness check, which stops the compilation if the path leads out of the process.
fn shallow(model: &CheckModel, registration: &Ident) -> Vec<TokenStream> {
    let paths = model.settings.iter().flat_map(paths).enumerate().filter(|_| model.is_liveness());
    let rule = |(index, path): (usize, &CheckPath)| {
        let place = generated_at(path.function().span());
        let runtime = model.runtime.at(place);
        quote_spanned! {place=>
            const _: () = #runtime::__private::ensure(#registration.declaration.is_shallow(#index), #LIVENESS_DEPENDS_DEEPER);
        }
    };
    paths.map(rule).collect()
}

/// Returns the constant of a value that is a path. It has a type, so that a path of another type is one error at the path.
fn constant(runtime: &RuntimePath, value: &Value) -> Option<TokenStream> {
    let (constant, ty) = match value {
        Value::Level(Given::Constant(constant)) => (constant, quote!(Level)),
        Value::Duration(Given::Constant(constant)) => (constant, quote!(Duration)),
        _ => return None,
    };
    let (name, path) = (constant_name(constant), &constant.path);
    Some(quote!(const #name: #runtime::__private::#ty = #path;))
}

/// Returns a name that is hardly that of the author's own constant, which it would hide.
fn constant_name(constant: &Constant) -> Ident {
    Ident::new(&format!("__HEALTH_CHECK_CONSTANT_{}", constant.key.to_string().to_uppercase()), Span::mixed_site())
}

fn const_rule(runtime: &RuntimePath, ConstRule { function, arguments, message, place }: &ConstRule) -> TokenStream {
    let place = generated_at(*place);
    let runtime_here = runtime.at(place);
    let function = Ident::new(function, place);
    let arguments = arguments.iter().map(|argument| match argument {
        Argument::Level(given) => level(runtime, given),
        Argument::Duration(given) => duration(runtime, given),
    });
    quote_spanned! {place=>
        const _: () = #runtime_here::__private::ensure(
            #runtime_here::__private::#function(#(#arguments),*),
            #message,
        );
    }
}

fn level(runtime: &RuntimePath, level: &Given<u8>) -> TokenStream {
    match level {
        Given::Literal(level) => {
            let variant = format_ident!("L{level}");
            quote!(#runtime::__private::Level::#variant)
        }
        Given::Constant(constant) => constant_name(constant).into_token_stream(),
    }
}

fn duration(runtime: &RuntimePath, duration: &Given<Duration>) -> TokenStream {
    match duration {
        Given::Literal(duration) => {
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            quote!(#runtime::__private::Duration::new(#seconds, #nanos))
        }
        Given::Constant(constant) => constant_name(constant).into_token_stream(),
    }
}

/// Returns a name that meets no local of the author, and hardly a constant or static.
fn local(name: &str) -> Ident {
    Ident::new(&format!("health_check_{name}"), Span::mixed_site())
}

/// Returns a span for generated code: messages point to `place`, and lints know that it is generated.
fn generated_at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
