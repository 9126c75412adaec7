//! The routes: each file holds a route's paths, the access that it needs, its formats, its answer and its description.

#[cfg(feature = "haproxy-agent")]
mod agent;
mod check;
#[cfg(feature = "events")]
mod events;
mod group;
mod info;
mod levels;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "openapi")]
mod openapi;
mod overview;
mod route;
mod table;
#[cfg(feature = "access-jwt")]
mod token;

pub(super) use route::{Answer, Nowhere, PathKind, ReportAnswer, Resource, Route, RoutePath};
pub(super) use table::{route_paths, valid_paths};
