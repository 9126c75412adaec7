//! The signature of a check: the state to lend to the function, and its return type.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Error, FnArg, GenericArgument, GenericParam, Ident, Pat, PatType, PathArguments, Result, ReturnType, Safety, Type,
    TypeImplTrait, TypeParamBound, TypePath, TypeReference,
};

use crate::{diagnostics::Diagnostics, source::source};

const IN_AN_IMPL: &str = "a method is a health check only in an `impl` under `#[health_checks]`; write that above the `impl`, or a function outside that takes the state, such as `mailer: &Mailer`";
const IN_AN_IMPL_WITHOUT_REFERENCE: &str = "a method is a health check only in an `impl` under `#[health_checks]`, and with `&self`; write both, or a function outside that takes the state, such as `mailer: &Mailer`";

/// The signature of a function that the runtime can call.
pub(super) struct Signature {
    pub(super) function: Ident,
    /// Span of the keyword `async`.
    pub(super) asyncness: Option<Span>,
    pub(super) parameters: Vec<Parameter>,
    /// The return type, if one is written.
    pub(super) answer: Option<Type>,
}

/// A parameter `&T` or `Option<&T>`.
pub(super) struct Parameter {
    /// The type `T`.
    pub(super) lent: Type,
    pub(super) optional: bool,
}

impl Signature {
    /// Returns the trait that converts the answer. By its looks, a type has a message of its own if it cannot be converted.
    pub(super) fn conversion(&self) -> &'static str {
        let name = match self.answer.as_ref().map(visible) {
            Some(Type::Path(path)) => path.path.segments.last(),
            Some(Type::ImplTrait(hidden)) => hidden.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            }),
            _ => None,
        };
        let Some(last) = name else { return "IntoOutcome" };
        match last.ident.to_string().as_str() {
            "Option" if holds(&last.arguments, &["bool", "Status", "Outcome", "Result"]) => "AnswerOption",
            "Option" => "ValueOption",
            "StatusCode" | "Response" | "IntoResponse" | "Html" | "Json" | "HttpResponse" | "Responder" => {
                "HandlerOutcome"
            }
            "Result" if holds(&last.arguments, &["Response", "StatusCode", "HttpResponse"]) => "ClientOutcome",
            "Result" if holds(&last.arguments, &["Option"]) => "OptionResult",
            _ => "IntoOutcome",
        }
    }

    /// Returns `None` only when there is a mistake.
    pub(super) fn new(signature: syn::Signature, diagnostics: &mut Diagnostics) -> Option<Self> {
        if let Some(place) = self_type(signature.to_token_stream()) {
            let receiver = signature.receiver().map(source);
            let is_owned = receiver.is_some_and(|receiver| receiver.replace(' ', "") != "&self");
            diagnostics.push(Error::new(place, if is_owned { IN_AN_IMPL_WITHOUT_REFERENCE } else { IN_AN_IMPL }));
            return None;
        }
        check_qualifiers(&signature, diagnostics);
        check_generics(&signature, diagnostics);
        check_return_type(&signature, diagnostics);
        let inputs = signature.inputs.len();
        let parameters: Vec<Parameter> =
            signature.inputs.into_iter().filter_map(|input| diagnostics.note(parameter(input))).collect();
        let answer = match signature.output {
            ReturnType::Type(_, answer) => Some(*answer),
            ReturnType::Default => None,
        };
        (parameters.len() == inputs).then(|| Self {
            asyncness: signature.asyncness.map(|keyword| keyword.span),
            function: signature.ident,
            parameters,
            answer,
        })
    }
}

/// Returns whether the first argument is a type of one of these names.
fn holds(arguments: &PathArguments, names: &[&str]) -> bool {
    let PathArguments::AngleBracketed(arguments) = arguments else { return false };
    let Some(GenericArgument::Type(Type::Path(value))) = arguments.args.first() else { return false };
    value.path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

/// Returns the place of a `self` or `Self`: only a function in an `impl` or a `trait` has them.
fn self_type(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => self_type(group.stream()),
        TokenTree::Ident(word) if word == "self" || word == "Self" => Some(word.span()),
        _ => None,
    })
}

fn check_qualifiers(signature: &syn::Signature, diagnostics: &mut Diagnostics) {
    if let Safety::Unsafe(keyword) = &signature.safety {
        let message = "a health check cannot be `unsafe`, because the runtime cannot uphold its contract; wrap it in a safe function";
        diagnostics.push(Error::new(keyword.span, message));
    }
    if let Some(abi) = &signature.abi {
        let message = "a health check is called from Rust; remove the `extern`, or wrap the function in another";
        diagnostics.push(Error::new_spanned(abi, message));
    }
    if let Some(variadic) = &signature.variadic {
        let message =
            "a health check cannot be variadic, because each parameter is looked up by its type; remove the `...`";
        diagnostics.push(Error::new_spanned(variadic, message));
    }
}

