//! Disabled checks: shown everywhere, never run, without influence.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Cause, Check, CheckUpdate, Endpoint, Group, Level, Outcome, Selection, ShowDetails, Status};
use health_tests::{builder, get, serve};
use serde_json::json;

/// An endpoint with a disabled check that would fail, and one that depends on it.
fn endpoint(runs: &Arc<AtomicUsize>, show: ShowDetails) -> Endpoint {
    let runs = Arc::clone(runs);
    let legacy = Check::new("legacy", Level::L3, move || {
        runs.fetch_add(1, Ordering::Relaxed);
        async { Outcome::fail("it is down") }
    });
    let orders = Check::new("orders", Level::L3, || async {}).readiness().depends_on(["legacy"]);
    let overrides = "legacy.enabled=false, legacy.timeout=1s, orders.max_age=2s".parse().expect("settings");
    let legacy = legacy.readiness().startup().interval(Duration::from_millis(10)).depends_on(["broken"]);
    let broken = Check::new("broken", Level::L1, || async { Outcome::fail("it is broken") });
    builder([legacy, orders, broken]).overrides(overrides).details(show).build().expect("good")
}

#[tokio::test]
async fn disabled_check_is_shown_in_every_format_and_never_run() {
    let runs = Arc::default();
    let endpoint = endpoint(&runs, ShowDetails::Always);
    let address = serve(endpoint.router()).await;
    for path in ["/readyz", "/health/levels/3", "/health/startup", "/health/checks/legacy"] {
        assert_eq!(get(address, path).await.status, 200, "{path}");
    }
    let native = get(address, "/health/levels/3").await.json();
    let legacy = &native["level_3"]["checks"]["legacy"];
    assert_eq!((&legacy["status"], &legacy["cause"]), (&json!("pass"), &json!("disabled")));
    assert_eq!(legacy["message"], "disabled by `overrides`");
    assert_eq!(legacy["overridden"], json!(["enabled", "timeout"]));
    assert_eq!(native["level_3"]["checks"]["orders"]["overridden"], json!(["max_age"]));
    assert_eq!(get(address, "/health/levels/3?view=values").await.json(), json!({ "legacy": null, "orders": true }));

    let read = async |format: &str| get(address, &format!("/health/levels/3?format={format}")).await;
    let health = read("health%2Bjson").await.json();
    let legacy = &health["checks"]["legacy:responseTime"][0];
    assert_eq!((&legacy["cause"], &legacy["overridden"]), (&json!("disabled"), &json!(["enabled", "timeout"])));
    let actuator = read("actuator").await.json();
    let legacy = &actuator["components"]["legacy"];
    assert_eq!(legacy["status"], "UNKNOWN");
    assert_eq!(
        (&legacy["details"]["cause"], &legacy["details"]["overridden"]),
        (&json!("disabled"), &json!(["enabled", "timeout"]))
    );
    let microprofile = read("microprofile").await.json();
    assert_eq!(microprofile["checks"][0]["data"]["cause"], "disabled");
    assert_eq!(microprofile["checks"][0]["data"]["overridden"], "[\"enabled\",\"timeout\"]");
    let xml = read("xml").await.body;
    assert!(xml.contains("cause=\"disabled\"") && xml.contains("<overridden>timeout</overridden>"), "{xml}");
    let html = read("html").await.body;
    assert!(html.contains(">disabled</code>") && html.contains("enabled, timeout"), "{html}");
    let text = get(address, "/readyz?verbose").await.body;
    assert_eq!(text, "[+]legacy ok (disabled): disabled by `overrides`\n[+]orders ok\nreadyz check passed\n");

    let metrics = get(address, "/health/metrics").await.body;
    for line in [
        "health_check_disabled{check=\"legacy\",level=\"3\"} 1",
        "health_check_overridden{check=\"legacy\",level=\"3\",setting=\"timeout\"} 1",
        "health_check_overridden{check=\"orders\",level=\"3\",setting=\"max_age\"} 1",
        "health_check_info{check=\"legacy\",level=\"3\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("health_check_status{check=\"legacy\""), "{metrics}");
    assert!(!metrics.contains("health_check_age_seconds{check=\"legacy\""), "{metrics}");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn callers_without_details_see_that_a_check_is_disabled_and_nothing_else() {
    let endpoint = endpoint(&Arc::default(), ShowDetails::Never);
    let address = serve(endpoint.router()).await;
    let legacy = &get(address, "/health/levels/3").await.json()["level_3"]["checks"]["legacy"];
    assert_eq!(legacy["cause"], "disabled");
    assert!(legacy.get("overridden").is_none() && legacy.get("message").is_none(), "{legacy}");
    let metrics = get(address, "/health/metrics").await.body;
    assert!(metrics.contains("health_check_disabled{check=\"legacy\""), "{metrics}");
    assert!(!metrics.contains("health_check_overridden{"), "{metrics}");
}

/// The check on which it depends fails, and is not even run for it.
#[tokio::test]
async fn disabled_check_has_no_dependencies() {
    let endpoint = endpoint(&Arc::default(), ShowDetails::Always);
    let report = endpoint.monitor().report(&Selection::group(Group::Readiness)).await;
    assert_eq!(report.status(), Status::Pass);
    assert_eq!(report.result("legacy").and_then(|result| result.cause()), Some(&Cause::Disabled));
    let metrics = get(serve(endpoint.router()).await, "/health/metrics").await.body;
    assert!(metrics.contains("health_check_runs_total{check=\"broken\",level=\"1\",outcome=\"fail\"} 0"), "{metrics}");
}

#[tokio::test]
async fn response_with_a_disabled_check_is_stored() {
    let endpoint = endpoint(&Arc::default(), ShowDetails::Always);
    let address = serve(endpoint.router()).await;
    let since = async || get(address, "/health/checks/legacy").await.json()["since"].clone();
    let first = since().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(since().await, first, "its result does not age");
}

#[tokio::test]
async fn replaced_and_muted_check_stays_disabled() {
    let runs = Arc::default();
    let endpoint = endpoint(&runs, ShowDetails::Always);
    let monitor = endpoint.monitor();
    monitor.mute("legacy", Duration::from_mins(1), "known").expect("a check");
    monitor.unmute("legacy").expect("a check");
    let other = Check::new("legacy", Level::L3, || async { Outcome::fail("it is down") });
    monitor.update(CheckUpdate::new().replace(other)).expect("a good check");
    let report = monitor.report(&Selection::check("legacy")).await;
    assert_eq!(report.status(), Status::Pass);
    assert_eq!(report.result("legacy").and_then(|result| result.cause()), Some(&Cause::Disabled));
    assert_eq!(monitor.history("legacy").expect("a check").len(), 0, "nothing has changed");
}
