//! Schemas of the formats, for the OpenAPI document. Each format defines its own; `tests/openapi` compares all of them with
//! real answers.

pub(crate) mod words;

use utoipa::openapi::{ComponentsBuilder, Object, Ref, RefOr, Schema, Type, schema::AnyOfBuilder};

use crate::model::Level;

/// The subject of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    Overview,
    /// These levels.
    Levels(&'a [Level]),
    Check,
    Group,
}

/// The shape of a format.
#[derive(Debug)]
pub(crate) struct FormatSchema {
    /// The alternatives for a subject.
    pub(crate) shapes: fn(Shown<'_>) -> Vec<RefOr<Schema>>,
    /// Adds the schemas that have a name.
    pub(crate) components: fn(ComponentsBuilder) -> ComponentsBuilder,
}

impl FormatSchema {
    /// A format that is not JSON: OpenAPI calls it text.
    pub(super) const TEXT: Self = Self { shapes: |_| vec![words::text().into()], components: |components| components };
}

/// Returns a schema with these alternatives, each once.
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

/// Returns the schema of any text.
pub(crate) fn text() -> RefOr<Schema> {
    words::text().into()
}

/// Returns the schema of any object.
pub(crate) fn object() -> RefOr<Schema> {
    Schema::from(Object::with_type(Type::Object)).into()
}

/// Returns a reference to a schema with a name.
pub(crate) fn named(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}
