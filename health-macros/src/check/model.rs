//! What the declaration means: a value that cannot be wrong.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, Error, Expr, Lit, LitStr, Meta, ext::IdentExt as _};

use super::{
    args::{Args, Given},
    function::Function,
    signature::Signature,
};
use crate::{argument::split, diagnostics::Diagnostics, runtime_path::RuntimePath};

pub(super) struct Model {
    pub(super) runtime: RuntimePath,
    pub(super) name: String,
    /// From 1 to 5.
    pub(super) level: u8,
    pub(super) settings: Settings,
    pub(super) signature: Signature,
    /// The attributes of the function that hold for its registration, too.
    pub(super) attributes: TokenStream,
}

/// What was written; the defaults of what was not are the runtime's.
pub(super) struct Settings {
    pub(super) description: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) critical: Option<bool>,
    /// `liveness`, `readiness` or `startup`.
    pub(super) groups: Vec<&'static str>,
    pub(super) depends_on: Vec<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) retry_interval: Option<Duration>,
    pub(super) stale_after: Option<Duration>,
    pub(super) failure_threshold: Option<u32>,
    pub(super) success_threshold: Option<u32>,
    pub(super) hold: Option<Duration>,
    pub(super) degraded_after: Option<Duration>,
    pub(super) flatten: bool,
    pub(super) tags: Vec<String>,
}

impl Model {
    /// `None` only when there is a mistake, here or in the arguments.
    pub(super) fn new(args: Args, function: Function, diagnostics: &mut Diagnostics) -> Option<Self> {
        let name = args.name.as_ref().map_or_else(|| function.signature.ident.unraw().to_string(), LitStr::value);
        check_liveness(&args, diagnostics);
        check_dependencies(&args, &name, diagnostics);
        check_background(&args, diagnostics);
        check_hold(&args, diagnostics);
        check_slowness(&args, diagnostics);
        let signature = Signature::new(function.signature, diagnostics);
        let settings = Settings {
            description: description(&function.attributes),
            timeout: args.timeout,
            critical: args.critical,
            groups: groups(&args),
            depends_on: args.depends_on.iter().map(LitStr::value).collect(),
            max_age: value(args.max_age.as_ref()),
            interval: value(args.interval.as_ref()),
            retry_interval: value(args.retry_interval.as_ref()),
            stale_after: value(args.stale_after.as_ref()),
            failure_threshold: args.failure_threshold,
            success_threshold: args.success_threshold,
            hold: value(args.hold.as_ref()),
            degraded_after: value(args.degraded_after.as_ref()),
            flatten: args.flatten,
            tags: args.tags.iter().map(LitStr::value).collect(),
        };
        Some(Self {
            runtime: args.runtime,
            name,
            level: args.level?,
            settings,
            signature: signature?,
            attributes: function.attributes.iter().filter_map(carried_over).collect(),
        })
    }
}

fn groups(args: &Args) -> Vec<&'static str> {
    [("liveness", args.liveness.is_some()), ("readiness", args.readiness), ("startup", args.startup)]
        .into_iter()
        .filter_map(|(group, is_in)| is_in.then_some(group))
        .collect()
}

/// A level that could not be read is one mistake; that it is not 5 would be a guess.
fn check_liveness(args: &Args, diagnostics: &mut Diagnostics) {
    if let (Some(liveness), Some(1..=4)) = (&args.liveness, args.level) {
        let message = "`liveness` is for level 5 only: a liveness check that reaches outside the process restarts the \
                       whole fleet when a dependency fails; use `readiness`";
        diagnostics.push(Error::new(liveness.span(), message));
    }
}

fn check_dependencies(args: &Args, name: &str, diagnostics: &mut Diagnostics) {
    for dependency in args.depends_on.iter().filter(|dependency| dependency.value() == name) {
        let message = format!("`{name}` cannot depend on itself: name another check, or leave it out");
        diagnostics.push(Error::new(dependency.span(), message));
    }
}

fn value(given: Option<&Given<Duration>>) -> Option<Duration> {
    given.map(|given| given.value)
}

