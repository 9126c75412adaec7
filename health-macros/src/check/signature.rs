//! The signature of a check: the state to lend to the function, and its return type.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{
    Error, FnArg, GenericArgument, GenericParam, Ident, PatType, PathArguments, Result, ReturnType, Safety, Type,
    TypeReference,
};

use crate::diagnostics::Diagnostics;

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
    /// Returns `None` only when there is a mistake.
    pub(super) fn new(signature: syn::Signature, diagnostics: &mut Diagnostics) -> Option<Self> {
        check_qualifiers(&signature, diagnostics);
        check_generics(&signature, diagnostics);
        check_return_type(&signature.output, diagnostics);
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
            "a health check cannot have lifetime parameters; write `&T` without them"
        } else {
            "a health check cannot be generic, because the runtime cannot choose the types; write them out"
        };
        diagnostics.push(Error::new_spanned(&generics.params, message));
    }
    // With generic parameters, the clause is part of the same mistake.
    if let (Some(clause), true) = (&generics.where_clause, generics.params.is_empty()) {
        let message = "a health check cannot have a `where` clause, because it is not generic; remove it";
        diagnostics.push(Error::new_spanned(clause, message));
    }
}

fn check_return_type(output: &ReturnType, diagnostics: &mut Diagnostics) {
    if let ReturnType::Type(_, answer) = output
        && let Type::Never(_) = visible(answer)
    {
        let message = "a health check has to return; write for example `bool` or `Result<(), Error>`";
        diagnostics.push(Error::new_spanned(answer, message));
    }
}

fn parameter(input: FnArg) -> Result<Parameter> {
    match input {
        FnArg::Receiver(receiver) => Err(Error::new(
            receiver.self_token.span,
            "a health check cannot be a method; take the state as a parameter, such as `pool: &Pool`",
        )),
        FnArg::Typed(typed) => {
            check_attributes(&typed)?;
            match visible(&typed.ty) {
                Type::Reference(reference) => borrowed(reference, false),
                other => optional(other).unwrap_or_else(|| Err(owned(other))),
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
        let message =
            "a health check shares its state with others; take `&T`, and keep mutable parts in a `Mutex` or an atomic";
        return Err(Error::new(mutability.span, message));
    }
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        let message = "state is lent for one run of the check; write `&T` without `'static`";
        return Err(Error::new_spanned(lifetime, message));
    }
    let lent = visible(&reference.elem);
    let refuse = |advice: String| {
        Err(Error::new_spanned(lent, format!("state is looked up by its type, which needs a size; {advice}")))
    };
    match lent {
        Type::TraitObject(object) => {
            let object = source(object);
            refuse(format!("provide an `Arc<{object}>` and take `&Arc<{object}>`"))
        }
        Type::Slice(slice) => {
            refuse(format!("provide a `Vec` and take `&Vec<{}>`, or wrap it in your own type", source(&slice.elem)))
        }
        Type::Path(path) if path.path.is_ident("str") => {
            refuse("provide a `String` and take `&String`, or wrap it in your own type".to_owned())
        }
        Type::ImplTrait(_) => Err(Error::new_spanned(lent, "state is looked up by its type; name the type")),
        _ => Ok(Parameter { lent: reference.elem.as_ref().clone(), optional }),
    }
}

/// Returns the parameter if the type is an `Option`, by the last segment of its path: a macro cannot resolve names.
fn optional(ty: &Type) -> Option<Result<Parameter>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let Some(GenericArgument::Type(inner)) = arguments.args.first() else { return None };
    Some(match visible(inner) {
        Type::Reference(reference) => borrowed(reference, true),
        inner => Err(Error::new_spanned(
            inner,
            format!("a health check borrows its state; write `Option<&{}>`", source(inner)),
        )),
    })
}

fn owned(ty: &Type) -> Error {
    let message = match ty {
        Type::ImplTrait(_) => "state is looked up by its type; name the type, as in `&T`".to_owned(),
        _ => format!("a health check borrows its state; write `&{}`", source(ty)),
    };
    Error::new_spanned(ty, message)
}

/// Returns the type without parentheses, and without the invisible group around a `$t:ty` of `macro_rules!`.
fn visible(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// Returns the tokens with nearly the spaces of the source.
fn source(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" >", ">"), (" ,", ","), ("& ", "&")]
        .iter()
        .fold(text, |text, (spaced, tight)| text.replace(spaced, tight))
}
