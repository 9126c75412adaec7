//! `Endpoint::serves` and `Endpoint::respond`, without a socket.

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request},
};
use health_runtime::{Endpoint, Level, View, access::PeerAddress};
use health_tests::builder;
use tower::ServiceExt as _;

/// Paths of every kind, and some that are nearly the endpoint's.
const PATHS: [&str; 33] = [
    "/",
    "*",
    "/orders",
    "/healthy",
    "/Health",
    "/%68ealth",
    "//health",
    "/health",
    "/health/",
    "/health//",
    "/health/info",
    "/health/info/",
    "/health/live",
    "/health/token",
    "/health/checks",
    "/health/checks/",
    "/health/checks/db",
    "/health/checks/%64b",
    "/health/checks/%ff",
    "/health/checks/db/",
    "/health/checks/a/b",
    "/health/levels",
    "/health/levels/",
    "/health/levels/2",
    "/health/levels/9",
    "/health/levels/2/x",
    "/deep",
    "/deep/",
    "/deep/2",
    "/deep/x",
    "/deeper",
    "/livez",
    "/livez/",
];

fn request(method: Method, path: &str) -> Request<Body> {
    let peer = PeerAddress(([127, 0, 0, 1], 9).into());
    Request::builder().method(method).uri(path).extension(peer).body(Body::empty()).expect("a request")
}

/// Status, headers and body; times are removed from the body.
async fn respond(health: &Endpoint, method: Method, path: &str) -> (u16, Vec<(String, String)>, usize) {
    let (head, body) = health.respond(request(method, path)).await.into_parts();
    let length = to_bytes(Body::new(body), usize::MAX).await.expect("a body").len();
    (head.status.as_u16(), lines(&head.headers), length)
}

fn lines(headers: &axum::http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn respond_answers_like_the_router() {
    let deep = builder([]).levels_path(("/deep", View::Values)).build().expect("a good endpoint");
    let below = builder([]).base_path("/deep/health").levels_path("/deep").build().expect("a good endpoint");
    let whole = super::health();
    let shallow = whole.levels(Level::L5).without_groups();
    let groups = whole.without_levels();
    for health in [&whole, &shallow, &groups, &deep, &below] {
        for path in PATHS {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT] {
                // The router reads the address of its caller where `respond` does.
                let response = health.router().oneshot(request(method.clone(), path)).await.expect("an answer");
                let (head, body) = response.into_parts();
                let length = to_bytes(body, usize::MAX).await.expect("a body").len();
                let (status, headers, length_of_ours) = respond(health, method.clone(), path).await;
                assert_eq!(status, head.status.as_u16(), "{method} {path}");
                // axum's own 404 has no body.
                if health.serves(path) {
                    assert_eq!((headers, length_of_ours), (lines(&head.headers), length), "{method} {path}");
                } else {
                    assert_eq!((status, length), (404, 0), "the router serves {path}");
                }
            }
        }
    }
}

/// axum leaves a prefix in the path if a parameter is only a part of a folder.
#[tokio::test]
async fn nested_router_answers_below_any_prefix() {
    let health = super::health();
    for (prefix, example) in [("/api", "/api"), ("/{tenant}", "/acme"), ("/v{version}", "/v1"), ("/a/{b}/c", "/a/x/c")]
    {
        let router = axum::Router::new().nest(prefix, health.router::<()>());
        for path in PATHS.into_iter().filter(|path| health.serves(path)) {
            let nested = request(Method::GET, &format!("{example}{path}"));
            let status = router.clone().oneshot(nested).await.expect("an answer").status().as_u16();
            assert_eq!(status, respond(&health, Method::GET, path).await.0, "{example}{path}");
        }
    }
}

#[tokio::test]
async fn response_to_head_is_empty_and_has_a_length() {
    let health = super::health();
    let (_, get, length) = respond(&health, Method::GET, "/health/levels").await;
    let (status, head, empty) = respond(&health, Method::HEAD, "/health/levels").await;
    assert_eq!((status, empty), (503, 0));
    assert_eq!(get, head);
    assert!(head.contains(&("content-length".to_owned(), length.to_string())) && length > 0, "{head:?}");
}

#[tokio::test]
async fn caller_without_a_peer_address_has_none() {
    let health = super::health();
    let ask = async |peer: Option<[u8; 4]>| {
        let mut request = Request::get("/health/levels/1").body(String::new()).expect("a request");
        request.extensions_mut().extend(extensions(peer));
        health.respond(request).await.status().as_u16()
    };
    assert_eq!(ask(None).await, 401);
    assert_eq!(ask(Some([203, 0, 113, 5])).await, 401);
    assert_eq!(ask(Some([127, 0, 0, 1])).await, 503);
}

fn extensions(peer: Option<[u8; 4]>) -> axum::http::Extensions {
    let mut extensions = axum::http::Extensions::new();
    peer.map(|peer| extensions.insert(PeerAddress((peer, 9).into())));
    extensions
}
