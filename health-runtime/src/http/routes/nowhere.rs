//! Paths of the endpoint without anything to read.

use std::sync::Arc;

use axum::{extract::Request, response::Response};

use super::{
    super::{paths::Paths, problem::ProblemDetails, scope::RouteScope, service::Service},
    route::{Mount, MountKind, Route},
};
use crate::maybe_ready::MaybeReady;

/// A path that leads nowhere, with the reason.
#[derive(Debug)]
pub(in crate::http) struct Nowhere(pub(super) &'static str);

impl Nowhere {
    pub(in crate::http) const NOTHING: Self = Self("the health endpoint has nothing at this path");
}

pub(super) fn mount(paths: &Paths, mounts: &mut Vec<Mount>) {
    mounts.push(Mount::new(format!("{}/", paths.base), MountKind::Base, Nowhere::NOTHING));
}

impl Route for Nowhere {
    fn handle(self: Arc<Self>, _service: &Arc<Service>, _scope: RouteScope, _request: Request) -> MaybeReady<Response> {
        MaybeReady::ready(ProblemDetails::not_found(self.0).into_response())
    }
}
