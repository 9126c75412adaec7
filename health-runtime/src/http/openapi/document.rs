use serde::Serialize;
use utoipa::openapi::{
    Components, ComponentsBuilder, Info, InfoBuilder, ObjectBuilder, PathItem, Paths, PathsBuilder, Server, tag::Tag,
};

use super::{
    description::{Described, TAG},
    security::{Security, Version},
};
use crate::{
    build_info::BuildMetadata,
    render::{
        Format,
        schema::words::{described, int32, object, text},
    },
};

const DESCRIPTION: &str = "The health of this service. The status code of a report is its verdict, and its \
    body says more in one of several formats: the first media type is the one without `Accept` and `format`.";

const TAG_DESCRIPTION: &str = "Health, as declared by the checks of the service.";

/// The root of the document. utoipa's own type lacks OpenAPI 3.0.
#[derive(Serialize)]
pub(in crate::http) struct Document {
    openapi: &'static str,
    info: Info,
    servers: [Server; 1],
    tags: [Tag; 1],
    paths: Paths,
    components: Components,
}

/// Builds the document for a client that sees all paths behind a prefix, which may be empty.
pub(in crate::http) fn document(
    endpoint: &Described<'_>,
    items: Vec<(&str, PathItem)>,
    security: &Security,
    version: Version,
    prefix: &str,
) -> Document {
    let title = endpoint.build.map_or("Health", BuildMetadata::name);
    let number = endpoint.build.map_or("unknown", BuildMetadata::version);
    let components =
        Format::all().fold(ComponentsBuilder::new(), |components, format| (format.schema.components)(components));
    let components = components.schema("Problem", problem());
    Document {
        openapi: version.number(),
        info: InfoBuilder::new().title(title).version(number).description(Some(DESCRIPTION)).build(),
        servers: [Server::new(if prefix.is_empty() { "/" } else { prefix })],
        tags: [Tag::builder().name(TAG).description(Some(TAG_DESCRIPTION)).build()],
        paths: items.into_iter().fold(PathsBuilder::new(), |paths, (path, item)| paths.path(path, item)).build(),
        components: security.schemes(components).build(),
    }
}

/// The body of an error.
fn problem() -> ObjectBuilder {
    object([
        ("type", text(), true),
        ("title", text(), true),
        ("status", int32(), true),
        ("detail", text(), true),
        ("error", described("Error code for a client of OAuth 2.0 that asks for a token.", text()), false),
    ])
}
