//! Requests for health between services: their headers, loops, and what a stranger can do with them.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod forged;
mod headers;
mod loops;

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use health_runtime::Endpoint;

/// Sends a request with these headers. Returns the status code and the body.
async fn ask(health: &Endpoint, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    let (head, body) = health.respond(request.body(Body::empty()).expect("a request")).await.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.expect("a body");
    (head.status.as_u16(), String::from_utf8(body.into()).expect("text"))
}
