//! The routes: each file holds a route's paths, the access that it needs, its formats, its answer and its description. A new
//! route takes its file, and its two lines here.

#[cfg(feature = "haproxy-agent")]
mod agent;
mod arguments;
#[cfg(feature = "availability")]
mod availability;
mod check;
// Descriptions, or traits that every type has.
#[cfg_attr(not(feature = "openapi"), path = "no_description.rs")]
mod description;
#[cfg(feature = "events")]
mod events;
mod group;
mod info;
mod levels;
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(feature = "metrics")]
pub(super) mod metrics;
#[cfg(feature = "openapi")]
mod openapi;
mod operations;
mod overview;
mod route;
#[cfg(feature = "access-jwt")]
mod token;

use super::paths::{LevelsPath, Paths};
use crate::error::Problem;
#[cfg(feature = "openapi")]
pub(super) use description::DescribeRoute;
pub(super) use route::{Answer, Nowhere, PathKind, ReportAnswer, Resource, Route, RoutePath};

/// Adds the paths of a route.
type Mount = fn(&Paths, &mut Vec<RoutePath>);

const TABLE: &[Mount] = &[
    overview::mount,
    levels::mount,
    check::mount,
    operations::mount,
    group::mount,
    info::mount,
    #[cfg(feature = "events")]
    events::mount,
    #[cfg(feature = "metrics")]
    metrics::mount,
    #[cfg(feature = "mcp")]
    mcp::mount,
    #[cfg(feature = "haproxy-agent")]
    agent::mount,
    #[cfg(feature = "access-jwt")]
    token::mount,
    // Last, because it describes all others.
    #[cfg(feature = "openapi")]
    openapi::mount,
];

/// Returns every path of an endpoint.
pub(super) fn route_paths(paths: &Paths) -> Vec<RoutePath> {
    let mut routes = Vec::new();
    for mount in TABLE {
        mount(paths, &mut routes);
    }
    routes
}

/// Validates the configured paths. Returns them with every path of the endpoint.
pub(super) fn valid_paths(
    base: &str,
    levels: &LevelsPath,
    has_root_probes: bool,
) -> Result<(Paths, Vec<RoutePath>), Vec<Problem>> {
    let (paths, mut problems) = Paths::new(base, levels, has_root_probes);
    let routes = route_paths(&paths);
    problems.extend(find_clash(&routes));
    if problems.is_empty() { Ok((paths, routes)) } else { Err(problems) }
}

/// Finds two routes of one path, at which axum would panic.
fn find_clash(routes: &[RoutePath]) -> Option<Problem> {
    let reason = "another route of the endpoint has this path";
    let routes = routes.iter().filter(|route| route.kind != PathKind::Alias);
    let (levels, others): (Vec<_>, Vec<_>) = routes.partition(|route| route.kind == PathKind::Levels);
    let mut taken = Vec::new();
    for RoutePath { path, kind, .. } in others.into_iter().chain(levels) {
        let path = path.strip_suffix("/{name}").unwrap_or(path);
        if taken.contains(&path) {
            let key = if *kind == PathKind::Levels { "levels_path" } else { "base_path" };
            return Some(Problem::InvalidPath { key, path: path.to_owned(), reason });
        }
        taken.push(path);
    }
    None
}
