//! Mutes from outside: how long they last, and who is recorded.

use std::time::Duration;

use health_runtime::{
    Check, Level, Levels,
    access::{Access, Limits},
};
use serde_json::json;
use tokio::time::sleep;

use crate::service::{endpoint, get, listen, operated, operators, post};

const HOUR: Duration = Duration::from_hours(1);

fn failing() -> Check {
    Check::new("db", Level::L3, || async { Err::<(), _>("it is down") }).readiness().max_age(24 * HOUR)
}

#[tokio::test(start_paused = true)]
async fn mute_lasts_for_its_time_and_says_who_made_it() {
    let endpoint = operated([failing()]);
    let router = endpoint.router();
    assert_eq!(get(&router, "/readyz").await.status, 503);
    let muted = post(&router, "/health/checks/db/mute", r#"{"for":"2h","reason":"migration"}"#).await.json();
    let until = muted["muted"]["until"].as_str().expect("an end").to_owned();
    assert_eq!(muted, json!({ "check": "db", "muted": { "until": until, "reason": "migration", "by": "ada" } }));
    let shown = json!({ "until": until, "reason": "migration", "caller": "ada" });
    assert_eq!(get(&router, "/health/checks/db").await.json()["muted"], shown);
    assert_eq!(get(&router, "/readyz").await.status, 200);
    sleep(Duration::from_secs(2 * 3600 - 1)).await;
    assert_eq!(get(&router, "/readyz").await.status, 200);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(get(&router, "/readyz").await.status, 503);
    assert!(get(&router, "/health/checks/db").await.json()["muted"].is_null());
}

#[tokio::test(start_paused = true)]
async fn later_mute_replaces_an_earlier_one_and_unmute_ends_any() {
    let endpoint = operated([failing()]);
    let router = endpoint.router();
    endpoint.monitor().mute("db", HOUR, "from the code").expect("a check");
    for duration in ["3h", "1m"] {
        let body = json!({ "for": duration, "reason": duration }).to_string();
        assert_eq!(post(&router, "/health/checks/db/mute", &body).await.json()["muted"]["reason"], duration);
    }
    sleep(Duration::from_mins(1)).await;
    assert_eq!(get(&router, "/readyz").await.status, 503, "the shorter one came last");
    endpoint.monitor().mute("db", HOUR, "from the code").expect("a check");
    for _ in 0..2 {
        assert_eq!(post(&router, "/health/checks/db/unmute", "").await.body, r#"{"check":"db","muted":null}"#);
        assert_eq!(get(&router, "/readyz").await.status, 503);
    }
}

#[tokio::test(start_paused = true)]
async fn operations_are_audited_and_hold_no_secrets() {
    let ((log, _guard), endpoint) = (listen(), operated([failing()]));
    let router = endpoint.router();
    let reason = "see https://bot:canary-token@tickets/7 password=canary-two";
    let body = json!({ "for": "2h", "reason": reason }).to_string();
    let muted = post(&router, "/health/checks/db/mute", &body).await;
    post(&router, "/health/checks/db/run", "").await;
    post(&router, "/health/checks/db/unmute", "").await;
    // These are not done.
    post(&router, "/health/checks/db/mute", r#"{"for":"canary-three"}"#).await;
    post(&router, "/health/checks/none/run", "").await;
    let text = log.text();
    let events: Vec<_> = text.lines().filter(|line| line.contains("health check operated by a caller")).collect();
    assert_eq!(events.len(), 3, "{text}");
    let common = ["WARN", "health_runtime::access:", "address=192.0.2.7", "caller=\"ada\"", "check=\"db\""];
    for (event, parts) in events.iter().zip([
        &["operation=\"mute\"", "until=\"20", "reason=\"see https://"][..],
        &["operation=\"run\""],
        &["operation=\"unmute\""],
    ]) {
        for part in common.iter().chain(parts) {
            assert!(event.contains(part), "{part}: {event}");
        }
    }
    assert!(!events[1].contains("until=") && !events[2].contains("reason="), "{events:?}");
    assert!(!text.contains("canary") && !muted.body.contains("canary"), "{text} {muted:?}");
    assert!(!get(&router, "/health/checks/db?format=html").await.body.contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn refused_operations_are_audited_like_others() {
    let ((log, _guard), endpoint) = (listen(), operated([failing()]));
    let router = endpoint.router();
    let guest = crate::service::user("guest", "guest");
    crate::service::send(&router, "POST", "/health/checks/db/mute", &[crate::service::JSON, (guest.0, &guest.1)], "")
        .await;
    let text = log.text();
    let event = text.lines().find(|line| line.contains("access refused")).expect("an event");
    for part in ["caller=\"guest\"", "method=\"POST\"", "route=\"operate\"", "reason=\"forbidden\"", "status=403"] {
        assert!(event.contains(part), "{part}: {event}");
    }
    assert_eq!(endpoint.refusals().forbidden, 1);
}

#[tokio::test(start_paused = true)]
async fn runs_count_against_the_limits_of_levels_and_mutes_do_not() {
    let limits = Limits::new().levels(Level::L3, 2, HOUR);
    let router = endpoint([failing()], Access::new().levels(Levels::ALL, operators()).limits(limits)).router();
    for _ in 0..5 {
        assert_eq!(post(&router, "/health/checks/db/unmute", "").await.status, 200);
    }
    for status in [200, 200, 429, 429] {
        assert_eq!(post(&router, "/health/checks/db/run", "").await.status, status);
    }
    assert_eq!(post(&router, "/health/checks/db/mute", r#"{"for":"1h","reason":"x"}"#).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn drained_service_is_still_operated() {
    let endpoint = operated([failing()]);
    let router = endpoint.router();
    endpoint.monitor().drain();
    assert_eq!(post(&router, "/health/checks/db/run", "").await.json()["status"], "fail");
    assert_eq!(post(&router, "/health/checks/db/mute", r#"{"for":"1h","reason":"x"}"#).await.status, 200);
    assert_eq!(get(&router, "/readyz").await.status, 503, "the drain stays");
}
