//! The checks at fault, each with everything that helps to mend it.

use serde_json::Value;

use super::{change_object, untrusted};
use crate::{
    model::RootCause,
    render::{
        context::Context,
        view::{CheckView, ReportView},
        wire::{Fields, timestamp},
    },
};

/// Maximum number of changes of one check.
const MAX_CHANGES: usize = 5;

pub(super) fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let root_causes: Vec<_> = view.root_causes.iter().map(|cause| explain(cause, view)).collect();
    let fields = Fields::default().with("status", view.status.as_str());
    let fields = if context.is_draining { fields.with("draining", true) } else { fields };
    fields.with("root_causes", root_causes).to_bytes()
}

/// Explains a root cause: by its own check, or by the check that asks the service where it lies.
fn explain(cause: &RootCause, view: &ReportView<'_>) -> Value {
    let fields = Fields::default().with("root_cause", cause.as_str());
    let leads_to = |check: &&CheckView<'_>| match check.root_causes {
        [] => RootCause::new(check.name) == *cause,
        remote => remote.contains(cause),
    };
    // The service as a whole, such as one that drains.
    let Some(check) = view.checks.iter().find(leads_to) else { return fields.into() };
    let mut fields = fields
        .with("check", check.name)
        .with_some("display", check.display)
        .with("level", check.level.number())
        .with("status", check.status.as_str())
        .with_some("observed", (check.observed != check.status).then(|| check.observed.as_str()))
        .with_some("cause", check.cause)
        .with_some("blocked_by", check.blocked_by.map(<[String]>::to_vec))
        .with_some("message", check.message)
        .with_some("description", check.description)
        .with_some("owner", check.owner)
        .with_some("runbook", check.runbook)
        .with("since", timestamp(check.since))
        .into_map();
    fields.insert("blocks".to_owned(), blocked_by(check, view).into_iter().collect());
    let latest = check.history.iter().rev().take(MAX_CHANGES).rev();
    fields.insert("changes".to_owned(), latest.map(|change| Value::from(change_object(change))).collect());
    untrusted::separate(&mut fields);
    fields.into()
}

/// Returns the names of the checks that are blocked by one, directly or through others. Callers without details do not
/// learn of them.
fn blocked_by<'a>(root: &CheckView<'a>, view: &ReportView<'a>) -> Vec<&'a str> {
    let mut found = vec![root.name];
    let mut next = 0;
    while let Some(blocking) = found.get(next).copied() {
        for check in &view.checks {
            let is_blocked = check.blocked_by.is_some_and(|names| names.iter().any(|name| name == blocking));
            if is_blocked && !found.contains(&check.name) {
                found.push(check.name);
            }
        }
        next += 1;
    }
    found.split_off(1)
}
