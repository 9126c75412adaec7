//! A method as a function of `#[health_check]`: its receiver is a parameter, and `Self` is the type of the block.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Attribute, Error, FnArg, Receiver, ReceiverKind, Result, Type};

use super::owner::Owner;
use crate::{
    check::{CheckModel, Function, read_args, shared_object, visible},
    diagnostics::Diagnostics,
    runtime_path::RuntimePath,
    source::source,
};

const OWNED_RECEIVER: &str = "several runs share the value; write `&self`";
const COUNTED_RECEIVER: &str = "several runs share the value; write `&self`, which finds an `Arc` in `state: […]` as well, or `self: &Arc<Self>` for the `Arc` itself";

/// A declared method.
pub(super) struct Method {
    /// Span of the attribute.
    pub(super) place: Span,
    /// The arguments of the attribute.
    pub(super) args: TokenStream,
    /// Number of declarations of the same method below this one.
    pub(super) declarations_below: usize,
    pub(super) attributes: Vec<Attribute>,
    /// The tokens behind the attributes.
    pub(super) function: TokenStream,
}

impl Method {
    /// Applies the stages of `#[health_check]`. Returns `None` only when there is a mistake.
    pub(super) fn model(
        self,
        runtime: &RuntimePath,
        owner: &Owner,
        diagnostics: &mut Diagnostics,
    ) -> Option<CheckModel> {
        let args = read_args(owner.resolve(self.args), self.place, runtime.clone(), diagnostics);
        let mut function = diagnostics.note(Function::parse(owner.resolve(self.function)))?;
        function.attributes = owner.attributes.iter().cloned().chain(self.attributes).collect();
        function.declarations_below = self.declarations_below;
        let name = &function.signature.ident;
        let ty = owner.at(name.span());
        function.path_prefix = quote_spanned!(name.span()=> <#ty>::);
        let inputs = std::mem::take(&mut function.signature.inputs).into_iter();
        function.signature.inputs =
            inputs.filter_map(|input| diagnostics.note(without_receiver(input, owner))).collect();
        CheckModel::new(args, function, diagnostics)
    }
}

/// Returns the parameter that a receiver is short for.
fn without_receiver(input: FnArg, owner: &Owner) -> Result<FnArg> {
    let FnArg::Receiver(Receiver { attrs, self_token, kind, .. }) = input else { return Ok(input) };
    let ty = match kind {
        ReceiverKind::Reference(_, Some(lifetime), None) if lifetime.ident == "static" => {
            return Err(Error::new_spanned(lifetime, "state is lent for one run of the check; write `&self`"));
        }
        ReceiverKind::Reference(..) if matches!(visible(&owner.ty), Type::TraitObject(_)) => {
            return Err(Error::new(self_token.span, without_size(&source(&owner.ty))));
        }
        ReceiverKind::Reference(and, lifetime, mutability) => {
            let ty = owner.at(self_token.span);
            quote!(#and #lifetime #mutability #ty)
        }
        ReceiverKind::Typed(_, ty) if matches!(visible(&ty), Type::Reference(_)) => ty.into_token_stream(),
        ReceiverKind::Typed(_, ty) => {
            let message = if source(&ty).contains("Arc<") { COUNTED_RECEIVER } else { OWNED_RECEIVER };
            return Err(Error::new_spanned(ty, message));
        }
        _ => return Err(Error::new(self_token.span, OWNED_RECEIVER)),
    };
    syn::parse2(quote!(#(#attrs)* _: #ty))
}

/// Returns the message for a receiver that is a trait object.
fn without_size(object: &str) -> String {
    let shared = shared_object(object);
    let block = if shared == object { String::new() } else { format!(" in an `impl {shared}` block") };
    format!(
        "`{object}` has no size, so it cannot be state; write `self: &Arc<Self>`{block}, and keep an `Arc<{shared}>` in the state"
    )
}
