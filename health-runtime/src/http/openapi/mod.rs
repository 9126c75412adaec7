//! The OpenAPI document: what this endpoint answers, with its own paths, checks and status codes.

mod operation;
mod parameter;
mod refusals;
#[cfg(feature = "jwt")]
mod token;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use utoipa::openapi::{
    ComponentsBuilder, HttpMethod, Info, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, Server,
    path::{Operation, PathItemBuilder},
};

use self::operation::Answers;
#[cfg(feature = "jwt")]
use super::target::Reach;
use super::{access::Gate, paths::Paths, problem::Body9457, target::Target};
use crate::{build_info::BuildMetadata, model::CheckSpec, render::schema};

/// The OpenAPI version is the one that most tools read: 3.2 has nothing that this document would need.
pub(super) fn document(
    paths: &Paths,
    codes: &BTreeSet<StatusCode>,
    checks: &[&CheckSpec],
    build: Option<&BuildMetadata>,
    gate: Option<&Gate>,
) -> OpenApi {
    let refused = |target: &Target| refusals::of(target, gate);
    let mut routes = PathsBuilder::new();
    // The route of one check, at the end, is not among the fixed ones.
    let mut ids = BTreeSet::from(["_check".to_owned()]);
    for (path, target) in paths.fixed().into_iter().chain(paths.of_levels()) {
        let answers = Answers::of(&target, codes, checks, &refused(&target));
        let mut id = path.replace(|char: char| !char.is_ascii_alphanumeric(), "_");
        while !ids.insert(id.clone()) {
            id.push('_');
        }
        routes = routes.path(path, item(&id, &answers));
    }
    // A path parameter of no possible value would be none.
    if !checks.is_empty() {
        let target = Target::Check(String::new());
        let answers = Answers::of(&target, codes, checks, &refused(&target));
        routes = routes.path(format!("{}/{{name}}", paths.checks()), item("_check", &answers));
    }
    #[cfg(feature = "jwt")]
    if let Some(gate) = gate.filter(|gate| gate.gives_tokens(Reach::EVERYTHING)) {
        let mut id = "_token".to_owned();
        while !ids.insert(id.clone()) {
            id.push('_');
        }
        routes = routes.path(paths.token(), token::item(&format!("post{id}"), gate));
    }
    let components = schema::with::<Body9457<'_>>(schema::components(ComponentsBuilder::new()));
    let title = build.map_or("Health", BuildMetadata::name);
    let version = build.map_or("unknown", BuildMetadata::version);
    OpenApiBuilder::new()
        .info(Info::new(title, version))
        .paths(routes.build())
        .components(Some(components.build()))
        .build()
}

/// The same for a client that sees all paths behind a prefix.
pub(super) fn behind(mut document: OpenApi, prefix: &str) -> OpenApi {
    document.servers = Some(vec![Server::new(prefix)]);
    document
}

/// `GET`, `HEAD` and `OPTIONS`, which carry the same status.
fn item(id: &str, answers: &Answers<'_>) -> PathItem {
    let operation = |method: &str, has_body| -> Operation { answers.operation(&format!("{method}{id}"), has_body) };
    PathItemBuilder::new()
        .operation(HttpMethod::Get, operation("get", true))
        .operation(HttpMethod::Head, operation("head", false))
        .operation(HttpMethod::Options, operation("options", true))
        .build()
}
