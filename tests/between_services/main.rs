//! Requests for health between services: their headers, loops, and what a stranger can do with them.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod forged;
mod headers;
mod hung;
mod loops;

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use health_runtime::{Endpoint, Outcome, note_response_headers, outgoing_headers};

/// Sends a request with these headers. Returns the status code and the body.
async fn ask(health: &Endpoint, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    let (head, body) = health.respond(request.body(Body::empty()).expect("a request")).await.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.expect("a body");
    (head.status.as_u16(), String::from_utf8(body.into()).expect("text"))
}

/// Asks another service for its whole report within a run, as a program would by hand.
async fn ask_service(health: &Endpoint) -> Outcome {
    let headers = outgoing_headers();
    let request =
        headers.iter().fold(Request::get("/health/levels/1"), |request, (name, value)| request.header(name, value));
    let (head, _) = health.respond(request.body(Body::empty()).expect("a request")).await.into_parts();
    note_response_headers(&head.headers);
    if head.status.is_success() { Outcome::pass() } else { Outcome::fail("the service fails") }
}
