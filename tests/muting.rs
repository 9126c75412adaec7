//! Mutes: a muted check runs, is shown with its status, and counts for nothing until the mute expires.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{process::Command, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use health_runtime::{Check, Level, Monitor, Selection, ShowDetails, Status, testing::TestMonitor};
use health_tests::{builder, monitor};
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use serde_json::{Value, json};
use tower::ServiceExt;

const HOUR: Duration = Duration::from_hours(1);

fn failing(name: &str) -> Check {
    Check::new(name, Level::L3, || async { Err::<(), _>("it is down") }).readiness().max_age(24 * HOUR)
}

fn good(name: &str) -> Check {
    Check::new(name, Level::L3, || async {}).readiness().max_age(24 * HOUR)
}

async fn status(monitor: &Monitor) -> Status {
    monitor.report(&Selection::everything()).await.status()
}

/// Returns status code and body, without a socket, on a paused clock.
async fn ask(app: &Router, path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = app.clone().oneshot(request).await.expect("an answer");
    let code = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (code, String::from_utf8(body.to_vec()).expect("text"))
}

async fn ask_json(app: &Router, path: &str) -> (u16, Value) {
    let (code, body) = ask(app, path).await;
    (code, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test(start_paused = true)]
async fn muted_check_is_shown_and_counts_for_nothing() {
    let endpoint = builder([failing("billing"), good("db")]).details(ShowDetails::Always).build().expect("good");
    let app = endpoint.router();
    assert_eq!(ask(&app, "/readyz").await.0, 503);
    endpoint.monitor().mute("billing", HOUR, "they move, see http://user:secret@tickets/7").expect("a check");
    let line = line!() - 1;

    assert_eq!(ask(&app, "/readyz").await, (200, "ok".to_owned()));
    let (code, text) = ask(&app, "/readyz?verbose").await;
    assert_eq!((code, text.as_str()), (200, "[+]billing muted: failed: it is down\n[+]db ok\nreadyz check passed\n"));
    for path in ["/health/levels", "/health/levels/3", "/health/ready?format=json", "/health"] {
        let (code, body) = ask_json(&app, path).await;
        assert_eq!((code, &body["status"]), (200, &json!("pass")), "{path}");
    }
    assert_eq!(ask_json(&app, "/health").await.1["levels"]["level_3"], "pass");
    let body = ask_json(&app, "/health/levels").await.1;
    assert_eq!(body["level_3"]["status"], "pass");
    let billing = &body["level_3"]["checks"]["billing"];
    assert_eq!((&billing["status"], &billing["message"]), (&json!("fail"), &json!("it is down")));
    assert_eq!(billing["muted"]["reason"], "they move, see http://***@tickets/7");
    assert_eq!(billing["muted"]["caller"], format!("{}:{line}", file!()));
    let until = billing["muted"]["until"].as_str().expect("a time");
    assert!(until.starts_with("20") && until.ends_with('Z'), "{until}");
    assert!(body["level_3"]["checks"]["db"].get("muted").is_none());
    // The response for the single check shows its status, and counts for nothing either.
    assert_eq!(ask_json(&app, "/health/checks/billing").await.0, 200);
    assert_eq!(ask_json(&app, "/health/levels/3?view=values").await, (200, json!({ "billing": false, "db": true })));

    endpoint.monitor().unmute("billing").expect("a check");
    assert_eq!(ask(&app, "/readyz").await.0, 503);
    assert!(ask_json(&app, "/health/levels").await.1["level_3"]["checks"]["billing"].get("muted").is_none());
    endpoint.monitor().unmute("billing").expect("not muted is no error");
}

#[tokio::test(start_paused = true)]
async fn reason_and_origin_of_a_mute_are_details() {
    let endpoint = builder([failing("billing")]).build().expect("good");
    let app = endpoint.router();
    endpoint.monitor().mute("billing", HOUR, "secret reason").expect("a check");
    for path in ["/health/levels", "/health/checks/billing", "/readyz?verbose", "/health/ready?format=json"] {
        let (code, body) = ask(&app, path).await;
        assert!(code == 200 && !body.contains("secret") && !body.contains("muting.rs"), "{path}: {body}");
        assert!(body.contains("muted"), "{path}: {body}");
    }
    let billing = ask_json(&app, "/health/checks/billing").await.1;
    assert_eq!(billing["muted"].as_object().expect("an object").keys().collect::<Vec<_>>(), ["until"]);
}

/// Responses are cached for a day here, so only the end of the mute can outdate them.
#[tokio::test(start_paused = true)]
async fn expired_mute_outdates_cached_responses() {
    let endpoint = builder([failing("billing"), good("db")]).build().expect("good");
    let app = endpoint.router();
    let paths = ["/readyz", "/health/levels/3", "/health/levels", "/health/checks/billing"];
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 503);
    }
    endpoint.monitor().mute("billing", HOUR, "for a while").expect("a check");
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 200);
    }
    tokio::time::advance(Duration::from_millis(3_599_999)).await;
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 200);
    }
    tokio::time::advance(Duration::from_millis(1)).await;
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 503, "{path}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Mute(u64),
    Unmute,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![(0..50u64).prop_map(Step::Mute), Just(Step::Unmute), (0..50u64).prop_map(Step::Wait)];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    /// Cached responses show the mutes of the very millisecond of the request, at any times and durations of mutes.
    #[test]
    fn cached_responses_show_every_mute(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let endpoint = builder([failing("billing"), good("db")]).build().expect("good");
            let app = endpoint.router();
            let (mut now, mut muted_until) = (0, 0);
            for step in steps {
                match step {
                    Step::Mute(millis) => {
                        endpoint.monitor().mute("billing", Duration::from_millis(millis), "known").expect("a check");
                        muted_until = now + millis;
                    }
                    Step::Unmute => {
                        endpoint.monitor().unmute("billing").expect("a check");
                        muted_until = now;
                    }
                    Step::Wait(millis) => {
                        tokio::time::advance(Duration::from_millis(millis)).await;
                        now += millis;
                    }
                }
                for path in ["/readyz", "/health/levels/3"] {
                    assert_eq!(ask(&app, path).await.0, if now < muted_until { 200 } else { 503 }, "{path} at {now}");
                }
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn latest_mute_replaces_earlier_ones() {
    let kit = TestMonitor::with_checks([failing("billing")]);
    let mute = |time, why| kit.monitor().mute("billing", time, why).expect("a check");
    let everything = Selection::everything();
    mute(HOUR, "short");
    mute(3 * HOUR, "longer");
    kit.advance(2 * HOUR).await;
    kit.report(&everything).await.assert_status(Status::Pass);
    mute(Duration::ZERO, "no time at all");
    kit.report(&everything).await.assert_status(Status::Fail);
    mute(Duration::MAX, "the longest duration");
    let seen = kit.report(&everything).await;
    let mute = seen.report().entries()[0].muted.as_ref().expect("muted");
    assert!(mute.until().is_some() && mute.reason() == "the longest duration");
    seen.assert_status(Status::Pass).check("billing").assert_status(Status::Fail);
}

/// Planned maintenance of a database needs one mute, however many checks depend on it.
#[tokio::test(start_paused = true)]
async fn dependents_of_a_muted_check_count_for_nothing() {
    let checks = [failing("db"), good("orders").depends_on(["db"]), good("invoices").depends_on(["orders"])];
    let endpoint = builder(checks).details(ShowDetails::Always).build().expect("good");
    let app = endpoint.router();
    let paths = ["/readyz", "/health", "/health/levels", "/health/levels/3", "/health/checks/invoices"];
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 503, "{path}");
    }
    endpoint.monitor().mute("db", HOUR, "they move, see http://user:secret@tickets/7").expect("a check");
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 200, "{path}");
    }
    let text = ask(&app, "/readyz?verbose").await.1;
    assert!(text.contains("[+]invoices muted: failed (blocked): not run, because of orders"), "{text}");
    let body = ask_json(&app, "/health/levels").await.1;
    assert_eq!((&body["status"], &body["level_3"]["status"]), (&json!("pass"), &json!("pass")));
    let checks = &body["level_3"]["checks"];
    assert_eq!((&checks["orders"]["status"], &checks["orders"]["cause"]), (&json!("fail"), &json!("blocked")));
    for name in ["orders", "invoices"] {
        assert_eq!(checks[name]["muted"]["until"], checks["db"]["muted"]["until"], "{name}");
        assert_eq!(checks[name]["muted"]["reason"], "every check that blocks it is muted", "{name}");
    }
    let numbers = ask(&app, "/health/metrics").await.1;
    assert!(numbers.contains("health_check_muted{check=\"invoices\",level=\"3\"} 1"), "{numbers}");

    tokio::time::advance(HOUR).await;
    for path in paths {
        assert_eq!(ask(&app, path).await.0, 503, "{path} after the mute");
    }
}

