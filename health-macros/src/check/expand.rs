//! Generates the registration next to the unchanged function.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    args::{Constant, Given, Setting, Value},
    const_rules::{Argument, ConstRule},
    key_table::LIVENESS_DEPENDS_DEEPER,
    model::{CheckModel, numbered},
    signature::{Parameter, Signature},
};
use crate::{
    check_path::{CheckPath, CheckReference},
    runtime_path::RuntimePath,
};

/// An associated constant is not found by its name alone, so the compiler shows the name of a second constant for a check in
/// an `impl`. No code there names anything else of it, because each name would be an error of its own.
pub(super) fn expand(model: &CheckModel, item: &TokenStream) -> TokenStream {
    let CheckModel { signature, attributes, .. } = model;
    let function = &signature.function;
    let telling = format_ident!("{}_needs_an_impl_with_health_checks", function, span = generated_at(function.span()));
    let telling = numbered(telling, model.declarations_below);
    let allow = excused_lints(!signature.parameters.is_empty());
    let declaration = declaration(model, Some(&telling));
    quote! {
        #allow
        #item
        #declaration
        #attributes
        const #telling: () = ();
    }
}

/// Returns the constant for a method, which stands next to it.
pub(crate) fn method_declaration(model: &CheckModel) -> TokenStream {
    declaration(model, None)
}

/// Returns the constant next to the function or method. Paths in other declarations lead to it. The compiler evaluates rules
/// here, because it shows the name of the constant.
fn declaration(model: &CheckModel, telling: Option<&Ident>) -> TokenStream {
    let CheckModel { runtime, name, settings, attributes, visibility, declaration, .. } = model;
    let rt = runtime.private();
    let constants = settings.iter().filter_map(|setting| constant(runtime, &setting.value));
    let rules = model.const_rules.iter().map(|rule| const_rule(runtime, rule));
    let paths: Vec<_> = settings.iter().flat_map(Setting::paths).collect();
    let shallow = paths.iter().filter(|_| model.is_liveness()).map(|path| shallow(runtime, path));
    let mentions = paths.iter().map(|path| path.mention());
    let dependencies = paths.iter().map(|path| path.declaration());
    let [name_field, level_field, dependencies_field] = ["name", "level", "depends_on"].map(|key| field(settings, key));
    let level = level(runtime, &model.level);
    let location = location(runtime, &model.signature.function);
    let parameters = model.signature.parameters.iter().map(|parameter| parameter_type(runtime, parameter));
    let ((keys_item, keys), (run_item, work)) = (apply_keys(model), work(model));
    let telling = telling.map(|name| quote!(const _: () = #name;));
    let description = &model.description;
    // A constant keeps the declaration out of the macros of inventory, which copy their input.
    quote! {
        #attributes
        #[doc(hidden)]
        #visibility const #declaration: #rt::Declaration = {
            #(#constants)*
            #(#rules)*
            #(#shallow)*
            #(#mentions)*
            #run_item
            #keys_item
            const __HEALTH_CHECK_DECLARATION: #rt::Declaration = #rt::Declaration {
                #name_field: #name,
                module: #rt::module_path!(),
                #level_field: #level,
                #dependencies_field: &[#(#dependencies),*],
                location: #location,
                description: #description,
                parameters: &[#(#parameters),*],
                work: #work,
                keys: #keys,
            };
            #rt::inventory::submit! { __HEALTH_CHECK_DECLARATION }
            #telling
            __HEALTH_CHECK_DECLARATION
        };
    }
}

/// Returns the field of the declaration that a key sets. It stands at the key, so that editors show the field's documentation.
fn field(settings: &[Setting], key: &str) -> Ident {
    let written = settings.iter().find(|setting| setting.key == key);
    Ident::new(key, written.map_or_else(Span::mixed_site, |setting| generated_at(setting.key.span())))
}

/// Returns a function with a call for each key, and its path. A function takes the compiler less than a closure.
fn apply_keys(CheckModel { runtime, settings, declaration, .. }: &CheckModel) -> (Option<TokenStream>, TokenStream) {
    let rt = runtime.private();
    let calls: Vec<_> = settings.iter().filter_map(|setting| call(runtime, setting)).collect();
    if calls.is_empty() {
        return (None, quote!(#rt::no_keys));
    }
    let (name, check) = (format_ident!("{declaration}_keys"), local("check"));
    (Some(quote!(fn #name(#check: #rt::Check) -> #rt::Check { #check #(#calls)* })), name.into_token_stream())
}

/// Allows the lints that the shape of a check provokes and the author cannot avoid: `async` selects how the runtime runs it,
/// and it borrows sized state.
pub(crate) fn excused_lints(has_parameters: bool) -> TokenStream {
    let of_parameters =
        has_parameters.then(|| quote!(clippy::borrowed_box, clippy::ptr_arg, clippy::trivially_copy_pass_by_ref,));
    quote!(#[allow(#of_parameters clippy::missing_errors_doc, clippy::must_use_candidate, clippy::unused_async)])
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

/// Returns the work, and perhaps a function for it. The code behind it is the same for all checks with one return type. With
/// parameters it is a closure, which reports an unmet bound of a parameter only once, although it takes the compiler more.
fn work(model: &CheckModel) -> (Option<TokenStream>, TokenStream) {
    let CheckModel { runtime, signature, callable, .. } = model;
    let Signature { function, answer, parameters, .. } = signature;
    let conversion = Ident::new(signature.conversion(), Span::mixed_site());
    let rt = runtime.private();
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
    let convert = quote_spanned!(place=> <#answer as #runtime_here::__private::#conversion>::into_outcome);
    let (kind, output, body) = match signature.asyncness {
        None => (quote!(Blocking), quote!(Outcome), quote!(#convert(#call))),
        Some(keyword) => {
            let here = generated_at(keyword);
            let runtime_here = runtime.at(here);
            let body = quote_spanned!(here=> #runtime_here::__private::run(#call, #convert));
            (quote!(Task), quote!(RunFuture<'_>), body)
        }
    };
    if parameters.is_empty() {
        // No item of the block may hide the function.
        let name = format_ident!("{}_run", model.declaration);
        let item = quote!(fn #name(_: &#rt::Arguments) -> #rt::#output { #body });
        return (Some(item), quote!(#rt::DeclaredWork::#kind(#name)));
    }
    (None, quote!(#rt::DeclaredWork::#kind(|#values| #body)))
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

/// Stops the compilation if a dependency of a liveness check reaches outside of the process.
fn shallow(runtime: &RuntimePath, path: &CheckPath) -> TokenStream {
    let declaration = path.declaration();
    let place = generated_at(path.function().span());
    let runtime = runtime.at(place);
    quote_spanned!(place=> const _: () = #runtime::__private::ensure(#declaration.is_shallow(), #LIVENESS_DEPENDS_DEEPER);)
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
