//! The table of routes: a new one takes its file and its lines here.

#[cfg(feature = "haproxy-agent")]
use super::agent;
#[cfg(feature = "events")]
use super::events;
#[cfg(feature = "metrics")]
use super::metrics;
#[cfg(feature = "openapi")]
use super::openapi;
#[cfg(feature = "access-jwt")]
use super::token;
use super::{
    super::paths::{LevelsPath, Paths},
    check, group, info, levels, nowhere, overview,
    route::{Mount, MountKind},
};
use crate::error::Problem;

/// Adds the paths of a route.
type Mounting = fn(&Paths, &mut Vec<Mount>);

const TABLE: &[Mounting] = &[
    overview::mount,
    levels::mount,
    check::mount,
    group::mount,
    info::mount,
    #[cfg(feature = "events")]
    events::mount,
    #[cfg(feature = "metrics")]
    metrics::mount,
    #[cfg(feature = "haproxy-agent")]
    agent::mount,
    #[cfg(feature = "access-jwt")]
    token::mount,
    nowhere::mount,
    // Last, because it describes all others.
    #[cfg(feature = "openapi")]
    openapi::mount,
];

/// Returns every path of an endpoint.
pub(in crate::http) fn mounts(paths: &Paths) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for mount in TABLE {
        mount(paths, &mut mounts);
    }
    mounts
}

/// Validates the configured paths.
pub(in crate::http) fn valid_paths(
    base: &str,
    levels: &LevelsPath,
    has_root_probes: bool,
) -> Result<Paths, Vec<Problem>> {
    let (paths, mut problems) = Paths::new(base, levels, has_root_probes);
    problems.extend(find_clash(&paths));
    if problems.is_empty() { Ok(paths) } else { Err(problems) }
}

/// Finds two routes of one path, at which axum would panic.
fn find_clash(paths: &Paths) -> Option<Problem> {
    let reason = "another route of the endpoint has this path";
    let mut mounts = mounts(paths);
    mounts.retain(|mount| mount.kind != MountKind::Alias);
    mounts.sort_by_key(|mount| mount.kind == MountKind::Levels);
    let mut taken = Vec::new();
    for Mount { path, kind, .. } in mounts {
        let path = path.strip_suffix("/{name}").map(ToOwned::to_owned).unwrap_or(path);
        if taken.contains(&path) {
            let key = if kind == MountKind::Levels { "levels_path" } else { "base_path" };
            return Some(Problem::InvalidPath { key, path, reason });
        }
        taken.push(path);
    }
    None
}
