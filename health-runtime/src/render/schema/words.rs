//! Small schemas for parts of others.

use utoipa::openapi::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
    schema::{AdditionalProperties, AllOfBuilder, ArrayItems, SchemaType},
};

use crate::{
    model::{Group, Level, Status},
    render::wire::level_key,
};

pub(crate) fn status() -> Schema {
    one_of([Status::Pass, Status::Warn, Status::Fail].map(Status::as_str))
}

pub(crate) fn timestamp() -> Schema {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
}

pub(crate) fn uri() -> Schema {
    let format = SchemaFormat::Custom("uri".to_owned());
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
}

pub(crate) fn groups() -> Schema {
    list_of(one_of(Group::ALL.map(Group::as_str)))
}

pub(crate) fn level_statuses() -> Schema {
    level_properties(object([]), Level::ALL, &status().into(), false).build().into()
}

/// Returns the schema of root causes, which nothing has that passes.
pub(crate) fn root_causes() -> Schema {
    described("Checks at fault, behind the services that lead to them: `db`, `billing/ledger/db`.", list_of(text()))
}

/// Returns the schema of an enumeration.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}

pub(crate) fn text() -> Schema {
    Object::with_type(Type::String).into()
}

/// Returns the schema of any value.
pub(crate) fn anything() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).build().into()
}

pub(crate) fn number() -> Schema {
    Object::with_type(Type::Number).into()
}

pub(crate) fn double() -> Schema {
    number_of(Type::Number, KnownFormat::Double).build().into()
}

/// Returns the schema of a whole number that is not negative.
pub(crate) fn int32() -> Schema {
    number_of(Type::Integer, KnownFormat::Int32).minimum(Some(0)).build().into()
}

/// Returns the schema of a large whole number that is not negative.
pub(crate) fn int64() -> Schema {
    number_of(Type::Integer, KnownFormat::Int64).minimum(Some(0)).build().into()
}

pub(crate) fn level() -> Schema {
    number_of(Type::Integer, KnownFormat::Int32).minimum(Some(1)).maximum(Some(5)).build().into()
}

fn number_of(kind: Type, format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind).format(Some(SchemaFormat::KnownFormat(format)))
}

pub(crate) fn boolean() -> Schema {
    Object::with_type(Type::Boolean).into()
}

pub(crate) fn list_of(item: impl Into<RefOr<Schema>>) -> Schema {
    ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(item.into()))).build().into()
}

/// Returns the schema of an object with arbitrary keys.
pub(crate) fn map_of(value: impl Into<RefOr<Schema>>) -> Schema {
    let values = AdditionalProperties::RefOr(value.into());
    object([]).additional_properties(Some(values)).build().into()
}

pub(crate) fn any_object() -> Schema {
    object([]).additional_properties(Some(AdditionalProperties::FreeForm(true))).build().into()
}

/// Returns the schema of an object: the fields with their schemas, and whether each is required.
pub(crate) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Schema, bool)>) -> ObjectBuilder {
    let empty = ObjectBuilder::new().schema_type(Type::Object);
    fields.into_iter().fold(empty, |object, (name, schema, is_required)| {
        let object = object.property(name, schema);
        if is_required { object.required(name) } else { object }
    })
}

/// Returns the schema of an object with the fields of all of these. A reference with a description takes it, too: in OpenAPI
/// 3.0 nothing stands next to a reference.
pub(crate) fn all_of(parts: impl IntoIterator<Item = RefOr<Schema>>) -> Schema {
    parts.into_iter().fold(AllOfBuilder::new(), AllOfBuilder::item).build().into()
}

/// Adds a description to a schema.
pub(crate) fn described(text: &str, schema: impl Into<Schema>) -> Schema {
    let mut schema = schema.into();
    let description = match &mut schema {
        Schema::Object(object) => &mut object.description,
        Schema::Array(array) => &mut array.description,
        Schema::AllOf(all_of) => &mut all_of.description,
        _ => return schema,
    };
    *description = Some(text.to_owned());
    schema
}

/// Adds a field for each level.
pub(crate) fn level_properties(
    object: ObjectBuilder,
    levels: impl IntoIterator<Item = Level>,
    each: &RefOr<Schema>,
    is_required: bool,
) -> ObjectBuilder {
    levels.into_iter().fold(object, |object, level| {
        let key = level_key(level);
        let object = object.property(key, each.clone());
        if is_required { object.required(key) } else { object }
    })
}
