use crate::{
    healthctl,
    stub::{Stub, response},
    with_secret,
};

const MUTED: &str = r#"{"check":"db","muted":{"until":"2026-11-22T12:00:00Z","reason":"migration","by":"ada"}}"#;
const DRILL: &str =
    r#"{"check":"db","drill":{"behavior":"slow","until":"2026-11-22T12:00:00Z","reason":"fire drill","by":"ada"}}"#;

#[tokio::test]
async fn operations_send_what_the_routes_take() {
    let stub = Stub::start([
        ("/ops/checks/a%2Fb%20c/mute", response("200 OK", "application/json", MUTED)),
        ("/ops/checks/db/unmute", response("200 OK", "application/json", r#"{"check":"db","muted":null}"#)),
        ("/ops/checks/db/drill", response("200 OK", "application/json", DRILL)),
        ("/ops/checks/db/undrill", response("200 OK", "application/json", r#"{"check":"db","drill":null}"#)),
        ("/ops/checks/db/run", response("200 OK", "application/json", r#"{"name":"db","level":1,"status":"fail"}"#)),
    ])
    .await;
    let url = stub.url("/ops");
    for (arguments, code, printed) in [
        (
            &["mute", &url, "a/b c", "2h", "migration"][..],
            0,
            "a/b c is muted until 2026-11-22T12:00:00Z by ada: migration\n",
        ),
        (&["unmute", &url, "db"], 0, "db counts again\n"),
        (
            &["drill", &url, "db", "slow", "5m", "--delay", "3s", "--liveness"],
            0,
            "db behaves as `slow` until 2026-11-22T12:00:00Z, by ada",
        ),
        (&["undrill", &url, "db"], 0, "db runs as it is again\n"),
        (&["run", &url, "db"], 1, "✗ fail"),
    ] {
        let ended = with_secret("hunter2", &[arguments, &["--bearer"]].concat()).await;
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        assert!(ended.out.contains(printed), "{arguments:?}: {ended:?}");
    }
    let bodies: Vec<_> =
        stub.requests().iter().map(|request| request.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(
        bodies,
        [
            r#"{"for":"2h","reason":"migration"}"#,
            "{}",
            r#"{"behavior":"slow","delay":"3s","for":"5m","liveness":true,"reason":"fire drill"}"#,
            "{}",
            "{}",
        ]
    );
    let heads = stub.requests();
    assert!(
        heads.iter().all(|head| head.starts_with("POST ") && head.contains("content-type: application/json\r\n")),
        "{heads:?}"
    );
}

#[tokio::test]
async fn refused_operations_are_explained() {
    for (reply, parts) in [
        (
            response("404 Not Found", "application/problem+json", r#"{"detail":"nothing here"}"#),
            &["nothing here", "operate"][..],
        ),
        (
            response("403 Forbidden", "application/problem+json", r#"{"detail":"no right"}"#),
            &["no right", "may_operate"],
        ),
        (
            response("400 Bad Request", "application/problem+json", r#"{"detail":"`for` is too long"}"#),
            &["`for` is too long"],
        ),
    ] {
        let stub = Stub::with(reply).await;
        let ended = with_secret("hunter2", &["mute", &stub.url(""), "db", "2h", "why", "--bearer"]).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(parts.iter().all(|part| ended.err.contains(part)), "{ended:?}");
    }
    assert_eq!(healthctl(&["drill", "http://127.0.0.1:9", "db", "slow", "5m"]).await.code, 64, "it needs a delay");
}
