//! A forged path hides no outage: a service that stops says so, and other callers run the check anew.

use std::time::Duration;

use health_tests::{get, get_with};
use serde_json::json;

use crate::graph::{Graph, MAX_AGE};

/// As long a path as `orders` goes on with, so that the services behind stop.
const FORGED: [(&str, &str); 1] = [("Health-Path", "a/1, b/2, c/3, d/4")];

/// Asks with a forged path whenever the results are old, and then by a local caller of this service.
async fn assert_outage_is_seen(graph: &Graph, seen_by: &str, asked: &str) {
    for round in 0..5 {
        tokio::time::sleep(MAX_AGE + Duration::from_millis(20)).await;
        get_with(graph["orders"].address, "/health/levels/1", &FORGED).await;
        let report = graph[seen_by].report().await.json();
        assert_eq!(report["level_3"]["checks"][asked]["status"], "fail", "{round}: {report:#}");
    }
}

#[tokio::test]
async fn forged_path_hides_no_outage() {
    for is_warm in [true, false] {
        let graph = Graph::start([("orders", &["billing"]), ("billing", &[])]).await;
        if is_warm {
            graph["orders"].becomes_healthy().await;
        }
        graph["billing"].set_db(false);
        assert_outage_is_seen(&graph, "orders", "billing").await;
    }
}

#[tokio::test]
async fn forged_path_hides_no_outage_two_hops_away() {
    for is_warm in [true, false] {
        let edges: [(_, &[_]); 3] = [("edge", &["orders"]), ("orders", &["billing"]), ("billing", &[])];
        let graph = Graph::start(edges).await;
        if is_warm {
            graph["edge"].becomes_healthy().await;
        }
        graph["billing"].set_db(false);
        assert_outage_is_seen(&graph, "edge", "orders").await;
    }
}

/// The forger joins nobody's run at the end of it: the local caller joins the forger's.
#[tokio::test]
async fn local_caller_that_joins_a_forged_run_sees_the_outage() {
    let graph = Graph::start([("orders", &["billing"]), ("billing", &[])]).await;
    graph["orders"].becomes_healthy().await;
    graph["billing"].set_db(false);
    for _ in 0..20 {
        tokio::time::sleep(MAX_AGE + Duration::from_millis(20)).await;
        let forged = get_with(graph["orders"].address, "/health/levels/1", &FORGED);
        let (_, local) = tokio::join!(forged, graph["orders"].report());
        assert_eq!(local.json()["level_3"]["checks"]["billing"]["status"], "fail");
    }
}

#[tokio::test]
async fn forged_path_records_nothing() {
    let address = |graph: &Graph| graph["orders"].address;
    let recorded = async |graph: &Graph| {
        let metrics = get(address(graph), "/health/metrics").await.body;
        let is_billing = |line: &&str| line.contains("check=\"billing\"") && line.starts_with("health_check_");
        let lines = metrics.lines().filter(is_billing).filter(|line| !line.contains("_age_"));
        let lines: Vec<_> = lines.map(ToOwned::to_owned).collect();
        (lines, graph["orders"].history("billing"))
    };
    for is_warm in [true, false] {
        let graph = Graph::start([("orders", &["billing"]), ("billing", &[])]).await;
        if is_warm {
            graph["orders"].becomes_healthy().await;
            graph["billing"].set_db(false);
            tokio::time::sleep(MAX_AGE + Duration::from_millis(20)).await;
            graph["orders"].becomes(|report| report["status"] == "fail").await;
        }
        // It mended itself, or never worked: the stored result of `billing` says the opposite, or nothing.
        graph["billing"].set_db(is_warm);
        let before = recorded(&graph).await;
        for _ in 0..3 {
            tokio::time::sleep(MAX_AGE + Duration::from_millis(20)).await;
            get_with(address(&graph), "/health/levels/1", &FORGED).await;
        }
        assert_eq!(recorded(&graph).await, before, "{is_warm}");
    }
}

/// The same path saves the work of requests as deep, and of those alone.
#[tokio::test]
async fn limited_result_counts_for_requests_as_deep() {
    let graph = Graph::start([("orders", &["billing"]), ("billing", &[])]).await;
    let ask = async |path: &str| {
        let answer = get_with(graph["orders"].address, "/health/levels/1", &[("Health-Path", path)]).await;
        (answer.header("health-limited") == "?1", graph.runs()[0])
    };
    assert_eq!(ask("a/1, b/2, c/3, d/4").await, (true, 1));
    assert_eq!(ask("e/1, f/2, g/3, h/4").await, (true, 1));
    assert_eq!(ask("a/1, b/2, c/3, d/4, e/5").await, (true, 1));
    // `billing` goes on now, and what it says holds for everybody.
    assert_eq!(ask("a/1").await, (false, 2));
    assert_eq!(ask("").await, (false, 2));
    assert_eq!(ask("a/1, b/2, c/3, d/4").await, (false, 2));
    let report = graph["orders"].report().await.json();
    assert_eq!(report["level_3"]["checks"]["billing"]["status"], json!("pass"));
}
