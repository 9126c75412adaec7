//! The state behind the routes, shared by all scopes.

use std::sync::Arc;

use axum::http::{Extensions, HeaderValue};

#[cfg(feature = "events")]
use super::event_stream::EventStreams;
#[cfg(feature = "haproxy-agent")]
use super::load_balancers::ValidAgent;
use super::{
    cache::{Cache, CacheKey},
    cached_response::CachedResponse,
    load_balancers::{ValidEnvoyHeaders, ValidStatusCodes},
    paths::{Paths, RouteScope},
    query::{Query, View},
};
#[cfg(any(feature = "grpc", feature = "haproxy-agent", feature = "systemd"))]
use crate::access::AccessRequest;
use crate::{
    access::Authorizer,
    build_info::{BuildMetadata, RuntimeInfo},
    check_runtime::CheckRuntime,
    monitor::Monitor,
    render::{ShowDetails, Visibility},
};

/// Everything that routes need to answer.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) monitor: Monitor,
    pub(super) build_info: Option<BuildMetadata>,
    pub(super) runtime_info: RuntimeInfo,
    pub(super) paths: Paths,
    pub(super) levels_view: View,
    pub(super) status_codes: ValidStatusCodes,
    pub(super) envoy: ValidEnvoyHeaders,
    #[cfg(feature = "haproxy-agent")]
    pub(crate) agent: ValidAgent,
    #[cfg(feature = "metrics")]
    pub(super) has_duration_histogram: bool,
    pub(super) show_details: Option<ShowDetails>,
    /// `None` if every caller may run everything.
    pub(super) authorizer: Option<Arc<Authorizer>>,
    /// `Vary` where policies read more headers than formats do.
    pub(super) vary: Option<HeaderValue>,
    pub(super) cache: Cache,
    #[cfg(feature = "events")]
    pub(super) events: Arc<EventStreams>,
}

impl Service {
    /// Returns the stored response to a common query, if it is still valid.
    pub(super) fn stored(&self, key: &CacheKey, query: &Query) -> Option<CachedResponse> {
        if query.is_common() { self.cache.get(key, &self.monitor) } else { None }
    }

    /// Narrows the rights of a caller to a scope and to the endpoint's own setting for details.
    pub(super) fn narrow(&self, visibility: Visibility, scope: RouteScope) -> Visibility {
        let visibility = self.show_details.map_or(visibility, |show| show.apply(visibility));
        let knows_every_check = visibility.knows_every_check && scope.has_every_level();
        let (run, operate) = (visibility.run.and(scope.levels), visibility.operate.and(scope.levels));
        Visibility { run, operate, knows_every_check, ..visibility }
    }

    /// Returns the status codes of a scope: its own, or those of the endpoint with the settings at deploy time.
    pub(super) fn status_codes_in(&self, scope: RouteScope) -> ValidStatusCodes {
        scope.status_codes.unwrap_or_else(|| self.status_codes.overridden_by(&self.monitor.overrides()))
    }

    /// Runs checks on the application's runtime, if another one serves this request.
    pub(super) fn adopt_runtime(&self, extensions: &Extensions) {
        if let Some(runtime) = CheckRuntime::from_extensions(extensions) {
            let _ = self.monitor.run_on(runtime);
        }
    }

    /// Returns whether access admits every caller.
    #[cfg(any(feature = "grpc", feature = "haproxy-agent", feature = "systemd"))]
    pub(crate) fn is_open(&self, request: AccessRequest) -> bool {
        self.authorizer.as_ref().is_none_or(|authorizer| authorizer.public_visibility(request).is_some())
    }
}
