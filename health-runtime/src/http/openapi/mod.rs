//! The OpenAPI document: what this endpoint answers, with its own paths, checks and status codes.

mod described;
mod operation;
mod parameter;
mod refusals;
mod security;
mod texts;
#[cfg(feature = "access-jwt")]
mod token;
mod version;

use serde::Serialize;
use utoipa::openapi::{
    Components, ComponentsBuilder, HttpMethod, Info, InfoBuilder, PathItem, Paths as PathItems, PathsBuilder, Server,
    path::PathItemBuilder, tag::Tag,
};

pub(super) use self::{described::Described, version::Version};
use self::{operation::Answers, security::Security};
use super::{problem::Body9457, target::Target};
#[cfg(feature = "access-jwt")]
use crate::model::Levels;
use crate::{build_info::BuildMetadata, render::schema};

/// The root of the document. utoipa's own knows no OpenAPI 3.0.
#[derive(Serialize)]
pub(super) struct Document {
    openapi: &'static str,
    info: Info,
    servers: [Server; 1],
    tags: [Tag; 1],
    paths: PathItems,
    components: Components,
}

/// Makes the document for a client that sees all paths behind a prefix, which may be empty.
pub(super) fn document(described: Described<'_>, version: Version, prefix: &str) -> Document {
    let Described { paths, checks, build, .. } = described;
    let mut security = Security::new(version);
    let mut routes = PathsBuilder::new();
    for (path, target) in paths.fixed().into_iter().chain(paths.of_levels()) {
        let item = item(described, &texts::name(&path, &target), &target, &mut security);
        routes = routes.path(path, item);
    }
    // A path parameter without a possible value is not valid.
    if !checks.is_empty() {
        let (path, target) = (format!("{}/{{name}}", paths.checks()), Target::Check(String::new()));
        let item = item(described, &texts::name(&path, &target), &target, &mut security);
        routes = routes.path(path, item);
    }
    #[cfg(feature = "access-jwt")]
    if let Some(authorizer) = described.authorizer.filter(|authorizer| authorizer.gives_tokens(Levels::ALL, true)) {
        let required = security.require(&authorizer.requirement_of_tokens());
        routes = routes.path(paths.token(), token::item(authorizer, required));
    }
    let components = schema::with::<Body9457<'_>>(schema::components(ComponentsBuilder::new()));
    let title = build.map_or("Health", BuildMetadata::name);
    let number = build.map_or("unknown", BuildMetadata::version);
    Document {
        openapi: version.number(),
        info: InfoBuilder::new().title(title).version(number).description(Some(texts::DOCUMENT)).build(),
        servers: [Server::new(if prefix.is_empty() { "/" } else { prefix })],
        tags: [Tag::builder().name(texts::TAG).description(Some(texts::TAG_MEANING)).build()],
        paths: routes.build(),
        components: security.schemes(components).build(),
    }
}

/// `GET`, `HEAD` and `OPTIONS`, which carry the same status.
fn item(described: Described<'_>, name: &str, target: &Target, security: &mut Security) -> PathItem {
    let answers = Answers::of(target, described, security);
    PathItemBuilder::new()
        .operation(HttpMethod::Get, answers.operation("get", name))
        .operation(HttpMethod::Head, answers.operation("head", name))
        .operation(HttpMethod::Options, answers.operation("options", name))
        .build()
}
