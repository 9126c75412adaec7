//! The JSON of Eclipse MicroProfile Health, for tools that read it already.

use serde_json::Value;

use super::{
    context::Context,
    format::{Format, Render, up_or_down},
    view::{CheckView, ReportView},
    wire::{Fields, drill, overridden, paths},
};
use crate::model::{Cause, Status};

/// It has the media type of plain JSON, so only `?format=` selects it.
pub(super) static FORMAT: Format = Format {
    status_code: Some(up_or_down),
    #[cfg(feature = "openapi")]
    schema: schema::SCHEMA,
    ..Format::new("microprofile", "application/json", Render::Report(render))
};

/// Renders draining as a check, because a report has no cause here.
fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let is_draining = context.shows_draining(view);
    let shutdown = is_draining.then(|| {
        let cause = Fields::default().with("cause", Cause::Draining.as_str());
        Fields::default().with("name", "shutdown").with("status", word(Status::Fail)).with("data", cause)
    });
    let checks: Vec<Value> = view.checks.iter().map(entry).chain(shutdown).map(Value::from).collect();
    let status = if is_draining { Status::Fail } else { view.status };
    Fields::default().with("status", word(status)).with("checks", checks).to_bytes()
}

/// MicroProfile has no word for a warning. A check that warns works, and the instance keeps its traffic.
const fn word(status: Status) -> &'static str {
    match status {
        Status::Pass | Status::Warn => "UP",
        Status::Fail => "DOWN",
    }
}

fn entry(check: &CheckView<'_>) -> Fields {
    let data = Fields::default()
        .with_some("cause", check.cause)
        .with_some("muted", check.muted.is_some().then_some(true))
        .with_some("drill", drill(check))
        .with_some("overridden", overridden(check))
        .with_some("root_causes", paths(check))
        .with_some("message", check.message)
        .with_some("display", check.display)
        .with_some("owner", check.owner)
        .with_some("runbook", check.runbook);
    let data = data.with_data(check.data).into_map();
    let data: Value = data.into_iter().filter_map(|(key, value)| Some((key, flat(value)?))).collect();
    let has_data = data.as_object().is_some_and(|data| !data.is_empty());
    Fields::default()
        .with("name", check.name)
        .with("status", word(check.status))
        .with_some("data", has_data.then_some(data))
}

/// Data can only hold strings, numbers and booleans: a nested value becomes the text of its JSON.
fn flat(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => Some(value.to_string().into()),
        value => Some(value),
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::ComponentsBuilder;

    use super::super::schema::{
        FormatSchema, named,
        words::{any_object, list_of, object, one_of, text},
    };

    pub(super) const SCHEMA: FormatSchema = FormatSchema { shapes: |_| vec![named("MicroProfile")], components };

    fn components(components: ComponentsBuilder) -> ComponentsBuilder {
        let words = ["UP", "DOWN"];
        let check = object([("name", text(), true), ("status", one_of(words), true), ("data", any_object(), false)]);
        let health = object([("status", one_of(words), true), ("checks", list_of(named("MicroProfileCheck")), true)]);
        components.schema("MicroProfileCheck", check.build()).schema("MicroProfile", health.build())
    }
}
