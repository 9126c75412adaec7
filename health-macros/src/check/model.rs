//! The declaration of a check, after every rule was applied.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, Error, Expr, Lit, Meta, Result, Visibility, ext::IdentExt as _};

use super::{
    args::{CheckArgs, Given, Setting, Subject, Value},
    const_rules::{ConstRule, const_rules},
    function::Function,
    signature::Signature,
};
use crate::{
    argument::{Argument, split},
    check_path::{CheckPath, declaration_name},
    diagnostics::Diagnostics,
    runtime_path::RuntimePath,
};

pub(crate) struct CheckModel {
    pub(super) runtime: RuntimePath,
    pub(super) name: String,
    pub(super) level: Given<u8>,
    pub(super) settings: Vec<Setting>,
    pub(super) const_rules: Vec<ConstRule>,
    /// The doc comment. Empty without one.
    pub(super) description: String,
    pub(super) signature: Signature,
    /// The path of the function.
    pub(super) callable: TokenStream,
    /// The name of the constant that holds the declaration, next to the function.
    pub(super) declaration: Ident,
    pub(super) visibility: Visibility,
    /// The attributes of the function that also apply to its declaration.
    pub(super) attributes: TokenStream,
    /// Number of further declarations of the same function, below this one.
    pub(super) declarations_below: usize,
    is_conditional: bool,
}

impl CheckModel {
    /// Returns `None` only when there is a mistake, here or in the arguments.
    pub(crate) fn new(args: CheckArgs, function: Function, diagnostics: &mut Diagnostics) -> Option<Self> {
        let name = args.name().unwrap_or_else(|| function.signature.ident.unraw().to_string());
        if args.lacks("level") {
            let example = if args.settings.is_empty() { "#[health_check(level = 5)]" } else { "level = 5" };
            let message = format!(
                "the level is missing; write for example `{example}`, from 1 (the deepest checks) to 5 (the cheapest checks)"
            );
            diagnostics.push(Error::new(args.place, message));
        }
        if let Some(other) = same_check(&function, &name) {
            let message =
                format!("the function has two health checks named `{name}`; write another `name` for one of them");
            diagnostics.push(Error::new_spanned(other.path(), message));
        }
        let (path_prefix, ident) = (&function.path_prefix, &function.signature.ident);
        let callable = quote!(#path_prefix #ident);
        let subject = Subject { name: &name, callable: &callable };
        for setting in &args.settings {
            if let Some(rule) = setting.rule {
                diagnostics.note(rule(setting, &args, &subject));
            }
        }
        let declaration = numbered(declaration_name(&function.signature.ident), function.declarations_below);
        let signature = Signature::new(function.signature, diagnostics);
        Some(Self {
            level: args.given_level()?,
            const_rules: const_rules(&args),
            name,
            runtime: args.runtime,
            settings: args.settings,
            description: description(&function.attributes),
            signature: signature?,
            declaration,
            callable,
            visibility: function.visibility,
            attributes: function.attributes.iter().filter_map(carried_over).collect(),
            declarations_below: function.declarations_below,
            is_conditional: function.attributes.iter().any(is_condition),
        })
    }

    /// Refuses the name of a check that stands before this one in the same block. Conditional checks may be alternatives.
    pub(crate) fn ensure_own_name(&self, before: &[Self]) -> Result<()> {
        let is_same = |other: &&Self| other.name == self.name && !other.is_conditional && !self.is_conditional;
        let Some(other) = before.iter().find(is_same) else { return Ok(()) };
        let place = self.settings.iter().find_map(|setting| match &setting.value {
            Value::Name(name) => Some(name.span()),
            _ => None,
        });
        let (method, name) = (&other.signature.function, &self.name);
        let message = if self.signature.function == *method {
            format!("the method has two health checks named `{name}`; write another `name` for one of them")
        } else {
            format!(
                "the method `{method}` declares a check named `{name}` as well; write another `name` for one of them"
            )
        };
        Err(Error::new(place.unwrap_or_else(|| self.signature.function.span()), message))
    }

    /// Refuses a dependency by the bare name of a method, which Rust looks up outside of the block.
    pub(crate) fn ensure_qualified_dependencies(&self, block: &[Self]) -> Result<()> {
        let paths = self.settings.iter().flat_map(Setting::paths).filter_map(CheckPath::bare_name);
        let methods = paths.filter(|name| block.iter().any(|other| other.signature.function == **name));
        let error = |name| Error::new_spanned(name, format!("`{name}` is a method; write `Self::{name}`"));
        methods.map(error).reduce(combined).map_or(Ok(()), Err)
    }

    pub(super) fn is_liveness(&self) -> bool {
        self.settings.iter().any(|setting| setting.key == "liveness" && matches!(setting.value, Value::Group(true)))
    }
}

fn combined(mut all: Error, error: Error) -> Error {
    all.combine(error);
    all
}

/// Returns a further attribute of the function that declares a check of the same name.
fn same_check<'a>(function: &'a Function, name: &str) -> Option<&'a Attribute> {
    function.attributes.iter().find(|attribute| {
        let is_check = attribute.path().segments.last().is_some_and(|last| last.ident == "health_check");
        let arguments = attribute.meta.require_list().map(|list| split(list.tokens.clone())).unwrap_or_default();
        let named = |tokens: TokenStream| {
            Argument::read(&tokens, |_| String::new()).ok().filter(|argument| argument.key == "name")
        };
        let own_name = arguments.into_iter().find_map(named).and_then(|argument| argument.text("").ok());
        let other = own_name.map_or_else(|| function.signature.ident.unraw().to_string(), |name| name.value());
        is_check && other == name
    })
}

