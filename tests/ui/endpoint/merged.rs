//! Endpoints that are merged into a router.

use axum::{Router, extract::State, routing::get};
use health_runtime::{Endpoint, health_endpoint};

#[derive(Clone)]
struct AppState;

fn question_mark_missing() -> Router {
    Router::new().merge(health_endpoint! { details: public })
}

fn question_mark_without_result() {
    let _app: Router = Router::new().merge(health_endpoint! {}?);
}

fn state_missing(endpoint: Endpoint) {
    serve(Router::new().route("/", get(|_: State<AppState>| async {})).merge(endpoint));
}

fn nested(endpoint: Endpoint) -> Router {
    Router::new().nest("/internal", endpoint)
}

fn routed(endpoint: Endpoint) -> Router {
    Router::new().route("/health", get(endpoint))
}

fn service(endpoint: Endpoint) -> Router {
    Router::new().nest_service("/health", endpoint)
}

fn result_used_as_the_endpoint() {
    let health = health_endpoint! {};
    health.monitor().drain();
}

fn serve(_: Router) {}

fn main() {}