/// A failure with another cause is not part of the maintenance.
#[tokio::test(start_paused = true)]
async fn dependents_blocked_by_another_check_as_well_count() {
    let kit = TestMonitor::with_checks([
        failing("db"),
        failing("queue").critical(false),
        good("orders").depends_on(["db", "queue"]),
        good("invoices").depends_on(["orders"]),
    ]);
    let everything = Selection::everything();
    kit.monitor().mute("db", HOUR, "known").expect("a check");
    let seen = kit.report(&everything).await;
    seen.assert_status(Status::Fail).check("orders").assert_cause("blocked").assert_muted(false);
    seen.check("invoices").assert_muted(false);
    kit.monitor().mute("queue", 2 * HOUR, "known").expect("a check");
    let seen = kit.report(&everything).await;
    seen.assert_status(Status::Pass).check("invoices").assert_muted(true);
    kit.monitor().unmute("db").expect("a check");
    kit.report(&everything).await.assert_status(Status::Fail);
}

#[tokio::test(start_paused = true)]
async fn changes_of_dependents_of_a_muted_check_are_muted() {
    let kit = TestMonitor::with_checks([
        failing("db"),
        good("orders").depends_on(["db"]),
        good("invoices").depends_on(["orders"]),
    ]);
    kit.monitor().mute("db", HOUR, "known").expect("a check");
    kit.report(&Selection::everything()).await;
    for name in ["orders", "invoices"] {
        let changes = kit.changes(name).await;
        assert!(changes.len() == 1 && changes[0].is_muted(), "{name}: {changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn changes_of_a_muted_check_are_marked() {
    let kit = TestMonitor::with_checks([failing("billing")]);
    kit.monitor().mute("billing", HOUR, "known").expect("a check");
    kit.run("billing").await.assert_muted(true).assert_changes([Status::Fail]);
    assert!(kit.changes("billing").await[0].is_muted());
}

#[test]
fn unknown_name_is_an_error() {
    let monitor = monitor([good("billing")]);
    let error = monitor.mute("bililng", HOUR, "a typo").expect_err("no such check");
    assert_eq!(error.to_string(), "there is no check named `bililng`; did you mean `billing`?");
    assert_eq!((error.name.as_str(), error.suggestion.as_deref()), ("bililng", Some("billing")));
    assert_eq!(monitor.unmute("x").expect_err("no such check").to_string(), "there is no check named `x`");
}

/// Starts itself again in another process, because environment variables belong to the whole process.
#[test]
fn operators_mute_at_start() {
    const LIST: &str = "billing,legacy=2h,unknown";
    if std::env::var("HEALTH_MUTE").as_deref() == Ok(LIST) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        return runtime.expect("a runtime").block_on(muted_from_outside());
    }
    let this = std::env::current_exe().expect("a program");
    let output = Command::new(this)
        .args(["--exact", "operators_mute_at_start"])
        .env("HEALTH_MUTE", LIST)
        .output()
        .expect("it runs");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}

async fn muted_from_outside() {
    use health_runtime::Endpoint;
    let builder = || Endpoint::builder().without_declared_checks().checks([failing("billing"), failing("legacy")]);
    let endpoint = builder().build().expect("good");
    let report = endpoint.monitor().report(&Selection::everything()).await;
    let [billing, legacy] = ["billing", "legacy"].map(|name| {
        let entry = report.entries().iter().find(|entry| entry.check.name() == name).expect("in the report");
        entry.muted.clone().expect("muted")
    });
    assert_eq!((billing.until(), billing.caller()), (None, "HEALTH_MUTE"));
    assert!(legacy.until().is_some());
    assert_eq!(report.status(), Status::Pass);
    let asked_not_to = builder().muted("").build().expect("good");
    assert_eq!(status(asked_not_to.monitor()).await, Status::Fail);
}
