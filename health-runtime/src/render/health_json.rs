//! The IETF draft `application/health+json` (draft-inadarei-api-health-check-06).
//!
//! Strict: `output` is left out on a pass, and `affectedEndpoints` always, because a check does not know them.

use serde_json::{Map, Value};

use super::{
    context::{Context, ReportSubject},
    format::{Format, Render},
    view::{CheckView, ReportView},
    wire::{Fields, drill, milliseconds, overridden, paths, timestamp},
};
use crate::{build_info::BuildMetadata, model::Status};

pub(super) static FORMAT: Format = Format {
    status_code: Some(status_code),
    #[cfg(feature = "openapi")]
    schema: schema::SCHEMA,
    ..Format::new("health+json", "application/health+json", Render::Report(render))
};

/// The draft demands 2xx or 3xx for a pass and a warning, 4xx or 5xx for a failure (section 3.1).
fn status_code(view: &ReportView<'_>, _: &Context<'_>, configured: u16) -> u16 {
    match (view.status, configured) {
        (Status::Fail, 400..=599) | (Status::Pass | Status::Warn, 200..=399) => configured,
        (Status::Fail, _) => 503,
        (Status::Pass | Status::Warn, _) => 200,
    }
}

fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let build = context.build;
    let links = match &context.subject {
        // The relations come from RFC 8288 and RFC 8631: any other would have to be a URI.
        ReportSubject::Overview { links, .. } => {
            Some(Fields::default().with("about", &*links.info).with("status", &*links.levels))
        }
        _ => None,
    };
    Fields::default()
        .with("status", view.status.as_str())
        .with_some("output", view.cause)
        .with_some("serviceId", build.map(BuildMetadata::name))
        .with_some("version", build.map(BuildMetadata::version))
        .with_some("releaseId", build.and_then(BuildMetadata::revision))
        .with_some("links", links)
        .with("checks", checks(&view.checks))
        .to_bytes()
}

/// The measurement in each key is the response time, which every check has. Checks with the same key share one array, as
/// instances of one component do in the draft.
fn checks(checks: &[CheckView<'_>]) -> Map<String, Value> {
    let mut by_key = Map::new();
    for check in checks {
        // Neither half of a key may hold a colon.
        let key = format!("{}:responseTime", check.name.replace(':', "%3A"));
        if let Value::Array(objects) = by_key.entry(key).or_insert_with(|| Vec::<Value>::new().into()) {
            objects.push(object(check).into());
        }
    }
    by_key
}

fn object(check: &CheckView<'_>) -> Fields {
    let output = check.message.or(check.cause).filter(|_| check.status != Status::Pass);
    // The draft's words for kinds of components; a tag of this name selects one.
    let kinds = ["datastore", "system"];
    let kind = kinds.into_iter().find(|kind| check.tags.iter().any(|tag| tag == kind));
    // RFC 8288 registers `help` for context-sensitive help; `runbook` is not a registered relation.
    let links = check.runbook.map(|runbook| Fields::default().with("help", runbook));
    Fields::default()
        .with("componentId", check.name)
        .with("componentType", kind.unwrap_or("component"))
        .with("observedValue", milliseconds(check.duration))
        .with("observedUnit", "ms")
        .with("status", check.status.as_str())
        .with("time", timestamp(check.checked_at))
        .with_some("output", output)
        .with_some("links", links)
        // Our own fields, which the draft allows.
        .with_some("display", check.display)
        .with_some("owner", check.owner)
        .with("level", check.level.number())
        .with("critical", check.is_critical)
        .with("since", timestamp(check.since))
        .with_some("observed", (check.observed != check.status).then(|| check.observed.as_str()))
        .with_some("cause", check.cause)
        .with_some("muted", check.muted.is_some().then_some(true))
        .with_some("drill", drill(check))
        .with_some("overridden", overridden(check))
        .with_some("root_causes", paths(check))
        .with_some("data", check.data.cloned())
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::ComponentsBuilder;

    use super::super::schema::{
        FormatSchema, named,
        words::{anything, boolean, list_of, map_of, number, object, one_of, root_causes, status, text, timestamp},
    };

    pub(super) const SCHEMA: FormatSchema = FormatSchema { shapes: |_| vec![named("HealthJson")], components };

    fn components(components: ComponentsBuilder) -> ComponentsBuilder {
        let check = object([
            ("componentId", text(), true),
            ("componentType", one_of(["component", "datastore", "system"]), true),
            ("observedValue", number(), true),
            ("observedUnit", one_of(["ms"]), true),
            ("status", status(), true),
            ("time", timestamp(), true),
            ("output", text(), false),
            ("links", map_of(text()), false),
            ("display", text(), false),
            ("owner", text(), false),
            ("level", number(), true),
            ("critical", boolean(), true),
            ("since", timestamp(), true),
            ("observed", status(), false),
            ("cause", text(), false),
            ("muted", boolean(), false),
            ("drill", anything(), false),
            ("overridden", list_of(text()), false),
            ("root_causes", root_causes(), false),
            ("data", anything(), false),
        ]);
        let health = object([
            ("status", status(), true),
            ("output", text(), false),
            ("serviceId", text(), false),
            ("version", text(), false),
            ("releaseId", text(), false),
            ("links", map_of(text()), false),
            ("checks", map_of(list_of(named("HealthJsonCheck"))), true),
        ]);
        components.schema("HealthJsonCheck", check.build()).schema("HealthJson", health.build())
    }
}
