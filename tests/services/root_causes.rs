//! Root causes across services: named where they are seen, and gone with their cause.

use std::path::Path;

use health_runtime::{BuildMetadata, Check, Level, ReportFormat, Selection, ShowDetails, Status, probes};
use health_tests::{builder, get, monitor, serve};
use serde_json::{Value, json};

use crate::{
    graph::{Graph, MAX_AGE},
    server::{Server, answer},
};

#[tokio::test]
async fn edge_names_a_database_three_hops_away() {
    let edges: [(_, &[_]); 4] =
        [("edge", &["orders"]), ("orders", &["billing"]), ("billing", &["ledger"]), ("ledger", &[])];
    let graph = Graph::start(edges).await;
    graph["edge"].becomes_healthy().await;
    graph["ledger"].set_db(false);
    let named = |report: &Value| report["root_causes"] == json!(["orders/billing/ledger/db"]);
    let report = graph["edge"].becomes(named).await;
    let check = &report["level_3"]["checks"]["orders"];
    assert_eq!((&check["status"], &check["root_causes"]), (&json!("fail"), &json!(["orders/billing/ledger/db"])));

    let overview = get(graph["edge"].address, "/health").await.json();
    assert_eq!(overview["root_causes"], json!(["orders/billing/ledger/db"]));
    assert_eq!(overview["failing"]["orders"]["root_causes"], json!(["orders/billing/ledger/db"]));
    let text = get(graph["edge"].address, "/health/levels/3?format=text").await;
    assert!(text.body.contains("[-]orders failed because of orders/billing/ledger/db\n"), "{text:?}");

    for (format, part) in [
        ("xml", "<rootCause>orders/billing/ledger/db</rootCause></check>"),
        ("xml", "<rootCause>orders/billing/ledger/db</rootCause></health>"),
        ("health%2Bjson", r#""root_causes":["orders/billing/ledger/db"]"#),
        ("microprofile", r#""root_causes":"[\"orders/billing/ledger/db\"]""#),
        ("html", "orders/billing/ledger/db"),
    ] {
        let answer = get(graph["edge"].address, &format!("/health/levels/3?format={format}")).await;
        assert!(answer.body.contains(part), "{format}: {answer:?}");
    }

    graph["ledger"].set_db(true);
    graph["edge"].becomes_healthy().await;
}

/// The check at fault is the one that blocks, whether it is critical or not.
#[tokio::test]
async fn blocked_checks_are_not_root_causes() {
    let billing = Check::new("billing", Level::L3, || async { false }).critical(false);
    let invoices = Check::new("invoices", Level::L3, || async { true }).depends_on(["billing"]);
    let ready = Check::new("ready", Level::L4, || async { true }).depends_on(["billing"]).readiness();
    let endpoint = builder([billing, invoices, ready]).build_info(BuildMetadata::new("orders", "1"));
    let address = serve(endpoint.build().expect("a good endpoint").router()).await;
    assert_eq!(get(address, "/health/levels/1").await.json()["root_causes"], json!(["billing"]));
    let group = get(address, "/readyz?format=json").await.json();
    assert_eq!(group["root_causes"], json!(["ready"]), "`billing` is not in the group");
}

#[tokio::test]
async fn mended_fault_does_not_go_round_in_a_loop() {
    let edges: [(_, &[_]); 3] = [("a", &["b"]), ("b", &["a", "c"]), ("c", &[])];
    let graph = Graph::start(edges).await;
    graph["c"].set_db(false);
    graph["a"].becomes(|report| report["root_causes"] == json!(["b/c/db"])).await;
    // The check of `a` goes through `b` itself, so it passes.
    let report = graph["b"].becomes(|report| report["root_causes"] == json!(["c/db"])).await;
    assert_eq!(report["level_3"]["checks"]["a"]["status"], "pass");
    graph["c"].set_db(true);
    graph["a"].becomes_healthy().await;
    graph["b"].becomes_healthy().await;
}

#[tokio::test]
async fn own_fault_does_not_come_back_through_another_service() {
    let graph = Graph::start([("a", &["b"]), ("b", &["a"])]).await;
    graph["a"].set_db(false);
    graph["b"].becomes(|report| report["root_causes"] == json!(["a/db"])).await;
    for _ in 0..5 {
        let report = graph["a"].becomes(|report| report["level_3"]["checks"]["b"]["status"] == "pass").await;
        assert_eq!(report["root_causes"], json!(["db"]));
        tokio::time::sleep(MAX_AGE).await;
    }
    graph["a"].set_db(true);
    graph["b"].becomes_healthy().await;
}

#[tokio::test]
async fn dead_service_is_its_own_root_cause() {
    let refused = probes::service("http://127.0.0.1:1").name("billing");
    let endpoint = builder([refused.into()]).build_info(BuildMetadata::new("orders", "1"));
    let address = serve(endpoint.build().expect("a good endpoint").router()).await;
    let report = get(address, "/health/levels/1").await.json();
    assert_eq!(report["root_causes"], json!(["billing"]));
    assert_eq!(report["level_3"]["checks"]["billing"].get("root_causes"), None);
}

#[tokio::test]
async fn draining_service_names_its_cause() {
    let orders = Check::new("db", Level::L5, || async { true }).readiness();
    let endpoint = builder([orders]).build_info(BuildMetadata::new("orders", "1"));
    let endpoint = endpoint.build().expect("a good endpoint");
    endpoint.monitor().drain();
    let address = serve(endpoint.router()).await;
    let report = get(address, "/readyz?format=json").await.json();
    assert_eq!(report["root_causes"], json!(["draining"]));
}

/// Names that a service shows to this caller alone are not for the callers of this service.
#[tokio::test]
async fn root_causes_learned_with_credentials_are_details() {
    let graph = Graph::start([("billing", &[])]).await;
    graph["billing"].set_db(false);
    let url = format!("http://{}", graph["billing"].address);
    let probe = |name| probes::service(&url).remote_level(Level::L1).name(name);
    let with_token = probe("with_token").header("authorization", "Bearer t");
    let monitor = monitor([probe("open").into(), with_token.into()]);
    let report = monitor.report(&Selection::everything()).await;
    let shown = |details| {
        let bytes = report.render(ReportFormat::Json, details);
        let report: Value = serde_json::from_slice(&bytes).expect("JSON");
        ["open", "with_token"].map(|name| report["level_3"]["checks"][name]["root_causes"].clone())
    };
    assert_eq!(shown(ShowDetails::Always), [json!(["billing/db"]), json!(["billing/db"])]);
    assert_eq!(shown(ShowDetails::Never), [json!(["billing/db"]), Value::Null]);
}

/// Two programs may be `/app/server`: the other one's failure is news.
#[tokio::test]
async fn failure_of_a_service_with_the_same_program_name_counts() {
    let path = std::env::args().next().expect("a path").leak();
    let program = Path::new(path).file_stem().and_then(|name| name.to_str()).expect("a name");
    let body = format!(r#"{{"status":"fail","service":"billing","root_causes":["{program}/db"],"checks":{{}}}}"#);
    let body = answer("503 Service Unavailable", &body).replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1);
    let server = Server::answering(body).await;
    let check = || probes::service(server.url("")).level(Level::L1).name("billing");
    let nameless = monitor([check().into()]).report(&Selection::everything()).await;
    assert_eq!(nameless.status(), Status::Fail, "{nameless:?}");

    let endpoint = builder([check().into()]).build_info(BuildMetadata::new(program, "1"));
    let named = endpoint.build().expect("a good endpoint");
    assert_eq!(named.monitor().report(&Selection::everything()).await.status(), Status::Pass, "its own failure");
}
