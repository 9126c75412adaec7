//! Drills from outside: what they do, what they refuse, and who is recorded.

use std::time::Duration;

use health_runtime::{Check, Level, Levels, Overrides, ShowDetails, access::Access};
use health_tests::builder;
use serde_json::json;
use tokio::time::sleep;

use crate::service::{get, listen, operated, operators, post};

fn db() -> Check {
    Check::new("db", Level::L3, || async {}).readiness().max_age(Duration::from_hours(24))
}

#[tokio::test(start_paused = true)]
async fn drill_lasts_for_its_time_and_says_who_began_it() {
    let router = operated([db()]).router();
    for (behavior, body, expected) in [
        ("fail", r#"{"behavior":"fail","for":"5m","reason":"does the pager ring?"}"#, ("fail", 503)),
        ("warn", r#"{"behavior":"warn","for":"5m","reason":"does the pager ring?","liveness":false}"#, ("warn", 200)),
        ("hang", r#"{"behavior":"hang","for":"5m","reason":"does the pager ring?","liveness":true}"#, ("fail", 503)),
        ("slow", r#"{"behavior":"slow","for":"5m","reason":"does the pager ring?","delay":"20s"}"#, ("fail", 503)),
        ("slow", r#"{"behavior":"slow","for":"5m","reason":"does the pager ring?","delay":"500ms"}"#, ("pass", 200)),
    ] {
        let answer = post(&router, "/health/checks/db/drill", body).await.json();
        let until = answer["drill"]["until"].as_str().expect("an end").to_owned();
        let drill = json!({ "behavior": behavior, "until": until, "reason": "does the pager ring?", "by": "ada" });
        assert_eq!(answer, json!({ "check": "db", "drill": drill }));
        // Longer than the timeout of the check.
        sleep(Duration::from_secs(15)).await;
        let seen = get(&router, "/health/checks/db").await.json();
        assert_eq!((&seen["drill"], seen["status"].as_str()), (&drill, Some(expected.0)));
        assert_eq!(get(&router, "/readyz").await.status, expected.1, "{body}");
        sleep(Duration::from_secs(285)).await;
        let seen = get(&router, "/health/checks/db").await.json();
        assert!(seen["drill"].is_null() && seen["status"] == "pass", "{seen}");
    }
}

#[tokio::test(start_paused = true)]
async fn undrill_ends_a_drill() {
    let endpoint = operated([db()]);
    let router = endpoint.router();
    post(&router, "/health/checks/db/drill", r#"{"behavior":"fail","for":"5m","reason":"x"}"#).await;
    assert_eq!(get(&router, "/readyz").await.status, 503);
    for _ in 0..2 {
        assert_eq!(post(&router, "/health/checks/db/undrill", "").await.body, r#"{"check":"db","drill":null}"#);
        assert_eq!(get(&router, "/readyz").await.status, 200);
    }
    assert_eq!(post(&router, "/health/checks/bd/undrill", "").await.status, 404);
    assert_eq!(
        post(&router, "/health/checks/bd/drill", r#"{"behavior":"fail","for":"5m","reason":"x"}"#).await.status,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn mistakes_are_reported_together() {
    let router = operated([db()]).router();
    for (body, detail) in [
        ("", "`behavior` is missing; `for` is missing; `reason` is missing"),
        (
            r#"{"behavior":"explode","for":"2h","reason":"x","delay":"2h","liveness":"yes"}"#,
            "`behavior` must be one of `fail`, `warn`, `slow`, `hang`; `for` must be between `1s` and `1h`; \
             `delay` must be between `1ms` and `1h`; `liveness` must be true or false",
        ),
        (r#"{"behavior":"pass","for":"5m","reason":"x"}"#, "`behavior` must be one of `fail`, `warn`, `slow`, `hang`"),
        (r#"{"behavior":"slow","for":"5m","reason":"x"}"#, "`slow` needs a `delay`, such as `3s`"),
        (r#"{"behavior":"fail","for":"5m","reason":"x","delay":"1s"}"#, "only `slow` has a `delay`"),
        (
            r#"{"behaviour":"fail","for":"5m","reason":"x"}"#,
            "`behavior` is missing; there is no argument \"behaviour\"; did you mean `behavior`?",
        ),
    ] {
        assert_eq!(post(&router, "/health/checks/db/drill", body).await.problem(400), detail, "{body}");
        assert_eq!(get(&router, "/readyz").await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn drill_that_is_not_possible_is_a_conflict() {
    let alive = Check::new("alive", Level::L5, || async {}).liveness();
    let overrides: Overrides = "retired.enabled=false".parse().expect("settings");
    let access = Access::new().levels(Levels::ALL, operators());
    let checks = [alive, db(), Check::new("retired", Level::L3, || async {})];
    let endpoint = builder(checks).details(ShowDetails::Always).access(access).overrides(overrides);
    let endpoint = endpoint.build().expect("good rules");
    let router = endpoint.router();
    let body = r#"{"behavior":"fail","for":"5m","reason":"x"}"#;
    let refused = post(&router, "/health/checks/alive/drill", body).await.problem(409);
    assert!(refused.contains("`\"liveness\": true` over HTTP"), "{refused}");
    let refused = post(&router, "/health/checks/retired/drill", body).await.problem(409);
    assert!(refused.contains("disabled"), "{refused}");
    let confirmed = r#"{"behavior":"fail","for":"5m","reason":"x","liveness":true}"#;
    assert_eq!(post(&router, "/health/checks/alive/drill", confirmed).await.status, 200);
    endpoint.monitor().drain();
    let refused = post(&router, "/health/checks/db/drill", body).await.problem(409);
    assert!(refused.contains("shutting down"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn drills_are_audited_and_hold_no_secrets() {
    let ((log, _guard), endpoint) = (listen(), operated([db()]));
    let router = endpoint.router();
    let reason = "see https://bot:canary-token@tickets/7 password=canary-two";
    let body = json!({ "behavior": "fail", "for": "5m", "reason": reason }).to_string();
    let drill = post(&router, "/health/checks/db/drill", &body).await;
    get(&router, "/health/checks/db").await;
    post(&router, "/health/checks/db/undrill", "").await;
    // It is not done.
    post(&router, "/health/checks/db/drill", r#"{"for":"canary-three"}"#).await;
    let text = log.text();
    let events: Vec<_> = text.lines().filter(|line| line.contains("health check operated by a caller")).collect();
    let common = ["WARN", "health_runtime::access:", "address=192.0.2.7", "caller=\"ada\"", "check=\"db\""];
    let [begun, ended] = events.as_slice() else { panic!("{text}") };
    for (event, parts) in [
        (begun, &["operation=\"drill\"", "until=\"20", "reason=\"see https://"][..]),
        (ended, &["operation=\"undrill\""]),
    ] {
        for part in common.iter().chain(parts) {
            assert!(event.contains(part), "{part}: {event}");
        }
    }
    assert!(text.contains("health check drill begun") && text.contains("by=\"ada\""), "{text}");
    assert!(!text.contains("canary") && !drill.body.contains("canary"), "{text} {drill:?}");
    for path in ["/health/checks/db?format=html", "/health/checks/db", "/health/metrics"] {
        assert!(!get(&router, path).await.body.contains("canary"), "{path}");
    }
}
