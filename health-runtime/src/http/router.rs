use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    http::header,
    routing::{MethodRouter, any},
};
use percent_encoding::percent_decode_str;

#[cfg(feature = "page")]
use super::page::Reader;
use super::{
    answering::Answering,
    handler::Service,
    negotiate::negotiate,
    paths::Paths,
    problem::ProblemDetails,
    query::Query,
    target::{Reach, Target},
};

/// Where each path without a part that varies leads, at one place.
#[derive(Debug)]
pub(super) struct Routes(BTreeMap<String, Route>);

impl Routes {
    pub(super) fn new(service: &Service, reach: Reach) -> Self {
        let paths = &service.paths;
        let mut routes = BTreeMap::new();
        for (path, target) in paths.fixed().into_iter().chain(paths.of_levels()) {
            match target {
                target if reach.covers(&target) => drop(routes.insert(path, Route::To(target))),
                // Paths at the root are left to the service; paths under the base path lead nowhere like any other.
                Target::Group(_) => {}
                _ => drop(routes.insert(path, Route::Nothing)),
            }
        }
        // Not where nobody needs one: a port for everybody, or for orchestrators alone, is no place to send a password to.
        #[cfg(feature = "access-jwt")]
        if service.authorizer.as_ref().is_some_and(|authorizer| authorizer.gives_tokens(reach.levels, reach.has_groups))
        {
            routes.insert(paths.token(), Route::Token);
        }
        for (path, group) in paths.aliases() {
            let target = Target::Group(group);
            if reach.covers(&target) {
                routes.insert(path, Route::To(target));
            }
        }
        Self(routes)
    }

    /// Where a path leads, as in the router; `None` for a path that is not the endpoint's.
    pub(super) fn find(&self, paths: &Paths, path: &str) -> Option<Route> {
        if let Some(route) = self.0.get(path) {
            return Some(route.clone());
        }
        let below = |folder: &str| path.strip_prefix(folder)?.strip_prefix('/');
        let in_base = below(&paths.base);
        let is_check = |rest: &str| rest.strip_prefix("checks/").is_some_and(is_one_part);
        if in_base.is_some_and(is_check) {
            return Some(Route::ToCheck);
        }
        // One of the two may stand below the other.
        match (below(&paths.levels), in_base) {
            (Some(level), base) if base.is_none_or(|base| level.len() < base.len()) => Some(Route::NoLevel),
            (_, Some(_)) => Some(Route::ToComponent),
            _ => None,
        }
    }
}

fn is_one_part(path: &str) -> bool {
    !path.is_empty() && !path.contains('/')
}

pub(super) fn router(service: &Arc<Service>, reach: Reach, routes: &Routes) -> Router {
    let route = |route| route_to(service, reach, route);
    let paths = &service.paths;
    let fixed = routes.0.iter().fold(Router::new(), |router, (path, to)| router.route_service(path, route(to.clone())));
    // What starts with one of these paths is ours to answer, and nothing else is.
    let (base, levels) = (&paths.base, &paths.levels);
    fixed
        .route_service(&format!("{}/{{name}}", paths.checks()), route(Route::ToCheck))
        .route_service(&format!("{levels}/"), route(Route::NoLevel))
        .route_service(&format!("{levels}/{{*rest}}"), route(Route::NoLevel))
        .route_service(&format!("{base}/"), route(Route::Nothing))
        .route_service(&format!("{base}/{{*rest}}"), route(Route::ToComponent))
}

/// Any method, because one that is not allowed gets a problem document, too. A service rather than methods of a route:
/// axum merges methods silently, and panics where a path is taken. An old handler must not answer for a failing check.
fn route_to(service: &Arc<Service>, reach: Reach, route: Route) -> MethodRouter {
    any(Ask::new(service, reach, route))
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub(super) enum Route {
    To(Target),
    /// To the check that its last part names.
    ToCheck,
    /// To the check of this name, if it is asked for as Spring Boot has it; else nowhere.
    ToComponent,
    /// To where tokens are given out.
    #[cfg(feature = "access-jwt")]
    Token,
    NoLevel,
    Nothing,
}

/// A handler of its own kind: axum boxes the future of a function, and a stored answer needs none. One kind for all
/// routes, because the compiler writes axum's machinery anew for each.
#[derive(Clone)]
pub(super) struct Ask {
    service: Arc<Service>,
    reach: Reach,
    route: Route,
}

impl<S> Handler<(), S> for Ask {
    type Future = Answering;

    fn call(self, request: Request, _state: S) -> Answering {
        self.answer(request)
    }
}

impl Ask {
    pub(super) fn new(service: &Arc<Service>, reach: Reach, route: Route) -> Self {
        Self { service: Arc::clone(service), reach, route }
    }

    pub(super) fn answer(self, request: Request) -> Answering {
        let vary = self.service.vary.clone();
        let answering = self.negotiated(request);
        match vary {
            None => answering,
            Some(vary) => answering.map(|mut response| {
                response.headers_mut().insert(header::VARY, vary);
                response
            }),
        }
    }

    /// Answers a person with a page, also where the answer is a problem.
    fn negotiated(self, request: Request) -> Answering {
        #[cfg(feature = "page")]
        if let Some(reader) = Reader::of(&request, self.reach) {
            let service = Arc::clone(&self.service);
            return reader.read(self.route(request), &service.paths);
        }
        self.route(request)
    }

    /// Returns the name of the component that a client of Spring Boot asks for, directly below the base path.
    fn component(&self, request: &Request) -> Option<String> {
        let path = request.uri().path().strip_prefix(&*self.service.paths.base)?;
        let name = path.strip_prefix('/').filter(|name| is_one_part(name)).and_then(|_| check_name(path))?;
        let query = Query::parse(request.uri().query(), |_| false).ok()?;
        let format = negotiate(&Target::Check(name.clone()), &query, request.headers());
        format.is_actuator().then_some(name)
    }

    fn route(self, request: Request) -> Answering {
        match self.route {
            Route::To(target) => self.service.answer(self.reach, target, request),
            Route::ToCheck => match check_name(request.uri().path()) {
                Some(name) => self.service.answer(self.reach, Target::Check(name), request),
                None => not_found("no check has a name that is not UTF-8"),
            },
            Route::ToComponent => match self.component(&request) {
                Some(name) => self.service.answer(self.reach, Target::Check(name), request),
                None => not_found(NOTHING),
            },
            #[cfg(feature = "access-jwt")]
            Route::Token => match &self.service.authorizer {
                Some(authorizer) => super::token::answer(Arc::clone(authorizer), request),
                None => not_found("no tokens are given out"),
            },
            Route::NoLevel => {
                not_found("a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)")
            }
            Route::Nothing => not_found(NOTHING),
        }
    }
}

const NOTHING: &str = "the health endpoint has nothing at this path";

fn check_name(path: &str) -> Option<String> {
    let (_, name) = path.rsplit_once('/')?;
    Some(percent_decode_str(name).decode_utf8().ok()?.into_owned())
}

fn not_found(detail: &str) -> Answering {
    Answering::now(ProblemDetails::not_found(detail).into_response())
}
