//! The shapes of others that are JSON.

use utoipa::openapi::{ComponentsBuilder, schema::AdditionalProperties};

use super::{
    named,
    words::{any_object, anything, boolean, groups, list_of, map_of, number, object, one_of, status, text, timestamp},
};

pub(super) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    health_json(microprofile(actuator(components)))
}

/// draft-inadarei-api-health-check-06, and our own fields.
fn health_json(components: ComponentsBuilder) -> ComponentsBuilder {
    let check = object([
        ("componentId", text(), true),
        ("componentType", one_of(["component", "datastore", "system"]), true),
        ("observedValue", number(), true),
        ("observedUnit", one_of(["ms"]), true),
        ("status", status(), true),
        ("time", timestamp(), true),
        ("output", text(), false),
        ("level", number(), true),
        ("critical", boolean(), true),
        ("since", timestamp(), true),
        ("observed", status(), false),
        ("cause", text(), false),
        ("muted", boolean(), false),
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

/// Eclipse MicroProfile Health.
fn microprofile(components: ComponentsBuilder) -> ComponentsBuilder {
    let words = ["UP", "DOWN"];
    let check = object([("name", text(), true), ("status", one_of(words), true), ("data", any_object(), false)]);
    let health = object([("status", one_of(words), true), ("checks", list_of(named("MicroProfileCheck")), true)]);
    components.schema("MicroProfileCheck", check.build()).schema("MicroProfile", health.build())
}

/// Spring Boot's health endpoint.
fn actuator(components: ComponentsBuilder) -> ComponentsBuilder {
    let details = object([
        // Not for callers without details, who see public data and mutes alone.
        ("level", anything(), false),
        ("observed", anything(), false),
        ("duration_ms", anything(), false),
        ("checked_at", anything(), false),
        // Where there is no such detail, the data of a check may have a field of this name, with anything in it.
        ("cause", anything(), false),
        ("muted", anything(), false),
        ("error", anything(), false),
        ("message", anything(), false),
    ]);
    // It stands among the details.
    let details = details.additional_properties(Some(AdditionalProperties::FreeForm(true)));
    let words = ["UP", "DOWN", "OUT_OF_SERVICE", "UNKNOWN"];
    let component = object([("status", one_of(words), true), ("details", details.build().into(), false)]);
    let health = object([
        ("status", one_of(["UP", "DOWN", "OUT_OF_SERVICE"]), true),
        ("components", map_of(named("ActuatorComponent")), true),
        ("groups", groups(), false),
    ]);
    components.schema("ActuatorComponent", component.build()).schema("Actuator", health.build())
}
