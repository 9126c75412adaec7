//! Results of the tools for agents: the native shape, with the texts of other systems kept apart.

mod explanation;
mod untrusted;

use serde_json::{Map, Value, json};

use super::{
    context::Context,
    format::RenderReport,
    json::{object_of, render, write_change},
    view::{ChangeView, ReportView},
    wire::to_json,
};
use crate::{
    model::{Level, Mute},
    time::timestamp_millis,
};

/// Renders a report in the native shape.
pub(crate) const REPORT: RenderReport = report;

/// Renders the checks at fault, for a subject that has histories.
pub(crate) const EXPLANATION: RenderReport = explanation::render;

fn report(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let mut report = object(&render(view, context));
    untrusted::separate_report(&mut report);
    to_json(&report)
}

/// Renders a change of a check's status.
pub(crate) fn change(check: &str, level: Level, view: &ChangeView<'_>) -> Value {
    let mut change = change_object(view);
    change.insert("check".to_owned(), check.into());
    change.insert("level".to_owned(), level.number().into());
    change.into()
}

/// Renders the mute of a check, or its end.
pub(crate) fn muted(check: &str, mute: Option<&Mute>) -> Value {
    let muted = mute.map(|mute| {
        let mut muted = Map::new();
        muted.insert("until".to_owned(), mute.until().map(timestamp_millis).into());
        muted.insert("reason".to_owned(), mute.reason().into());
        muted.insert("caller".to_owned(), mute.caller().into());
        untrusted::separate(&mut muted);
        muted
    });
    json!({ "check": check, "muted": muted })
}

/// Returns a change in the native shape.
fn change_object(view: &ChangeView<'_>) -> Map<String, Value> {
    let mut change = object(&object_of(0, |object| write_change(object, view)));
    untrusted::separate(&mut change);
    change
}

/// Reads what this crate has written.
fn object(json: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(json).unwrap_or_default()
}
