//! The sample report, made by probes alone.

use std::time::Duration;

use axum::Router;
use health_runtime::{Check, ShowDetails, ask, probes};
use health_tests::{builder, get, serve};
use serde_json::json;
use sqlx::sqlite::SqlitePoolOptions;

use super::server::{Server, answer};

#[tokio::test]
async fn probes_make_the_sample_report() {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a pool");
    let sick = Server::answering(answer("503 Service Unavailable", "")).await;
    let slow = Server::endless("HTTP/1.1 200 OK\r\n\r\n", vec![7; 1024], Duration::from_millis(20)).await.0;
    let checks: Vec<Check> = vec![
        probes::sqlite(ask!(sqlx: pool)).into(),
        probes::logging().into(),
        probes::disk("/").into(),
        probes::memory().into(),
        probes::http(sick.url("/")).name("are_supporting_microservices_healthy").into(),
        probes::bandwidth(slow.url("/"), u64::MAX).time_limit(Duration::from_millis(200)).into(),
    ];
    let endpoint = builder(checks).details(ShowDetails::Always).build().expect("a good endpoint");
    let address = serve(Router::new().merge(endpoint.router())).await;
    let report = get(address, "/health/levels?view=values").await.json();

    assert_eq!(report["level_1"]["db"], json!({ "is_db_online": true, "is_db_writeable": true }));
    assert!(report["level_1"]["is_logging_enabled"].is_boolean(), "{report}");
    assert!(report["level_1"]["storage"]["total"].is_string(), "{report}");
    assert!(report["level_2"]["%_ram_used"].is_number() && report["level_2"]["gb_ram_used"].is_number(), "{report}");
    assert_eq!(report["level_3"], json!({ "are_supporting_microservices_healthy": false }));
    assert_eq!(report["level_4"]["is_bandwidth_sufficient"], json!(false));
    assert_eq!(report["level_4"].as_object().map(serde_json::Map::len), Some(2));
}
