use utoipa::openapi::{
    RefOr, Schema, Type,
    schema::{AdditionalProperties, AllOfBuilder, ArrayItems, OneOf, SchemaType},
};

/// Rewrites a schema in the words that OpenAPI 3.0 and 3.1 share.
///
/// Fields are left out rather than `null`, which `required` says. OpenAPI 3.0 has neither a type `null` nor anything next
/// to a reference.
pub(super) fn portable(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::Ref(mut reference) => {
            let description = std::mem::take(&mut reference.description);
            if description.is_empty() {
                return RefOr::Ref(reference);
            }
            Schema::from(AllOfBuilder::new().item(reference).description(Some(description)).build()).into()
        }
        RefOr::T(Schema::OneOf(one_of)) => without_null(one_of),
        RefOr::T(Schema::Object(mut object)) => {
            object.schema_type = not_null(object.schema_type);
            object.properties = object.properties.into_iter().map(|(name, of)| (name, portable(of))).collect();
            // The keys of an object are strings.
            object.property_names = None;
            object.additional_properties = object.additional_properties.map(|values| match *values {
                AdditionalProperties::RefOr(value) => Box::new(AdditionalProperties::RefOr(portable(value))),
                AdditionalProperties::FreeForm(_) => values,
            });
            Schema::Object(object).into()
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = not_null(array.schema_type);
            array.items = match array.items {
                ArrayItems::RefOrSchema(item) => ArrayItems::RefOrSchema(Box::new(portable(*item))),
                ArrayItems::False => ArrayItems::False,
            };
            Schema::Array(array).into()
        }
        RefOr::T(Schema::AllOf(mut all_of)) => {
            all_of.items = all_of.items.into_iter().map(portable).collect();
            Schema::AllOf(all_of).into()
        }
        // Not derived from any type.
        RefOr::T(other) => RefOr::T(other),
    }
}

/// Reduces an optional field of a named type, which is one of that type and `null`, to the type.
fn without_null(mut one_of: OneOf) -> RefOr<Schema> {
    let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    one_of.items = one_of.items.into_iter().filter(|item| !is_null(item)).map(portable).collect();
    match one_of.items.len() {
        1 => one_of.items.remove(0),
        _ => Schema::OneOf(one_of).into(),
    }
}

fn not_null(types: SchemaType) -> SchemaType {
    let SchemaType::Array(mut types) = types else { return types };
    types.retain(|of| *of != Type::Null);
    match types[..] {
        [ref only] => SchemaType::Type(only.clone()),
        _ => SchemaType::Array(types),
    }
}
