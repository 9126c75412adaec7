//! Results of the tools for agents: the native shape, with the texts of other systems kept apart.

mod explanation;
mod untrusted;

use serde_json::{Map, Value};

use super::{
    context::Context,
    format::RenderReport,
    json::{self, object_of, write_change},
    view::{ChangeView, ReportView},
    wire::to_json,
};
use crate::model::Level;

/// Renders a report in the native shape.
pub(crate) const REPORT: RenderReport = report;

/// Renders the checks at fault, for a subject that has histories.
pub(crate) const EXPLANATION: RenderReport = explanation::render;

fn report(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let mut report = object(&json::render(view, context));
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
