use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    routing::{MethodRouter, any},
};
use percent_encoding::percent_decode_str;

#[cfg(feature = "page")]
use super::page::Reader;
use super::{answering::Answering, handler::Service, problem::ProblemDetails, target::Target};

pub(super) fn router(service: &Arc<Service>) -> Router {
    let paths = &service.paths;
    let mut router = Router::new();
    for (path, target) in paths.fixed().into_iter().chain(paths.of_levels()) {
        router = router.route(&path, route(service, Route::To(target)));
    }
    // What starts with one of these paths is ours to answer, and nothing else is.
    let (base, levels) = (&paths.base, &paths.levels);
    router
        .route(&format!("{}/{{name}}", paths.checks()), route(service, Route::ToCheck))
        .route(&format!("{levels}/"), route(service, Route::NoLevel))
        .route(&format!("{levels}/{{*rest}}"), route(service, Route::NoLevel))
        .route(&format!("{base}/"), route(service, Route::Nothing))
        .route(&format!("{base}/{{*rest}}"), route(service, Route::Nothing))
}

/// Any method, because one that is not allowed gets a problem document, too.
fn route(service: &Arc<Service>, route: Route) -> MethodRouter {
    any(Ask { service: Arc::clone(service), route })
}

/// Where a path leads.
#[derive(Clone)]
enum Route {
    To(Target),
    /// To the check that its last part names.
    ToCheck,
    NoLevel,
    Nothing,
}

/// A handler of its own kind: axum boxes the future of a function, and a stored answer needs none. One kind for all
/// routes, because the compiler writes axum's machinery anew for each.
#[derive(Clone)]
struct Ask {
    service: Arc<Service>,
    route: Route,
}

impl<S> Handler<(), S> for Ask {
    type Future = Answering;

    fn call(self, request: Request, _state: S) -> Answering {
        #[cfg(feature = "page")]
        if let Some(reader) = Reader::of(&request) {
            let service = Arc::clone(&self.service);
            return reader.read(self.answer(request), &service.paths);
        }
        self.answer(request)
    }
}

impl Ask {
    fn answer(self, request: Request) -> Answering {
        match self.route {
            Route::To(target) => self.service.answer(target, request),
            Route::ToCheck => match check_name(request.uri().path()) {
                Some(name) => self.service.answer(Target::Check(name), request),
                None => not_found("no check has a name that is not UTF-8"),
            },
            Route::NoLevel => {
                not_found("a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)")
            }
            Route::Nothing => not_found("the health endpoint has nothing at this path"),
        }
    }
}

fn check_name(path: &str) -> Option<String> {
    let (_, name) = path.rsplit_once('/')?;
    Some(percent_decode_str(name).decode_utf8().ok()?.into_owned())
}

fn not_found(detail: &str) -> Answering {
    Answering::now(ProblemDetails::not_found(detail).into_response())
}
