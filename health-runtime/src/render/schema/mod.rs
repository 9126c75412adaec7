//! What each encoding looks like, for the OpenAPI document. The native shape is read off the types that are serialized;
//! the others are written down in `foreign.rs`. `tests/openapi.rs` holds both against real answers.

mod foreign;
mod portable;
pub(super) mod words;

use utoipa::{
    ToSchema,
    openapi::{ComponentsBuilder, Ref, RefOr, Schema, schema::AnyOfBuilder},
};

use self::{
    portable::portable,
    words::{any_object, level_properties, object, text},
};
use super::{
    info::OverviewBody,
    json::{ChecksBody, SingleCheckBody},
    table::FormatId,
};
use crate::model::Level;

/// What an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    Overview,
    /// These levels.
    Levels(&'a [Level]),
    Check,
    Group,
}

/// Adds every schema that has a name.
pub(crate) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    let components = with::<SingleCheckBody<'_>>(with::<ChecksBody<'_>>(with::<OverviewBody<'_>>(components)));
    foreign::components(components)
}

/// Adds a type, and those that it is made of.
pub(crate) fn with<T: ToSchema>(components: ComponentsBuilder) -> ComponentsBuilder {
    let mut parts = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut parts);
    parts.into_iter().fold(components, |components, (name, schema)| components.schema(name, portable(schema)))
}

/// What an encoding looks like: one of these. One that is not JSON is text to OpenAPI, whatever it is to those who asked
/// for it.
pub(crate) fn of(id: FormatId, shown: Shown<'_>) -> Vec<RefOr<Schema>> {
    match id.format().name {
        "json" => native(shown),
        "health+json" => vec![named("HealthJson")],
        "microprofile" => vec![named("MicroProfile")],
        "actuator" if shown == Shown::Check => vec![named("ActuatorComponent")],
        "actuator" => vec![named("Actuator")],
        _ => vec![text().into()],
    }
}

/// One of these, of which some may be the same.
pub(crate) fn any_of(schemas: &[RefOr<Schema>]) -> RefOr<Schema> {
    let mut different: Vec<RefOr<Schema>> = Vec::new();
    for schema in schemas {
        if !different.contains(schema) {
            different.push(schema.clone());
        }
    }
    match <[_; 1]>::try_from(different) {
        Ok([only]) => only,
        Err(several) => Schema::from(several.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).build()).into(),
    }
}

/// One that has a name.
pub(crate) fn named(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

fn native(shown: Shown<'_>) -> Vec<RefOr<Schema>> {
    match shown {
        Shown::Overview => vec![named("Overview")],
        Shown::Check => vec![named("SingleCheck")],
        Shown::Group => vec![named("Checks")],
        Shown::Levels(levels) => vec![report_of(levels), values_of(levels)],
    }
}

/// `{ "status": …, "level_1": { … }, … }`
fn report_of(levels: &[Level]) -> RefOr<Schema> {
    let cumulative = |object| match levels {
        // `?cumulative` adds the shallower ones.
        [only] => {
            level_properties(object, Level::ALL.into_iter().filter(|level| level > only), &named("Checks"), false)
        }
        _ => object,
    };
    let report = cumulative(object([("status", words::status(), true)]));
    // Of several, each caller is shown those that it may see.
    let is_required = levels.len() == 1;
    Schema::from(level_properties(report, levels.iter().copied(), &named("Checks"), is_required).build()).into()
}

/// One level's values as they are, several each under its key: what is in them is the checks' own business.
fn values_of(levels: &[Level]) -> RefOr<Schema> {
    if levels.len() == 1 {
        return any_object().into();
    }
    let each = any_object().into();
    Schema::from(level_properties(object([]), levels.iter().copied(), &each, false).build()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_is_json_has_a_schema_of_its_own() {
        for id in FormatId::all() {
            let is_json = id.format().essence().ends_with("json");
            assert_eq!(is_json, of(id, Shown::Group) != [text().into()], "{}", id.format().name);
        }
    }
}
