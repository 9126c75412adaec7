//! The JSON of Spring Boot's health endpoint, for tools that read it already.

use serde_json::Value;

use super::{
    context::{Context, Links, ReportSubject},
    format::{Format, Render, up_or_down},
    view::{CheckView, ReportView, worst_status},
    visibility::DetailLevel,
    wire::{Fields, drill, milliseconds, overridden, paths, timestamp},
};
use crate::model::{Group, Status};

pub(super) static FORMAT: Format = Format {
    status_code: Some(up_or_down),
    has_component_paths: true,
    #[cfg(feature = "openapi")]
    schema: schema::SCHEMA,
    ..Format::new("actuator", "application/vnd.spring-boot.actuator.v3+json", Render::Report(render))
};

/// The component by which Spring Boot says that an instance takes no traffic.
const READINESS_STATE: &str = "readinessState";

/// Renders checks as components without nesting, because clients name a component directly. The report of one check has the
/// shape of a single component.
fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    if let (ReportSubject::Check, [check]) = (&context.subject, &*view.checks) {
        return component(check).to_bytes();
    }
    let groups = match context.subject {
        ReportSubject::Overview { .. } | ReportSubject::Levels { .. } => {
            let has_members = |group: &Group| view.checks.iter().any(|check| check.groups.contains(group));
            let groups: Vec<_> = Group::ALL.into_iter().filter(has_members).map(Group::as_str).collect();
            Some(groups).filter(|groups| !groups.is_empty())
        }
        ReportSubject::Group { .. } | ReportSubject::Check => None,
    };
    let is_draining = context.shows_draining(view);
    let readiness_state = Fields::default().with("status", OUT_OF_SERVICE);
    let components = view.checks.iter().map(|check| (check.name, component(check)));
    // First, so that a check of this name replaces it.
    let components = is_draining.then_some((READINESS_STATE, readiness_state)).into_iter().chain(components);
    let components =
        components.fold(Fields::default(), |components, (name, component)| components.with(name, component));
    let status = match worst_status(&view.checks) {
        Status::Pass | Status::Warn if is_draining => OUT_OF_SERVICE,
        worst => word(worst),
    };
    let links = match context.subject {
        ReportSubject::Overview { links, .. } => Some(index(links)),
        _ => None,
    };
    let health = Fields::default().with("status", status).with("components", components).with_some("groups", groups);
    health.with_some("_links", links).to_bytes()
}

/// Returns the links by which clients find the endpoints, under Spring Boot's names. Its metrics are of another shape, and its
/// name for the text of Prometheus is that of the product.
fn index(links: &Links) -> Fields {
    let link = |path: &str, is_templated: bool| {
        Fields::default().with("href", format!("{}{path}", links.origin)).with("templated", is_templated)
    };
    let health = &links.overview;
    Fields::default()
        .with("self", link(health, false))
        .with("health", link(health, false))
        .with("health-path", link(&format!("{health}/{{*path}}"), true))
        .with("info", link(&links.info, false))
        .with_some("prometheus", links.metrics.as_ref().map(|path| link(path, false)))
}

const OUT_OF_SERVICE: &str = "OUT_OF_SERVICE";

/// Spring Boot has no word for a warning. A check that warns works, and the instance keeps its traffic.
const fn word(status: Status) -> &'static str {
    match status {
        Status::Pass | Status::Warn => "UP",
        Status::Fail => "DOWN",
    }
}

fn component(check: &CheckView<'_>) -> Fields {
    let status = if check.has_result() { word(check.status) } else { "UNKNOWN" };
    let details = match check.detail_level {
        DetailLevel::Details => Some(details(check)),
        // Only public data is left.
        DetailLevel::Outline if check.data.is_some() || check.muted.is_some() || check.drill.is_some() => {
            let muted = Fields::default().with_some("muted", check.muted.is_some().then_some(true));
            Some(muted.with_some("drill", drill(check)).with_data(check.data).into())
        }
        DetailLevel::Outline => None,
    };
    Fields::default().with("status", status).with_some("details", details)
}

/// Returns the facts about a check, and the fields of its data.
fn details(check: &CheckView<'_>) -> Value {
    // Spring Boot's name for the message of a failure is `error`.
    let message = if check.observed == Status::Pass { "message" } else { "error" };
    Fields::default()
        .with("level", check.level.number())
        .with("observed", check.observed.as_str())
        .with("duration_ms", milliseconds(check.duration))
        .with("checked_at", timestamp(check.checked_at))
        .with_some("cause", check.cause)
        .with_some("muted", check.muted.is_some().then_some(true))
        .with_some("drill", drill(check))
        .with_some("overridden", overridden(check))
        .with_some("root_causes", paths(check))
        .with_some(message, check.message)
        .with_some("display", check.display)
        .with_some("owner", check.owner)
        .with_some("runbook", check.runbook)
        .with_data(check.data)
        .into()
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{ComponentsBuilder, RefOr, Schema, schema::AdditionalProperties};

    use super::super::schema::{
        FormatSchema, Shown, named,
        words::{anything, boolean, groups, map_of, object, one_of, text},
    };

    pub(super) const SCHEMA: FormatSchema = FormatSchema { shapes, components };

    fn components(components: ComponentsBuilder) -> ComponentsBuilder {
        let details = object([
            // Callers without details see only public data, mutes and drills.
            ("level", anything(), false),
            ("observed", anything(), false),
            ("duration_ms", anything(), false),
            ("checked_at", anything(), false),
            // Without such a detail, the data of a check may have a field of this name, with any value.
            ("cause", anything(), false),
            ("muted", anything(), false),
            ("drill", anything(), false),
            ("overridden", anything(), false),
            ("root_causes", anything(), false),
            ("error", anything(), false),
            ("message", anything(), false),
            ("display", anything(), false),
            ("owner", anything(), false),
            ("runbook", anything(), false),
        ]);
        // The data of a check is among the details.
        let details = details.additional_properties(Some(AdditionalProperties::FreeForm(true)));
        let words = ["UP", "DOWN", "OUT_OF_SERVICE", "UNKNOWN"];
        let component = object([("status", one_of(words), true), ("details", details.build().into(), false)]);
        let health = object([
            ("status", one_of(["UP", "DOWN", "OUT_OF_SERVICE"]), true),
            ("components", map_of(named("ActuatorComponent")), true),
            ("groups", groups(), false),
            // In the overview.
            ("_links", map_of(object([("href", text(), true), ("templated", boolean(), true)]).build()), false),
        ]);
        components.schema("ActuatorComponent", component.build()).schema("Actuator", health.build())
    }

    fn shapes(shown: Shown<'_>) -> Vec<RefOr<Schema>> {
        vec![named(if shown == Shown::Check { "ActuatorComponent" } else { "Actuator" })]
    }
}
