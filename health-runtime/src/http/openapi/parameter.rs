//! The parameters of the operations.

use utoipa::openapi::{
    ArrayBuilder, Object, ObjectBuilder, Required, Schema, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::ArrayItems,
};

use crate::{model::CheckSpec, render::Format};

/// Meaning of a view.
const AVAILABILITY: &str =
    "`availability` for shares of time and latencies, for which no check is run; always with 200.";

/// Returns the parameter for the name of a check in a path.
pub(in crate::http) fn check(checks: &[&CheckSpec]) -> Parameter {
    let names = one_of(checks.iter().map(|check| check.name()));
    parameter("name", "Name of the check.", names).parameter_in(ParameterIn::Path).required(Required::True).build()
}

pub(in crate::http) fn format(offered: &[&Format]) -> Parameter {
    let names: Vec<_> = offered.iter().map(|format| format!("`{}`", format.name)).collect();
    let meaning =
        format!("The format: {}. It takes precedence over `Accept`; an unknown value is ignored.", names.join(", "));
    // Not an enumeration, because no value is refused.
    query("format", &meaning, Object::with_type(Type::String).into())
}

pub(in crate::http) fn view() -> Parameter {
    let meaning = "`native` for statuses and times, `values` for the data alone; in JSON only.";
    if cfg!(feature = "availability") {
        return query("view", &format!("{meaning} {AVAILABILITY}"), one_of(["native", "values", "availability"]));
    }
    query("view", meaning, one_of(["native", "values"]))
}

/// Returns the parameter for the view of a check; `None` if there is only one.
pub(in crate::http) fn check_view() -> Option<Parameter> {
    cfg!(feature = "availability").then(|| query("view", AVAILABILITY, one_of(["native", "availability"])))
}

pub(in crate::http) fn cumulative() -> Parameter {
    query("cumulative", "Includes the shallower levels.", flag())
}

pub(in crate::http) fn fragment() -> Parameter {
    query("fragment", "Returns only the part of a page that changes, always with 200.", flag())
}

pub(in crate::http) fn verbose() -> Parameter {
    query("verbose", "Lists every check in plain text, which otherwise lists only failures.", flag())
}

pub(in crate::http) fn timeout() -> Parameter {
    let duration = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[1-9][0-9]{0,5}(ms|s)$"));
    query("timeout", "Shortens the deadline of the report, such as `500ms` or `2s`.", duration.build().into())
}

pub(in crate::http) fn version() -> Parameter {
    query("version", "The OpenAPI version of the document. Default: 3.1.", one_of(["3.0", "3.1"]))
}

/// Returns `None` if no check has a tag.
pub(in crate::http) fn tag(checks: &[&CheckSpec]) -> Option<Parameter> {
    let mut tags: Vec<_> = checks.iter().flat_map(|check| check.tags()).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    let meaning = "Selects the checks with one of these tags.";
    (!tags.is_empty()).then(|| query("tag", meaning, list_of(one_of(tags))))
}

pub(in crate::http) fn exclude() -> Parameter {
    query("exclude", "Leaves out these checks.", list_of(Object::with_type(Type::String).into()))
}

fn query(name: &str, meaning: &str, schema: Schema) -> Parameter {
    parameter(name, meaning, schema).parameter_in(ParameterIn::Query).required(Required::False).build()
}

fn parameter(name: &str, meaning: &str, schema: Schema) -> ParameterBuilder {
    ParameterBuilder::new().name(name).description(Some(meaning)).schema(Some(schema))
}

/// Returns the schema of a flag, whose value may be left out.
fn flag() -> Schema {
    one_of(["", "true", "1", "false", "0"])
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}

fn list_of(item: Schema) -> Schema {
    ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(item.into()))).build().into()
}