fn check_generics(signature: &syn::Signature, diagnostics: &mut Diagnostics) {
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        let only_lifetimes = generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
        let message = if only_lifetimes {
            "a health check cannot have lifetime parameters; remove them here and in the references, as in `&T` for `&'a T`"
        } else {
            "a health check cannot be generic, because no caller chooses its types; write a function for each type or value"
        };
        diagnostics.push(Error::new_spanned(&generics.params, message));
    }
    // With generic parameters, the clause is part of the same mistake.
    if let (Some(clause), true) = (&generics.where_clause, generics.params.is_empty()) {
        let message = "a health check cannot have a `where` clause, because it is not generic; remove it";
        diagnostics.push(Error::new_spanned(clause, message));
    }
}

fn check_return_type(signature: &syn::Signature, diagnostics: &mut Diagnostics) {
    let ReturnType::Type(_, answer) = &signature.output else { return };
    if let Type::Never(_) = visible(answer) {
        let message = "a health check has to return; write for example `bool` or `Result<(), String>`";
        diagnostics.push(Error::new_spanned(answer, message));
    }
    if let Some(output) = awaited(answer) {
        let message = match signature.asyncness {
            Some(_) => format!("the function is `async` already; await the future in it, and write `-> {output}`"),
            None => format!(
                "no code awaits this future; write `async fn {}(…) -> {output}`, and `.await` behind the future in its body",
                signature.ident
            ),
        };
        diagnostics.push(Error::new_spanned(answer, message));
    }
}

/// Returns the output of a type that is a future by its name: `impl Future<Output = T>`, a boxed one, `BoxFuture<'_, T>`.
fn awaited(ty: &Type) -> Option<String> {
    let bounds = match visible(ty) {
        Type::ImplTrait(hidden) => &hidden.bounds,
        Type::TraitObject(object) => &object.bounds,
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let inner = match &last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments.args.last(),
                _ => None,
            };
            return match (last.ident.to_string().as_str(), inner) {
                ("Pin" | "Box", Some(GenericArgument::Type(inner))) => awaited(inner),
                ("BoxFuture" | "LocalBoxFuture", Some(inner)) => Some(source(inner)),
                _ => None,
            };
        }
        _ => return None,
    };
    let future = bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().filter(|last| last.ident == "Future"),
        _ => None,
    })?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else { return Some("bool".to_owned()) };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(source(&output.ty)),
        _ => None,
    })
}

fn parameter(input: FnArg) -> Result<Parameter> {
    match input {
        FnArg::Receiver(receiver) => Err(Error::new(receiver.self_token.span, IN_AN_IMPL)),
        FnArg::Typed(typed) => {
            check_attributes(&typed)?;
            match visible(&typed.ty) {
                Type::Reference(reference) => borrowed(reference, false),
                other => optional(other).unwrap_or_else(|| Err(owned(&typed.pat, other))),
            }
        }
    }
}

/// The compiler evaluates these after the macro, so a parameter might disappear.
fn check_attributes(typed: &PatType) -> Result<()> {
    match typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
    {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            "a parameter of a health check cannot be conditional; put the `#[cfg]` on the function",
        )),
    }
}

fn borrowed(reference: &TypeReference, optional: bool) -> Result<Parameter> {
    if let Some(mutability) = &reference.mutability {
        let message = "a health check shares its state with others; remove the `mut`, and keep mutable parts in a `Mutex` or an atomic";
        return Err(Error::new(mutability.span, message));
    }
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        let message = format!("state is lent for one run of the check; write `&{}`", source(&reference.elem));
        return Err(Error::new_spanned(lifetime, message));
    }
    let lent = visible(&reference.elem);
    let refuse = |advice: String| {
        Err(Error::new_spanned(lent, format!("state is looked up by its type, which needs a size; {advice}")))
    };
    match lent {
        Type::TraitObject(object) => {
            let object = shared_object(&source(object));
            refuse(format!("keep an `Arc<{object}>` in the state, and write `&Arc<{object}>`"))
        }
        Type::Slice(slice) => {
            refuse(format!("provide a `Vec` and take `&Vec<{}>`, or wrap it in your own type", source(&slice.elem)))
        }
        Type::Path(path) if path.path.is_ident("str") => {
            refuse("provide a `String` and take `&String`, or wrap it in your own type".to_owned())
        }
        Type::ImplTrait(hidden) => Err(Error::new_spanned(lent, without_type(hidden))),
        _ => Ok(Parameter { lent: reference.elem.as_ref().clone(), optional }),
    }
}

