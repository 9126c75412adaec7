//! The rules and the routes of alerts.

use std::{process::Command, time::Duration};

use health_runtime::{Check, Level, Outcome, ShowDetails};
use health_tests::{ask, builder, endpoint, serve};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    array, root,
    servers::{Server, job},
    succeed, text,
};

#[test]
#[ignore = "needs prometheus: scripts/peers"]
fn alert_rules_pass_their_tests() {
    let folder = root().join("examples/deploy/prometheus");
    succeed(Command::new("promtool").args(["check", "config", "prometheus.yml"]).current_dir(&folder));
    succeed(Command::new("promtool").args(["test", "rules", "health.rules.test.yml"]).current_dir(&folder));
}

#[test]
#[ignore = "needs alertmanager: scripts/peers"]
fn alerts_are_routed_by_severity_and_owner() {
    let folder = root().join("examples/deploy/alertmanager");
    succeed(Command::new("amtool").args(["check-config", "alertmanager.yml"]).current_dir(&folder));
    let cases: [(&[&str], &str); 4] = [
        (&["severity=page", "owner=payments"], "payments"),
        (&["severity=page", "owner=somebody"], "pager"),
        (&["severity=page"], "pager"),
        (&["severity=ticket", "owner=payments"], "tickets"),
    ];
    for (labels, receiver) in cases {
        let mut command = Command::new("amtool");
        command.args(["config", "routes", "test", "--config.file=alertmanager.yml"]).args(labels).current_dir(&folder);
        assert_eq!(succeed(&mut command).trim(), receiver, "{labels:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus: scripts/peers"]
async fn prometheus_scrapes_and_alerts() {
    let endpoint = endpoint([
        Check::new("db", Level::L1, || async { true }).readiness(),
        Check::new("billing:eu \"é\\\u{1f4a5}", Level::L3, || async { Outcome::fail("no") }).readiness(),
        Check::new("partner", Level::L3, || async { Outcome::fail("no") }).critical(false).readiness(),
        Check::new("legacy", Level::L4, || async { false }).readiness(),
        Check::new("never_asked", Level::L2, || async { true }),
    ]);
    endpoint.monitor().mute("legacy", Duration::from_hours(1), "they know").expect("a check");
    let address = serve(endpoint.router()).await;
    assert_eq!(ask(endpoint.router(), "/readyz", &[]).await.status, 503);
    let (negotiated, mut older) = (job("negotiated", &[address]), job("older", &[address]));
    older["params"] = json!({ "format": ["prometheus"] });
    let server = Server::prometheus(json!([negotiated, older]), None);

    let statuses = server.until("health_check_status == 1", |found| found.len() == 8).await;
    for job in ["negotiated", "older"] {
        let mut of_job: Vec<_> = statuses
            .iter()
            .filter(|(metric, _)| metric["job"] == job)
            .map(|(metric, _)| ["check", "level", "health_check_status"].map(|label| text(&metric[label])))
            .collect();
        of_job.sort_unstable();
        let expected = [
            ["billing:eu \"é\\\u{1f4a5}", "3", "fail"],
            ["db", "1", "pass"],
            ["legacy", "4", "fail"],
            ["partner", "3", "warn"],
        ];
        assert_eq!(of_job, expected, "{job}");
    }
    assert_eq!(server.query("up == 1").await.len(), 2, "a scrape is answered with 200 although checks fail");
    assert!(server.query("health_check_age_seconds{check='never_asked'}").await.is_empty());
    assert_eq!(server.query("health_check_runs_total{check='never_asked'} == 0").await.len(), 10);

    let firing = |name: &str| format!("ALERTS{{alertname='{name}',alertstate='firing',job='negotiated'}}");
    let failing = server.until_any(&firing("HealthCheckFailing")).await;
    let checks: Vec<_> = failing.iter().map(|(metric, _)| text(&metric["check"])).collect();
    // The one that is muted alarms nobody.
    assert_eq!(checks, ["billing:eu \"é\\\u{1f4a5}"]);
    let warning = server.until_any(&firing("HealthCheckWarning")).await;
    assert_eq!(warning[0].0["check"], "partner");
}

/// Returns the state of each alert in Alertmanager, as name, service, check and state.
fn states(alerts: &Value) -> Vec<[&str; 4]> {
    let mut states: Vec<_> = array(alerts)
        .iter()
        .map(|alert| {
            let [name, service, check] =
                ["alertname", "service", "check"].map(|label| alert["labels"][label].as_str().unwrap_or_default());
            [name, service, check, text(&alert["status"]["state"])]
        })
        .collect();
    states.sort_unstable();
    states.dedup();
    states
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs alertmanager and prometheus: scripts/peers"]
async fn root_cause_silences_the_checks_that_it_blocks() {
    let checks = || {
        [
            Check::new("db", Level::L1, || async { false }).owner("payments"),
            Check::new("orders", Level::L3, || async {}).depends_on(["db"]),
            Check::new("edge", Level::L4, || async {}).depends_on(["orders"]),
            // Its failure is a warning alone, so that the checks that it blocks alarm.
            Check::new("cache", Level::L2, || async { false }).critical(false),
            Check::new("catalog", Level::L3, || async {}).depends_on(["cache"]),
        ]
    };
    let mut instances = Vec::new();
    for details in [ShowDetails::Always, ShowDetails::Never, ShowDetails::Always, ShowDetails::Always] {
        let endpoint = builder(checks()).details(details).build().expect("good");
        assert_eq!(ask(endpoint.router(), "/health/levels", &[]).await.status, 503);
        instances.push(serve(endpoint.router()).await);
    }
    let alertmanager = Server::alertmanager();
    let jobs = json!([job("single", &instances[..1]), job("hidden", &instances[1..2]), job("fleet", &instances[2..])]);
    let prometheus = Server::prometheus(jobs, Some(&alertmanager));
    prometheus.until_any("ALERTS{alertname='HealthCheckFailingWidely',alertstate='firing'}").await;

    let expected = [
        ["HealthCheckBlocked", "fleet", "catalog", "active"],
        ["HealthCheckBlocked", "fleet", "edge", "suppressed"],
        ["HealthCheckBlocked", "fleet", "orders", "suppressed"],
        // Without the name of the root cause, every blocked check of the instance waits for the one that fails.
        ["HealthCheckBlocked", "hidden", "catalog", "suppressed"],
        ["HealthCheckBlocked", "hidden", "edge", "suppressed"],
        ["HealthCheckBlocked", "hidden", "orders", "suppressed"],
        ["HealthCheckBlocked", "single", "catalog", "active"],
        ["HealthCheckBlocked", "single", "edge", "suppressed"],
        ["HealthCheckBlocked", "single", "orders", "suppressed"],
        ["HealthCheckFailing", "fleet", "db", "suppressed"],
        ["HealthCheckFailing", "hidden", "db", "active"],
        ["HealthCheckFailing", "single", "db", "active"],
        ["HealthCheckFailingWidely", "fleet", "db", "active"],
        ["HealthCheckWarning", "fleet", "cache", "active"],
        ["HealthCheckWarning", "hidden", "cache", "active"],
        ["HealthCheckWarning", "single", "cache", "active"],
    ];
    let mut last = Value::Null;
    for _ in 0..120 {
        last = alertmanager.get("/api/v2/alerts").await.unwrap_or_else(|| json!([]));
        if states(&last) == expected {
            break;
        }
        sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(states(&last), expected);
    // The owner comes along, except from the instance that shows no details.
    let receiver = |service: &str| {
        let is_it = |alert: &&Value| alert["labels"]["service"] == service && alert["labels"]["check"] == "db";
        array(&last).iter().find(is_it).map(|alert| text(&alert["receivers"][0]["name"]))
    };
    assert_eq!(["single", "fleet", "hidden"].map(receiver), [Some("payments"), Some("payments"), Some("pager")]);
}
