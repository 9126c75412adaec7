//! A service whose checks may be operated, and requests to it without a socket, so that time can stand still.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use health_runtime::{
    Check, Endpoint, Level, Levels, ShowDetails,
    access::{Access, AnyPolicy, User, basic},
};
use health_tests::{Log, builder};
use serde_json::Value;
use tracing::subscriber::DefaultGuard;

pub(crate) const PASSWORD: &str = "canary-password";
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

/// An answer to a request.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The detail of a problem with this status.
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        self.json()["detail"].as_str().expect("a detail").to_owned()
    }
}

/// Users who may operate checks, and one who may not.
pub(crate) fn operators() -> AnyPolicy {
    basic("x", [User::new("ada", PASSWORD), User::new("guest", "guest").levels(Level::L4)]).may_operate()
}

pub(crate) fn endpoint(checks: impl IntoIterator<Item = Check>, access: Access) -> Endpoint {
    builder(checks).details(ShowDetails::Always).access(access).build().expect("good rules")
}

/// A service of which Ada may operate every check.
pub(crate) fn operated(checks: impl IntoIterator<Item = Check>) -> Endpoint {
    endpoint(checks, Access::new().levels(Levels::ALL, operators()))
}

pub(crate) fn user(name: &str, password: &str) -> (&'static str, String) {
    ("Authorization", format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
}

/// Sends a request from an address.
pub(crate) async fn send(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Response {
    let request = Request::builder().method(method).uri(path).header("Host", "ops.example");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut request = request.body(body.into()).expect("a request");
    request.extensions_mut().insert(ConnectInfo("192.0.2.7:4711".parse::<SocketAddr>().expect("an address")));
    let response = tower::ServiceExt::oneshot(router.clone(), request).await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Response { status, headers, body: String::from_utf8(body.to_vec()).expect("text") }
}

/// Sends JSON as Ada.
pub(crate) async fn post(router: &Router, path: &str, body: &str) -> Response {
    let (name, value) = user("ada", PASSWORD);
    send(router, "POST", path, &[JSON, (name, &value)], body.to_owned()).await
}

/// Reads as Ada.
pub(crate) async fn get(router: &Router, path: &str) -> Response {
    let (name, value) = user("ada", PASSWORD);
    send(router, "GET", path, &[(name, &value)], Body::empty()).await
}

/// The events that this thread logs.
pub(crate) fn listen() -> (Log, DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    (log, tracing::subscriber::set_default(subscriber))
}