/// Returns a trait object that checks can share, such as `dyn Store + Send + Sync` for `dyn Store`.
pub(crate) fn shared_object(object: &str) -> String {
    let mut bounds: Vec<&str> = object.split(" + ").collect();
    for bound in ["Send", "Sync"] {
        if !bounds.contains(&bound) {
            bounds.push(bound);
        }
    }
    bounds.join(" + ")
}

/// Returns the message for an `impl Trait`.
fn without_type(hidden: &TypeImplTrait) -> String {
    let object = shared_object(&format!("dyn {}", source(&hidden.bounds)));
    format!("state is looked up by its type; write the type, such as `&Arc<{object}>`")
}

/// Returns the parameter if the type is an `Option`, by the last segment of its path: a macro cannot resolve names.
fn optional(ty: &Type) -> Option<Result<Parameter>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let Some(GenericArgument::Type(inner)) = arguments.args.first() else { return None };
    Some(match visible(inner) {
        Type::Reference(reference) => borrowed(reference, true),
        inner => {
            let lent = source(inner);
            let message = format!(
                "a parameter borrows a value of `state: […]` in `health_endpoint!`; write `Option<&{}>`",
                pointee(&lent)
            );
            Err(Error::new_spanned(inner, message))
        }
    })
}

/// Returns the error for a parameter that is not a reference. The pattern is part of it, as in `State(pool): State<Pool>`.
fn owned(pattern: &Pat, ty: &Type) -> Error {
    let message = match ty {
        Type::ImplTrait(hidden) => without_type(hidden),
        Type::Path(path) => owned_path(pattern, path),
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            let parameters = tuple.elems.iter().map(|ty| match ty {
                Type::Reference(ty) => format!("`{}`", source(ty)),
                ty => format!("`&{}`", source(ty)),
            });
            let parameters: Vec<_> = parameters.collect();
            format!(
                "each value of the state has a parameter of its own; write parameters of the types {}",
                parameters.join(", ")
            )
        }
        _ => format!("a parameter borrows a value of `state: […]` in `health_endpoint!`; write `&{}`", source(ty)),
    };
    Error::new_spanned(ty, message)
}

fn owned_path(pattern: &Pat, ty: &TypePath) -> String {
    let written = source(ty);
    let Some(last) = ty.path.segments.last() else {
        return format!("a parameter borrows a value of `state: […]` in `health_endpoint!`; write `&{written}`");
    };
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(arguments) if arguments.args.len() == 1 => arguments.args.first().map(source),
        _ => None,
    };
    match (last.ident.to_string().as_str(), inner) {
        ("State" | "Extension" | "Data", Some(inner)) => {
            let (name, inner) = (inner_name(pattern), pointee(&inner));
            format!(
                "a health check runs without a request, so it has no extractors; write `{name}: &{inner}`, and `state: [{name}]` in \
                 `health_endpoint!`"
            )
        }
        (
            "Json" | "Query" | "Path" | "Form" | "TypedHeader" | "ConnectInfo" | "Host" | "HeaderMap" | "Request"
            | "HttpRequest" | "Parts" | "Uri" | "Method" | "OriginalUri" | "MatchedPath" | "CookieJar" | "Multipart",
            _,
        ) => format!("a health check runs without a request, so it cannot extract `{written}`; remove the parameter"),
        ("Arc", Some(inner)) if !inner.starts_with("dyn ") => {
            format!(
                "a parameter borrows a value of `state: […]` in `health_endpoint!`; write `&{inner}`; an `Arc<{inner}>` in the state is found as well"
            )
        }
        _ => format!("a parameter borrows a value of `state: […]` in `health_endpoint!`; write `&{written}`"),
    }
}

/// Returns `T` for an `Arc<T>`, which serves it among the state.
fn pointee(ty: &str) -> &str {
    let value = ty.split_once("Arc<").filter(|(path, value)| !path.contains('<') && !value.starts_with("dyn "));
    value.and_then(|(_, value)| value.strip_suffix('>')).unwrap_or(ty)
}

/// Returns the name that a pattern such as `State(pool)` binds.
fn inner_name(pattern: &Pat) -> String {
    match pattern {
        Pat::Ident(name) => name.ident.to_string().trim_start_matches('_').to_owned(),
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => inner_name(&tuple.elems[0]),
        _ => "value".to_owned(),
    }
}

/// Returns the type without parentheses, and without the invisible group around a `$t:ty` of `macro_rules!`.
pub(crate) fn visible(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}
