//! Small schemas for parts of others.

use utoipa::openapi::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
    schema::{AdditionalProperties, ArrayItems, SchemaType},
};

use crate::{
    model::{Group, Level, Status},
    render::wire::level_key,
};

pub(in crate::render) fn status() -> Schema {
    one_of([Status::Pass, Status::Warn, Status::Fail].map(Status::as_str))
}

pub(in crate::render) fn timestamp() -> Schema {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
}

pub(in crate::render) fn uri() -> Schema {
    let format = SchemaFormat::Custom("uri".to_owned());
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
}

pub(in crate::render) fn groups() -> Schema {
    list_of(one_of(Group::ALL.map(Group::as_str)))
}

pub(in crate::render) fn level_statuses() -> Schema {
    level_properties(object([]), Level::ALL, &status().into(), false).build().into()
}

/// Returns the schema of an enumeration.
pub(in crate::render) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}

pub(in crate::render) fn text() -> Schema {
    Object::with_type(Type::String).into()
}

/// Returns the schema of any value.
pub(in crate::render) fn anything() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).build().into()
}

pub(in crate::render) fn number() -> Schema {
    Object::with_type(Type::Number).into()
}

pub(in crate::render) fn boolean() -> Schema {
    Object::with_type(Type::Boolean).into()
}

pub(in crate::render) fn list_of(item: impl Into<RefOr<Schema>>) -> Schema {
    ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(item.into()))).build().into()
}

/// Returns the schema of an object with arbitrary keys.
pub(in crate::render) fn map_of(value: impl Into<RefOr<Schema>>) -> Schema {
    let values = AdditionalProperties::RefOr(value.into());
    object([]).additional_properties(Some(values)).build().into()
}

pub(in crate::render) fn any_object() -> Schema {
    object([]).additional_properties(Some(AdditionalProperties::FreeForm(true))).build().into()
}

/// Returns the schema of an object: the fields with their schemas, and whether each is required.
pub(in crate::render) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Schema, bool)>) -> ObjectBuilder {
    let empty = ObjectBuilder::new().schema_type(Type::Object);
    fields.into_iter().fold(empty, |object, (name, schema, is_required)| {
        let object = object.property(name, schema);
        if is_required { object.required(name) } else { object }
    })
}

/// Adds a field for each level.
pub(in crate::render) fn level_properties(
    object: ObjectBuilder,
    levels: impl IntoIterator<Item = Level>,
    each: &RefOr<Schema>,
    is_required: bool,
) -> ObjectBuilder {
    levels.into_iter().fold(object, |object, level| {
        let key = level_key(level);
        let object = object.property(&*key, each.clone());
        if is_required { object.required(key) } else { object }
    })
}
