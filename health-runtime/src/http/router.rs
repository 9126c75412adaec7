use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, rejection::PathRejection},
    handler::Handler,
    routing::{MethodRouter, any},
};

use super::{answering::Answering, handler::Service, problem::ProblemDetails, target::Target};

pub(super) fn router(service: &Arc<Service>) -> Router {
    let paths = &service.paths;
    let mut router = Router::new();
    for (path, target) in paths.fixed().into_iter().chain(paths.of_levels()) {
        router = router.route(&path, route(service, target));
    }
    // What starts with one of these paths is ours to answer, and nothing else is.
    let (base, levels) = (&paths.base, &paths.levels);
    router
        .route(&format!("{}/{{name}}", paths.checks()), check_route(service))
        .route(&format!("{levels}/"), no_level())
        .route(&format!("{levels}/{{*rest}}"), no_level())
        .route(&format!("{base}/"), nothing())
        .route(&format!("{base}/{{*rest}}"), nothing())
}

/// Any method, because one that is not allowed gets a problem document, too.
fn route(service: &Arc<Service>, target: Target) -> MethodRouter {
    any(Ask { service: Arc::clone(service), target })
}

/// A handler of its own kind: axum boxes the future of a function, and a stored answer needs none.
#[derive(Clone)]
struct Ask {
    service: Arc<Service>,
    target: Target,
}

impl<S> Handler<(), S> for Ask {
    type Future = Answering;

    fn call(self, request: Request, _state: S) -> Answering {
        self.service.answer(self.target, request)
    }
}

fn check_route(service: &Arc<Service>) -> MethodRouter {
    let service = Arc::clone(service);
    any(move |name: Result<Path<String>, PathRejection>, request: Request| async move {
        match name {
            Ok(Path(name)) => service.answer(Target::Check(name), request).await,
            Err(_) => ProblemDetails::not_found("no check has a name that is not UTF-8").into_response(),
        }
    })
}

fn no_level() -> MethodRouter {
    any(|| async {
        ProblemDetails::not_found("a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)")
            .into_response()
    })
}

fn nothing() -> MethodRouter {
    any(|| async { ProblemDetails::not_found("the health endpoint has nothing at this path").into_response() })
}