/// Returns the doc comment, without the space between the slashes and the text.
fn description(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    let lines = lines.iter().flat_map(|text| text.split('\n'));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else { return None };
    // A `$doc:literal` of `macro_rules!` comes in an invisible group.
    let mut value = &doc.value;
    while let Expr::Group(group) = value {
        value = &group.expr;
    }
    match value {
        Expr::Lit(literal) if attribute.path().is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn is_condition(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
}

/// Returns the attribute if it also applies to the declaration: conditional compilation, allowed lints, deprecation.
fn carried_over(attribute: &Attribute) -> Option<TokenStream> {
    let path = attribute.path();
    if path.is_ident("cfg") || path.is_ident("allow") {
        return Some(attribute.to_token_stream());
    }
    if path.is_ident("cfg_attr") {
        return conditional_cfg(attribute);
    }
    // An `expect` would have to be fulfilled in both places.
    if let (true, Ok(list)) = (path.is_ident("expect"), attribute.meta.require_list()) {
        let lints = &list.tokens;
        return Some(quote!(#[allow(#lints)]));
    }
    path.is_ident("deprecated").then(|| quote!(#[allow(deprecated)]))
}

/// Returns another name for an item of an attribute above another one: the path of the function denotes the lowest.
pub(super) fn numbered(item: Ident, declarations_below: usize) -> Ident {
    if declarations_below == 0 { item } else { format_ident!("{item}_above_{declarations_below}") }
}

/// Returns the `cfg` parts of `#[cfg_attr(predicate, …)]`. The other parts are meant for a function.
fn conditional_cfg(attribute: &Attribute) -> Option<TokenStream> {
    let mut metas = split(attribute.meta.require_list().ok()?.tokens.clone()).into_iter();
    let predicate = metas.next()?;
    let is_cfg = |meta: &TokenStream| meta.clone().into_iter().next().is_some_and(|first| first.to_string() == "cfg");
    let cfgs: Vec<TokenStream> = metas.filter(is_cfg).collect();
    (!cfgs.is_empty()).then(|| quote!(#[cfg_attr(#predicate, #(#cfgs),*)]))
}
