use health_runtime::{
    Level, Levels, ShowDetails, Status,
    access::{Access, User, any_of, basic},
};

use crate::{
    healthctl,
    services::{check, named, url_of},
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

#[tokio::test]
async fn service_is_operated() {
    const SECRET: &str = "hunter2-hunter2";
    let people = |name| basic("orders", [User::new(name, SECRET)]);
    let access = Access::new().levels(Levels::ALL, any_of([people("ada").may_operate(), people("grace")]));
    let url = url_of(named("orders", [check("a/b c", Level::L1, Status::Fail)]).access(access)).await;
    let ada = |arguments: &'static [&str]| {
        let arguments: Vec<_> = [&arguments[..1], &[&*url, "a/b c"], &arguments[1..], &["--basic", "ada"]].concat();
        let arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
        async move { with_secret(SECRET, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let ran = ada(&["run"]).await;
    assert!(ran.code == 1 && ran.out.contains("it is away"), "{ran:?}");
    let muted = ada(&["mute", "2h", "a migration"]).await;
    assert!(muted.code == 0 && muted.out.contains("by ada: a migration"), "{muted:?}");
    let checked = with_secret(SECRET, &["check", &url, "--basic", "ada"]).await;
    assert_eq!(checked.code, 0, "it counts for nothing: {checked:?}");
    let json = ada(&["mute", "1m", "another reason", "--json"]).await.json();
    assert_eq!((&json["check"], &json["muted"]["reason"]), (&"a/b c".into(), &"another reason".into()));
    assert_eq!(ada(&["unmute"]).await.out, "a/b c counts again\n");
    let long = ada(&["mute", "8d", "why"]).await;
    assert!(long.code == 1 && long.err.contains("`for` must be between `1s` and `7days`"), "{long:?}");
    let refused = with_secret(SECRET, &["mute", &url, "a/b c", "1h", "why", "--basic", "grace"]).await;
    for part in ["may not operate this check", "may_operate"] {
        assert!(refused.code == 1 && refused.err.contains(part), "{part}: {refused:?}");
    }
}

#[tokio::test]
async fn service_is_drilled() {
    const SECRET: &str = "hunter2-hunter2";
    let access = Access::new().levels(Levels::ALL, basic("orders", [User::new("ada", SECRET)]).may_operate());
    let db = check("db", Level::L1, Status::Pass).readiness();
    let url = url_of(named("orders", [db]).details(ShowDetails::Always).access(access)).await;
    let ada = async |arguments: &[&str]| {
        with_secret(SECRET, &[&arguments[..1], &[&*url], &arguments[1..], &["--basic", "ada"]].concat()).await
    };
    let begun = ada(&["drill", "db", "fail", "5m", "does the pager ring?"]).await;
    assert_eq!(begun.code, 0, "{begun:?}");
    assert!(begun.out.starts_with("db behaves as `fail` until 20") && begun.out.contains("by ada"), "{begun:?}");
    let checked = ada(&["check"]).await;
    assert!(checked.code == 1 && checked.out.contains("drill"), "{checked:?}");
    assert_eq!(healthctl(&["check", &url, "--group", "ready"]).await.code, 1, "load balancers see it");
    assert_eq!(ada(&["undrill", "db"]).await.out, "db runs as it is again\n");
    assert_eq!(ada(&["check"]).await.code, 0);
    let long = ada(&["drill", "db", "fail", "2h"]).await;
    assert!(long.code == 1 && long.err.contains("`for`"), "{long:?}");
}