/// What only a check that runs in the background can have, and what it cannot.
fn check_background(args: &Args, diagnostics: &mut Diagnostics) {
    let mut refuse = |given: &Given<Duration>, message: &str| {
        diagnostics.push(Error::new(given.key.span(), message));
    };
    let Some(interval) = &args.interval else {
        // One that was given and could not be read is one mistake.
        if !args.has_interval_key {
            for given in [&args.retry_interval, &args.stale_after].into_iter().flatten() {
                refuse(given, &format!("`{}` is for checks that run in the background: add an `interval`", given.key));
            }
        }
        return;
    };
    if let Some(max_age) = &args.max_age {
        refuse(max_age, "`max_age` has no meaning beside `interval`: requests only read what runs in the background");
    }
    let longest = args.retry_interval.as_ref().map_or(interval.value, |retry| retry.value.max(interval.value));
    // The timeouts that are the levels' defaults are the runtime's, which adds them at the start.
    let apart = longest.saturating_add(longest / 10).saturating_add(args.timeout.unwrap_or_default());
    if let Some(stale_after) = args.stale_after.as_ref().filter(|stale_after| stale_after.value <= apart) {
        refuse(
            stale_after,
            &format!(
                "a result is stale before the next one can be there: make `stale_after` longer than the longest interval, \
                 a tenth of it and the timeout, which is {}{apart:?}",
                if args.timeout.is_some() { "" } else { "more than " }
            ),
        );
    }
}

fn check_hold(args: &Args, diagnostics: &mut Diagnostics) {
    if let (Some(hold), false) = (&args.hold, args.readiness) {
        let message = "`hold` keeps readiness from turning at once: add `readiness`, or leave it out";
        diagnostics.push(Error::new(hold.key.span(), message));
    }
}

/// The timeouts that are the levels' defaults are the runtime's, which holds them against this at the start.
fn check_slowness(args: &Args, diagnostics: &mut Diagnostics) {
    if let (Some(slow), Some(timeout)) = (&args.degraded_after, args.timeout)
        && slow.value >= timeout
    {
        let message = "no pass can take this long: make `degraded_after` shorter than the `timeout`";
        diagnostics.push(Error::new(slow.key.span(), message));
    }
}

/// The doc comment, without the space that stands between the slashes and the text.
fn description(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    let lines = lines.iter().flat_map(|text| text.split('\n'));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    let description = lines.join("\n").trim().to_owned();
    (!description.is_empty()).then_some(description)
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else { return None };
    // A macro that was handed the text with `$doc:literal` wraps it in a group that nobody sees.
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

/// What holds for the function's registration, too: whether it is compiled at all, and which lints its types
/// and its own deprecation are excused from.
fn carried_over(attribute: &Attribute) -> Option<TokenStream> {
    let path = attribute.path();
    if path.is_ident("cfg") || path.is_ident("allow") {
        return Some(attribute.to_token_stream());
    }
    if path.is_ident("cfg_attr") {
        return conditional_cfg(attribute);
    }
    // An `expect` would have to be met in both places.
    if let (true, Ok(list)) = (path.is_ident("expect"), attribute.meta.require_list()) {
        let lints = &list.tokens;
        return Some(quote!(#[allow(#lints)]));
    }
    path.is_ident("deprecated").then(|| quote!(#[allow(deprecated)]))
}

/// `#[cfg_attr(predicate, cfg(…))]`, without what else the predicate brings: it is meant for a function.
fn conditional_cfg(attribute: &Attribute) -> Option<TokenStream> {
    let mut metas = split(attribute.meta.require_list().ok()?.tokens.clone()).into_iter();
    let predicate = metas.next()?;
    let is_cfg = |meta: &TokenStream| meta.clone().into_iter().next().is_some_and(|first| first.to_string() == "cfg");
    let cfgs: Vec<TokenStream> = metas.filter(is_cfg).collect();
    (!cfgs.is_empty()).then(|| quote!(#[cfg_attr(#predicate, #(#cfgs),*)]))
}
