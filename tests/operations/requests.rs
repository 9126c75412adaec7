//! Requests that are refused before they do anything, and mistakes in their bodies.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use health_runtime::{Check, Level, Levels, access::Access};
use serde_json::json;
use tokio::time::Instant;

use crate::service::{JSON, PASSWORD, endpoint, get, operated, operators, post, send, user};

fn check() -> Check {
    Check::new("db", Level::L1, || async {})
}

#[tokio::test]
async fn requests_of_other_web_sites_are_refused() {
    let router = operated([check()]).router();
    let (name, value) = user("ada", PASSWORD);
    let ada = (name, &*value);
    for (headers, status) in [
        (&[JSON][..], 200),
        (&[JSON, ("Origin", "http://ops.example")], 200),
        (&[JSON, ("Origin", "https://ops.example"), ("Sec-Fetch-Site", "same-origin")], 200),
        // A proxy has changed `Host`.
        (&[JSON, ("Origin", "https://public.example"), ("Sec-Fetch-Site", "same-origin")], 200),
        (&[JSON, ("Origin", "https://evil.example")], 403),
        (&[JSON, ("Origin", "null")], 403),
        (&[JSON, ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")], 403),
        (&[JSON, ("Origin", "https://a.ops.example"), ("Sec-Fetch-Site", "same-site")], 403),
        (&[JSON, ("Origin", "http://ops.example"), ("Sec-Fetch-Site", "cross-site")], 403),
        (&[("Content-Type", "application/json; charset=utf-8")], 200),
        (&[("Content-Type", "APPLICATION/JSON")], 200),
        // The types that a form of any site can send.
        (&[("Content-Type", "text/plain")], 415),
        (&[("Content-Type", "application/x-www-form-urlencoded")], 415),
        (&[("Content-Type", "multipart/form-data; boundary=x")], 415),
        (&[("Content-Type", "application/json-patch+json")], 415),
        (&[], 415),
    ] {
        for verb in ["run", "unmute", "undrill"] {
            let headers = [headers, &[ada]].concat();
            let answer = send(&router, "POST", &format!("/health/checks/db/{verb}"), &headers, "{}").await;
            assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
            assert!(status == 200 || !answer.problem(status).is_empty());
        }
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let router = operated([check()]).router();
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
        for verb in ["run", "mute", "unmute", "drill", "undrill"] {
            // Without credentials, as the preflight of a browser.
            let answer = send(&router, method, &format!("/health/checks/db/{verb}"), &[], "").await;
            assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method} {verb}");
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
}

#[tokio::test]
async fn all_mistakes_in_a_body_are_reported_at_once() {
    let router = operated([check()]).router();
    let long = "x".repeat(257);
    for (verb, body, detail) in [
        ("mute", "", "`for` is missing; `reason` is missing"),
        ("mute", "{}", "`for` is missing; `reason` is missing"),
        ("mute", r#"{"for":null,"reason":null}"#, "`for` is missing; `reason` is missing"),
        (
            "mute",
            r#"{"for":"2","reasn":"x"}"#,
            "`for`: `2` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`; `reason` is missing; \
             there is no argument \"reasn\"; did you mean `reason`?",
        ),
        (
            "mute",
            r#"{"for":7200,"reason":7}"#,
            "`for` must be a text that is not empty; `reason` must be a text that is not empty",
        ),
        ("mute", r#"{"for":"999ms","reason":"x"}"#, "`for` must be between `1s` and `7days`"),
        ("mute", r#"{"for":"7d 1s","reason":"x"}"#, "`for` must be between `1s` and `7days`"),
        ("mute", r#"{"for":"1h","reason":" \t "}"#, "`reason` must be a text that is not empty"),
        (
            "mute",
            r#"{"for":"1h","reason":"a\nb"}"#,
            "`reason` has control characters or invisible ones; write one line of plain text",
        ),
        (
            "mute",
            r#"{"for":"1h","reason":"a\u202eb"}"#,
            "`reason` has control characters or invisible ones; write one line of plain text",
        ),
        ("mute", &json!({ "for": "1h", "reason": &*long }).to_string(), "`reason` is longer than 256 characters"),
        ("unmute", r#"{"reason":"x"}"#, "there is no argument \"reason\"; leave it out"),
        (
            "run",
            r#"{"timeout":"1s","a":1}"#,
            "there is no argument \"a\"; leave it out; there is no argument \"timeout\"; leave it out",
        ),
        ("run", "[]", "the body must be an object of JSON"),
        ("unmute", "null", "the body must be an object of JSON"),
        ("mute", "for=2h&reason=x", "the body must be an object of JSON"),
        ("mute", r#"{"for":"1h","for":"2h""#, "the body must be an object of JSON"),
    ] {
        let answer = post(&router, &format!("/health/checks/db/{verb}"), body).await;
        assert_eq!(answer.problem(400), detail, "{verb} {body}");
    }
    assert!(get(&router, "/health/checks/db").await.json()["muted"].is_null());
    // The longest that is right.
    let body = json!({ "for": "7d", "reason": "ü".repeat(256) }).to_string();
    assert_eq!(post(&router, "/health/checks/db/mute", &body).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn body_is_read_after_access_and_within_limits() {
    let router = operated([check()]).router();
    let (name, value) = user("ada", PASSWORD);
    let ada = [JSON, (name, &*value)];
    let path = "/health/checks/db/mute";
    let endless = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let chunks = |count: usize| {
        let chunk = || Ok::<_, std::io::Error>(Bytes::from(" ".repeat(1024)));
        Body::from_stream(stream::iter((0..count).map(move |_| chunk())))
    };
    let began = Instant::now();
    assert_eq!(send(&router, "POST", path, &[JSON], endless()).await.status, 401);
    let unknown = send(&router, "POST", "/health/checks/none/mute", &ada, endless()).await;
    assert_eq!((unknown.status, began.elapsed()), (404, Duration::ZERO), "not even read");
    let slow = send(&router, "POST", path, &ada, endless()).await;
    assert_eq!(slow.problem(400), "the body cannot be read within 5 s, or is longer than 8 KiB");
    assert_eq!(began.elapsed().as_secs(), 5);
    let declared = send(&router, "POST", path, &ada, " ".repeat(8 * 1024 + 1)).await;
    assert_eq!(declared.problem(413), "the body is longer than 8 KiB");
    assert_eq!(send(&router, "POST", path, &ada, chunks(9)).await.status, 400);
    let body = format!("{}{}", " ".repeat(8 * 1024 - 32), r#"{"for":"1h","reason":"a test"}"#);
    assert_eq!(send(&router, "POST", path, &ada, body).await.status, 200);
}

#[tokio::test]
async fn routes_follow_the_base_path_and_a_nested_router() {
    let rules = || Access::new().levels(Levels::ALL, operators());
    let moved = health_tests::builder([check()]).base_path("/status").access(rules()).build().expect("good").router();
    let nested = axum::Router::new().nest("/api/{version}", endpoint([check()], rules()).router());
    for (router, path) in [(moved, "/status/checks/db"), (nested, "/api/v1/health/checks/db")] {
        assert_eq!(post(&router, &format!("{path}/run"), "").await.status, 200);
        let muted = post(&router, &format!("{path}/mute"), r#"{"for":"1h","reason":"a test"}"#).await;
        assert_eq!(muted.json()["muted"]["by"], "ada");
        assert_eq!(get(&router, path).await.json()["muted"]["caller"], "ada");
        assert_eq!(post(&router, &format!("{path}/unmute"), "{}").await.body, r#"{"check":"db","muted":null}"#);
        assert_eq!(post(&router, &format!("{path}/run/run"), "{}").await.status, 404);
    }
}

/// Names of checks may hold the words of the routes.
#[tokio::test]
async fn names_are_decoded_and_may_look_like_verbs() {
    let names = ["run", "a/run", "mute", "ä b%/?#"];
    let router = operated(names.map(|name| Check::new(name, Level::L1, || async {}))).router();
    for (path, name) in [
        ("run/run", "run"),
        ("mute/run", "mute"),
        ("a%2Frun/run", "a/run"),
        ("a%2frun/run", "a/run"),
        ("%C3%A4%20b%25%2F%3F%23/run", "ä b%/?#"),
    ] {
        let answer = post(&router, &format!("/health/checks/{path}"), "").await;
        assert_eq!((answer.status, &answer.json()["name"]), (200, &json!(name)), "{path}");
    }
    assert_eq!(get(&router, "/health/checks/run").await.json()["name"], "run");
    assert_eq!(post(&router, "/health/checks/%ff/run", "").await.problem(404), "the name of a check must be UTF-8");
    assert_eq!(post(&router, "/health/checks//run", "").await.status, 404);
}
