//! The definition of a route.

use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, request::Parts},
    response::Response,
};

use super::{
    super::{
        cache::ResourceId,
        cached_response::CachedResponse,
        negotiate::Formats,
        paths::RouteScope,
        problem::ProblemDetails,
        query::{Query, ViewOptions},
        request::{AdmittedRequest, ParsedRequest},
        service::Service,
    },
    description::{DescribeResource, DescribeRoute},
};
use crate::{
    access::{AccessRequest, Authorizer},
    maybe_ready::MaybeReady,
    monitor::{Gathered, Selection},
    render::Format,
};

/// The destination of a path.
pub(in crate::http) trait Route: DescribeRoute + fmt::Debug + Send + Sync {
    /// Returns whether the route exists in a scope.
    fn is_in(&self, _scope: RouteScope, _authorizer: Option<&Authorizer>) -> bool {
        true
    }

    /// Returns whether the answer depends on the client even where access admits everybody.
    #[cfg(feature = "server")]
    fn reads_client(&self) -> bool {
        false
    }

    /// Answers a request.
    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response>;
}

/// A route that `GET`, `HEAD` and `OPTIONS` read.
pub(in crate::http) trait Resource: DescribeResource + fmt::Debug + Send + Sync {
    fn id(&self) -> ResourceId;

    /// Returns whether the resource exists in a scope. By default it needs a level.
    fn is_within(&self, scope: RouteScope) -> bool {
        !scope.levels.is_empty()
    }

    /// See [`Route::reads_client`].
    #[cfg(feature = "server")]
    fn reads_client(&self) -> bool {
        false
    }

    fn formats(&self) -> Formats;

    /// Returns the options of a query that this resource reads. By default those that every report has.
    fn options(&self, asked: ViewOptions) -> ViewOptions {
        ViewOptions { view: None, is_cumulative: false, ..asked }
    }

    /// Leaves out the options that this resource does not read, and chooses the encoding.
    fn negotiate(&self, query: &mut Query, headers: &HeaderMap) -> &'static Format {
        query.options = self.options(query.options);
        self.formats().negotiate(query, headers)
    }

    /// Returns the permission that a request needs.
    fn access(&self, request: &ParsedRequest) -> AccessRequest;

    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails>;
}

/// The answer of a resource.
pub(in crate::http) enum Answer {
    /// A response for which no check is run.
    Response(Response),
    Report(ReportAnswer),
}

/// An answer that shows a report.
pub(in crate::http) struct ReportAnswer {
    pub(in crate::http) selection: Selection,
    pub(in crate::http) render: RenderAnswer,
    /// Whether the response may be stored for as long as the report is valid.
    pub(in crate::http) is_stored: bool,
}

type RenderAnswer = Box<dyn FnOnce(&AdmittedRequest<'_>, &Gathered) -> Result<CachedResponse, ProblemDetails> + Send>;

impl Answer {
    /// Shows a report, and stores the response.
    pub(super) fn report(
        selection: Selection,
        render: impl FnOnce(&AdmittedRequest<'_>, &Gathered) -> Result<CachedResponse, ProblemDetails> + Send + 'static,
    ) -> Self {
        Self::Report(ReportAnswer { selection, render: Box::new(render), is_stored: true })
    }
}

/// A path without a resource, with the reason.
#[derive(Debug)]
pub(in crate::http) struct Nowhere(pub(super) &'static str);

impl Nowhere {
    pub(in crate::http) const NOTHING: Self = Self("the health endpoint has nothing at this path");
}

impl Route for Nowhere {
    fn handle(self: Arc<Self>, _service: &Arc<Service>, _scope: RouteScope, _request: Request) -> MaybeReady<Response> {
        MaybeReady::ready(ProblemDetails::not_found(self.0).into_response())
    }
}

/// A path of the endpoint, in axum's syntax, and its route.
#[derive(Clone, Debug)]
pub(in crate::http) struct RoutePath {
    pub(in crate::http) path: String,
    pub(in crate::http) route: Arc<dyn Route>,
    pub(in crate::http) kind: PathKind,
}

/// The standing of a path among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum PathKind {
    /// A path under `base_path`. Without its route it leads nowhere.
    Base,
    /// A path under `levels_path`. Without its route it leads nowhere.
    Levels,
    /// A path that belongs to the service without its route.
    Optional,
    /// A further path of a route, which nothing describes.
    Alias,
}

impl RoutePath {
    pub(super) fn new(path: impl Into<String>, kind: PathKind, route: impl Route + 'static) -> Self {
        Self { path: path.into(), route: Arc::new(route), kind }
    }
}
