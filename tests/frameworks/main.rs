//! The endpoint without axum: behind the servers of others, whose recipes are `actix.rs` and `hyper.rs`, and as reports
//! that a program renders by itself.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod actix;
mod hyper;
mod rendering;
mod respond;

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use health_runtime::{
    Check, Details, Endpoint, Level,
    access::{Access, Tokens, User, address, any_of, basic, public},
};
use health_tests::{Answer, builder, get, get_until, request, send, serve_with_addresses};

/// The answer to a password, on every server.
const TOKEN_REQUEST: &str = "grant_type=client_credentials";

/// An endpoint whose deep levels are for callers on this machine, and for those with a password. Its results stay young,
/// so that two servers give the same answer.
fn health() -> Endpoint {
    let people = basic("health", [User::new("ada", "correct horse")]);
    let tokens = Tokens::new("0123456789abcdef0123456789abcdef", people.clone());
    let known = any_of([people, tokens.policy(), address(["127.0.0.0/8"])]);
    let access =
        Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, known).tokens(tokens);
    let check = |check: Check| check.max_age(Duration::from_hours(1));
    builder([
        check(Check::new("db", Level::L1, || async { Details::pass(serde_json::json!({ "is_db_online": true })) }))
            .readiness(),
        check(Check::new("billing", Level::L3, || async { false })),
        check(Check::new("alive", Level::L5, || async { true })).liveness(),
    ])
    .access(access)
    .build()
    .expect("a good endpoint")
}

/// The headers that the endpoint says, and not its server.
fn headers(answer: &Answer) -> HashMap<&str, &str> {
    let of_the_server = ["connection", "date", "transfer-encoding", "keep-alive"];
    let headers = answer.headers.iter().map(|(name, value)| (&**name, &**value));
    headers.filter(|(name, _)| !of_the_server.contains(name)).collect()
}

/// The server at this address answers for the endpoint what axum does, and answers for itself elsewhere.
async fn assert_serves_like_axum(server: SocketAddr, health: &Endpoint) {
    let axum = serve_with_addresses(health.router()).await;
    for path in [
        "/health/levels",
        "/health/levels/1",
        "/health/levels/1?view=values",
        "/health/levels/3?cumulative&format=xml",
        "/health/levels/6",
        "/health/levels/",
        "/health/checks/db?format=text&verbose",
        "/health/checks/bd",
        "/health/checks/",
        "/health/live",
        "/livez",
        "/readyz",
        "/readyz?verbose&exclude=db",
        "/startupz?timeout=soon",
        "/health/openapi.json",
        "/health/nothing?format=html",
        "/health/",
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
            let (ours, theirs) = (request(server, method, path).await, request(axum, method, path).await);
            assert_eq!((ours.status, &ours.body), (theirs.status, &theirs.body), "{method} {path}");
            assert_eq!(headers(&ours), headers(&theirs), "{method} {path}");
        }
    }
    let overview = get(server, "/health").await;
    assert_eq!((overview.status, &overview.json()["failing"]["billing"]["level"]), (503, &3.into()));

    let events = get_until(server, "/health/events", &[], "state").await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(events.body.contains("\"billing\""), "{}", events.body);

    let bytes = format!(
        "POST /health/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\
         Authorization: Basic YWRhOmNvcnJlY3QgaG9yc2U=\r\n\r\n{TOKEN_REQUEST}",
        TOKEN_REQUEST.len()
    );
    let token = send(server, &bytes).await;
    assert!(token.status == 200 && token.json()["token"].is_string(), "{token:?}");
    let refused = send(server, &bytes.replace("client_credentials", "made_up_credential")).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &"unsupported_grant_type".into()));

    assert_eq!(get(server, "/").await.body, "the service itself\n");
    let elsewhere = get(server, "/orders").await;
    assert_eq!((elsewhere.status, &*elsewhere.body), (404, "the service has nothing here\n"));
}
