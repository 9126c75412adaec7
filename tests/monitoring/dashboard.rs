//! The dashboard: valid by Grafana's schemas, and each of its queries has a result where data exist.

use std::{collections::BTreeSet, process::Command, time::Duration};

use health_runtime::{
    BuildMetadata, Check, Forced, Level, Levels,
    access::{Access, public},
};
use health_tests::{ask, builder, serve};
use serde_json::{Value, json};

use super::{
    array, deploy, root,
    servers::{Server, encoded, job},
    succeed, text, yaml,
};

const FILE: &str = "grafana/health.json";

fn dashboard() -> Value {
    serde_json::from_str(&deploy(FILE)).expect("JSON")
}

#[test]
#[ignore = "needs grafana: scripts/peers"]
fn dashboard_is_valid_by_the_schemas_of_grafana() {
    let mut command = Command::new(root().join("target/peers/venv/bin/python"));
    command.arg(root().join("tests/peers/dashboard.py")).arg(root().join("examples/deploy").join(FILE));
    let panels = succeed(&mut command);
    assert_eq!(panels.trim(), array(&dashboard()["panels"]).len().to_string());
}

#[test]
fn panels_of_the_dashboard_do_not_overlap() {
    let mut taken = BTreeSet::new();
    for panel in array(&dashboard()["panels"]) {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().expect("a number"));
        assert!(x + w <= 24, "{panel}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{panel} lies on another one");
        }
    }
}

/// Fills in the variables, as Grafana does when all of their values are selected.
fn filled_in(query: &str) -> String {
    let query = ["service", "level", "check", "instance"]
        .iter()
        .fold(query.to_owned(), |query, name| query.replace(&format!("${name}"), ".*"));
    let query = query.replace("$__rate_interval", "5s");
    assert!(!query.contains('$'), "{query}");
    query
}

/// Serves two instances of a service in which every state occurs, and scrapes them.
async fn scene() -> Server {
    let mut instances = Vec::new();
    for _ in 0..2 {
        let checks = [
            Check::new("db", Level::L1, || async { false })
                .display("Orders database")
                .owner("payments")
                .runbook("https://wiki.example.com/db"),
            Check::new("orders", Level::L3, || async {}).depends_on(["db"]),
            Check::new("partner", Level::L3, || async { false }).critical(false),
            Check::new("legacy", Level::L4, || async { false }),
            Check::new("retired", Level::L4, || async { false }),
            Check::new("practised", Level::L4, || async {}),
            Check::new("busy", Level::L5, || async {}).interval(Duration::from_secs(1)),
        ];
        let overrides = "retired.enabled=false".parse().expect("settings");
        let access = Access::new().levels(Levels::ALL, public().with_details());
        let endpoint = builder(checks).access(access).build_info(BuildMetadata::new("orders", "1.4.0"));
        let endpoint = endpoint.overrides(overrides).build().expect("good");
        endpoint.monitor().mute("legacy", Duration::from_hours(1), "they know").expect("a check");
        endpoint.monitor().drill("practised", Forced::fail("practice"), Duration::from_hours(1)).expect("a drill");
        assert_eq!(ask(endpoint.router(), "/health/levels", &[]).await.status, 503);
        instances.push(serve(endpoint.router()).await);
    }
    let server = Server::prometheus(json!([job("orders", &instances)]), None);
    server.until_any("ALERTS{alertname='HealthCheckFailingWidely',alertstate='firing'}").await;
    server
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus: scripts/peers"]
async fn every_query_of_the_dashboard_and_of_the_rules_has_a_result() {
    let server = scene().await;
    let dashboard = dashboard();
    let mut queries = Vec::new();
    for panel in array(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row") {
        queries.extend(array(&panel["targets"]).iter().map(|target| filled_in(text(&target["expr"]))));
    }
    queries.extend(array(&dashboard["annotations"]["list"]).iter().map(|found| filled_in(text(&found["expr"]))));
    assert!(queries.len() > 20, "{queries:?}");
    for query in &queries {
        // A quotient of counters that stand still is not a number; one check runs each second.
        server.until(query, |found| found.iter().any(|(_, value)| value != "NaN")).await;
    }

    for variable in array(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "query") {
        let query = filled_in(text(&variable["query"]["query"]));
        let values = query.strip_prefix("label_values(").and_then(|query| query.strip_suffix(')'));
        let (series, label) = values.and_then(|values| values.rsplit_once(", ")).expect("the values of a label");
        let path = format!("/api/v1/label/{label}/values?match%5B%5D={}", encoded(series));
        let values = server.get(&path).await.expect("an answer");
        assert!(!array(&values["data"]).is_empty(), "{query}: {values}");
    }

    // An alert that does not fire has no result, so its metrics have to exist.
    let mut names = BTreeSet::new();
    for file in ["prometheus/health.recording.yml", "prometheus/health.rules.yml"] {
        for rule in array(&yaml(file)[0]["groups"][0]["rules"]) {
            let expression = text(&rule["expr"]);
            let words = expression.split(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '_' | ':'));
            names.extend(words.filter(|word| word.contains("health_")).map(ToOwned::to_owned));
            if let Some(record) = rule["record"].as_str() {
                names.insert(record.to_owned());
            } else {
                server.query(expression).await;
            }
        }
    }
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        server.until_any(&name).await;
    }
    let broken = server.query("ALERTS{alertname='HealthCheckFailing', check='orders'}").await;
    assert!(broken.is_empty(), "a blocked check does not fail by itself: {broken:?}");
    let rules = server.get("/api/v1/rules").await.expect("an answer");
    for rule in array(&rules["data"]["groups"]).iter().flat_map(|group| array(&group["rules"])) {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
}
