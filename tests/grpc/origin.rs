//! Metadata of requests from other services: the same headers as over HTTP.

use std::{
    future::{pending, ready},
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{Check, GrpcHealth, Level, outgoing_headers};
use health_tests::endpoint;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status, codegen::http::HeaderMap};
use tonic_health::pb::{HealthCheckResponse, health_check_response::ServingStatus, health_client::HealthClient};

use super::asking;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Health with a check that asks another service, and the headers that each of its runs took.
fn asking_health() -> (GrpcHealth, Arc<Mutex<Vec<HeaderMap>>>) {
    let taken = Arc::<Mutex<Vec<HeaderMap>>>::default();
    let kept = Arc::clone(&taken);
    let asks = Check::new("asks", Level::L3, move || {
        kept.lock().expect("no panic").push(outgoing_headers());
        ready(())
    });
    (GrpcHealth::new(&endpoint([asks.max_age(Duration::ZERO)])), taken)
}

async fn check_with(
    health: &GrpcHealth,
    service: &str,
    metadata: &[(&'static str, &'static str)],
) -> Result<Response<HealthCheckResponse>, Status> {
    let mut request = Request::new(asking(service));
    for (name, value) in metadata {
        request.metadata_mut().append(*name, value.parse().expect("metadata"));
    }
    HealthClient::new(health.clone()).check(request).await
}

#[tokio::test]
async fn run_sends_the_metadata_of_its_request_on() {
    let (health, taken) = asking_health();
    let metadata = [
        ("health-path", "shop/1;level=1"),
        ("health-path", "cart/2"),
        ("health-budget", "900"),
        ("traceparent", TRACE),
        ("tracestate", "rojo=00f067aa0ba902b7"),
    ];
    let answer = check_with(&health, "asks", &metadata).await.expect("an answer");
    assert_eq!(answer.get_ref().status(), ServingStatus::Serving);
    assert!(answer.metadata().get("health-limited").is_none());
    let taken = taken.lock().expect("no panic");
    let value = |name: &str| taken[0].get(name).expect("a header").to_str().expect("text");
    assert!(value("health-path").starts_with("shop/1;level=1, cart/2, "), "{taken:?}");
    assert_eq!((value("traceparent"), value("tracestate")), (TRACE, "rojo=00f067aa0ba902b7"));
    // The run belongs to all callers, so the budget of one does not shorten it.
    assert!((4_000..=4_900).contains(&value("health-budget").parse::<u32>().expect("a number")), "{taken:?}");
}

#[tokio::test]
async fn deep_path_runs_nothing_and_limits_the_answer() {
    let (health, taken) = asking_health();
    let answer = check_with(&health, "asks", &[("health-path", "a/1, b/2, c/3, d/4, e/5")]).await.expect("an answer");
    assert_eq!(answer.metadata().get("health-limited").expect("metadata"), "?1");
    assert!(taken.lock().expect("no panic").is_empty());
    let answer = check_with(&health, "asks", &[("health-path", "a/1, b/2, c/3, d/4")]).await.expect("an answer");
    assert!(answer.metadata().get("health-limited").is_none());
    assert_eq!(taken.lock().expect("no panic").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn budget_shortens_the_answer() {
    let health = GrpcHealth::new(&endpoint([Check::new("hung", Level::L3, pending::<()>)]));
    let start = Instant::now();
    let answer = check_with(&health, "hung", &[("health-budget", "40")]).await.expect("an answer");
    assert_eq!(answer.get_ref().status(), ServingStatus::NotServing);
    assert_eq!(start.elapsed(), Duration::from_millis(40));
}

#[tokio::test]
async fn malformed_metadata_is_refused() {
    let (health, taken) = asking_health();
    for (name, value, message) in [
        ("health-path", "a b", "element 1 of `Health-Path` is not valid; write for example `orders/7f3a;level=3`"),
        ("health-budget", "soon", "`Health-Budget` is not a valid number of milliseconds; write for example `900`"),
    ] {
        let status = check_with(&health, "asks", &[(name, value)]).await.expect_err("a refusal");
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, message));
    }
    assert!(taken.lock().expect("no panic").is_empty());
}
