use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::Request,
    handler::Handler,
    http::{Method, header},
    response::Response,
};

#[cfg(feature = "page")]
use super::page::ProblemPage;
use super::{
    paths::RouteScope,
    routes::{Nowhere, PathKind, Route, RoutePath, route_paths},
    service::Service,
};
use crate::maybe_ready::MaybeReady;

/// The routes of one scope by their paths, in axum's syntax.
#[derive(Debug)]
pub(super) struct Routes(BTreeMap<String, Arc<dyn Route>>);

impl Routes {
    pub(super) fn new(service: &Service, scope: RouteScope) -> Self {
        let mut routes: BTreeMap<String, Arc<dyn Route>> = BTreeMap::new();
        for RoutePath { path, route, kind } in route_paths(&service.paths) {
            if route.is_in(scope, service.authorizer.as_deref()) {
                routes.insert(path, route);
            } else if matches!(kind, PathKind::Base | PathKind::Levels) {
                routes.insert(path, Arc::new(Nowhere::NOTHING));
            }
        }
        Self(routes)
    }

    /// Finds the route of a path as axum does: the whole path first, then the longest pattern. `None` for a path that is
    /// not the endpoint's.
    pub(super) fn find(&self, path: &str) -> Option<&Arc<dyn Route>> {
        let matches = |pattern: &str| {
            let (folder, part) = pattern.rsplit_once('/').filter(|(_, part)| part.starts_with('{'))?;
            let rest = path.strip_prefix(folder)?.strip_prefix('/').filter(|rest| !rest.is_empty())?;
            (part == "{*rest}" || !rest.contains('/')).then_some(folder.len())
        };
        let patterns = || self.0.iter().filter_map(|(pattern, route)| Some((matches(pattern)?, route)));
        self.0.get(path).or_else(|| patterns().max_by_key(|(length, _)| *length).map(|(_, route)| route))
    }

    /// Registers services, which take any method, instead of methods of routes: a method that is not allowed gets a problem
    /// document, too. Besides, axum merges methods silently, but panics if the path of a service is taken: an old handler
    /// must not answer for a failing check.
    pub(super) fn router<S: Clone + Send + Sync + 'static>(
        &self,
        service: &Arc<Service>,
        scope: RouteScope,
    ) -> Router<S> {
        let handler = |route| EndpointHandler { service: Arc::clone(service), scope, route: Arc::clone(route) };
        self.0
            .iter()
            .fold(Router::new(), |router, (path, route)| router.route_service(path, handler(route).with_state(())))
    }
}

/// A handler type of its own: axum boxes the future of a function, and a stored response needs none. It is the same for all
/// routes, because the compiler writes axum's machinery anew for each type.
#[derive(Clone)]
pub(super) struct EndpointHandler {
    pub(super) service: Arc<Service>,
    pub(super) scope: RouteScope,
    pub(super) route: Arc<dyn Route>,
}

impl<S> Handler<(), S> for EndpointHandler {
    type Future = MaybeReady<Response>;

    fn call(self, request: Request, _state: S) -> MaybeReady<Response> {
        self.answer(request)
    }
}

impl EndpointHandler {
    pub(super) fn answer(self, request: Request) -> MaybeReady<Response> {
        let Self { service, scope, route } = self;
        let is_head = request.method() == Method::HEAD;
        let vary = service.vary.clone();
        #[cfg(feature = "page")]
        let page = ProblemPage::preferred(&request, scope);
        let response = route.handle(&service, scope, request);
        response.map(move |response| {
            #[cfg(feature = "page")]
            let response = match page {
                Some(page) => page.replace(response, &service.paths),
                None => response,
            };
            let mut response = with_length(response);
            if let Some(vary) = vary {
                response.headers_mut().insert(header::VARY, vary);
            }
            if is_head { response.map(|_| Body::empty()) } else { response }
        })
    }
}

/// Sets `Content-Length`, as axum does for its own routes: not every server takes it from the body, and none can for `HEAD`.
/// Empty bodies, as of an unchanged page, get none.
fn with_length(mut response: Response) -> Response {
    // Stored responses have it.
    if !response.headers().contains_key(header::CONTENT_LENGTH)
        && let Some(length) = response.body().size_hint().exact().filter(|length| *length > 0)
    {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    response
}
