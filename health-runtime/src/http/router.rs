use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

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
    routes::{Nowhere, PathKind, Route, RoutePath},
    service::Service,
};
use crate::maybe_ready::MaybeReady;

/// The routes of one scope.
#[derive(Debug)]
pub(super) struct Routes {
    pub(super) service: Arc<Service>,
    pub(super) scope: RouteScope,
    by_path: BTreeMap<String, Arc<dyn Route>>,
    /// The most specific first.
    patterns: Vec<(Pattern, Arc<dyn Route>)>,
    /// Paths that axum has to know although a catch-all matches them: an old handler there would answer probes.
    probed: Vec<String>,
}

/// A path of which one part is a parameter of axum.
#[derive(Debug)]
struct Pattern {
    path: String,
    /// Length of the path before the parameter, with its slash.
    folder_length: usize,
    /// The path behind the parameter.
    end: String,
}

impl Pattern {
    fn parse(path: &str) -> Option<Self> {
        let folder_length = path.find("/{")? + 1;
        let end = path[folder_length..].split_once('}')?.1.to_owned();
        Some(Self { path: path.to_owned(), folder_length, end })
    }

    fn is_catch_all(&self) -> bool {
        self.path.ends_with("{*rest}")
    }

    fn matches(&self, path: &str) -> bool {
        let rest = path.strip_prefix(&self.path[..self.folder_length]).and_then(|rest| rest.strip_suffix(&*self.end));
        rest.is_some_and(|rest| !rest.is_empty() && (self.is_catch_all() || !rest.contains('/')))
    }
}

impl Routes {
    /// Keeps those of these routes that the scope has.
    pub(super) fn new(service: &Arc<Service>, scope: RouteScope, routes: Vec<RoutePath>) -> Self {
        let (mut by_path, mut patterns, mut probed) = (BTreeMap::new(), Vec::new(), Vec::new());
        for RoutePath { path, route, kind } in routes {
            let route = if route.is_in(scope, service.authorizer.as_deref()) {
                route
            } else if matches!(kind, PathKind::Base | PathKind::Levels) {
                Arc::new(Nowhere::NOTHING)
            } else {
                continue;
            };
            if kind == PathKind::Optional || path == service.paths.base {
                probed.push(path.clone());
            }
            match Pattern::parse(&path) {
                Some(pattern) => patterns.push((pattern, route)),
                None => drop(by_path.insert(path, route)),
            }
        }
        patterns.sort_by_key(|(pattern, _)| Reverse(pattern.folder_length));
        Self { service: Arc::clone(service), scope, by_path, patterns, probed }
    }

    /// Finds the route of a path as axum does: the whole path first, then the longest pattern. `None` for a path that is
    /// not the endpoint's.
    pub(super) fn find(&self, path: &str) -> Option<&Arc<dyn Route>> {
        let by_pattern = || self.patterns.iter().find(|(pattern, _)| pattern.matches(path)).map(|(_, route)| route);
        self.by_path.get(path).or_else(by_pattern)
    }

    /// Returns axum's router. It has few routes, because `axum::serve` clones each of them for each connection; a
    /// catch-all stands for all paths below it.
    ///
    /// A debug build registers every path, so that any route of the service at the same path is found at the start.
    pub(super) fn router<S: Clone + Send + Sync + 'static>(self: &Arc<Self>) -> Router<S> {
        if cfg!(debug_assertions) { self.router_of(self.paths()) } else { self.router_of(self.top_paths()) }
    }

    /// Registers services, which take any method, instead of methods of routes: a method that is not allowed gets a problem
    /// document, too. Besides, axum merges methods silently, but panics if the path of a service is taken.
    fn router_of<'a, S>(self: &Arc<Self>, paths: impl Iterator<Item = &'a str>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let handler = EndpointHandler(Arc::clone(self)).with_state(());
        paths.fold(Router::new(), |router, path| router.route_service(path, handler.clone()))
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.by_path.keys().map(|path| &**path).chain(self.patterns.iter().map(|(pattern, _)| &*pattern.path))
    }

    /// Returns the paths that no catch-all matches, and the probed ones.
    fn top_paths(&self) -> impl Iterator<Item = &str> {
        let is_below =
            |path: &str, pattern: &Pattern| pattern.is_catch_all() && pattern.path != path && pattern.matches(path);
        let is_stood_for = move |path: &str| self.patterns.iter().any(|(pattern, _)| is_below(path, pattern));
        self.paths().filter(move |path| self.probed.iter().any(|probed| probed == path) || !is_stood_for(path))
    }

    /// Answers a request by this route, or with 404.
    pub(super) fn answer(&self, route: Option<&Arc<dyn Route>>, request: Request) -> MaybeReady<Response> {
        let Self { service, scope, .. } = self;
        let is_head = request.method() == Method::HEAD;
        let vary = service.vary.clone();
        #[cfg(feature = "page")]
        let page = ProblemPage::preferred(&request, *scope).map(|page| (page, Arc::clone(service)));
        let route = route.map_or_else(|| Arc::new(Nowhere::NOTHING) as _, Arc::clone);
        route.handle(service, *scope, request).map(move |response| {
            #[cfg(feature = "page")]
            let response = match page {
                Some((page, service)) => page.replace(response, &service.paths),
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

/// A handler type of its own: axum boxes the future of a function, and a stored response needs none. It is the same for all
/// routes, because the compiler writes axum's machinery anew for each type.
#[derive(Clone)]
struct EndpointHandler(Arc<Routes>);

impl<S> Handler<(), S> for EndpointHandler {
    type Future = MaybeReady<Response>;

    /// Leaves out the parts of the path that axum should have stripped: the prefix of `nest("/v{version}", …)` stays.
    fn call(self, request: Request, _state: S) -> MaybeReady<Response> {
        let Self(routes) = self;
        let path = request.uri().path();
        let route = path.match_indices('/').find_map(|(start, _)| routes.find(&path[start..]));
        routes.answer(route, request)
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

#[cfg(test)]
mod tests {
    use crate::{Endpoint, EndpointBuilder};

    fn top_paths(builder: EndpointBuilder) -> Vec<String> {
        let endpoint = builder.without_declared_checks().build().expect("a good endpoint");
        endpoint.routes.top_paths().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn release_build_registers_few_paths() {
        let probes = ["/livez", "/livez/", "/readyz", "/readyz/", "/startupz", "/startupz/"];
        let base = ["/health", "/health/", "/health/live", "/health/ready", "/health/startup"];
        let rest = ["/health/{*rest}"];
        assert_eq!(top_paths(Endpoint::builder()), [&base[..], &probes, &rest].concat());
        assert_eq!(top_paths(Endpoint::builder().without_root_probes()), [&base[..], &rest].concat());
        let deep = Endpoint::builder().without_root_probes().levels_path("/deep");
        assert_eq!(top_paths(deep), [&["/deep", "/deep/"], &base[..], &rest, &["/deep/{*rest}"]].concat());
        let below = Endpoint::builder().without_root_probes().levels_path("/deep").base_path("/deep/health");
        let kept = ["/deep/health", "/deep/health/live", "/deep/health/ready", "/deep/health/startup"];
        assert_eq!(top_paths(below), [&["/deep", "/deep/"], &kept[..], &["/deep/{*rest}"]].concat());
    }
}
