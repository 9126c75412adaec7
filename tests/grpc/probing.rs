//! `probes::grpc`: this crate's service, tonic's and Python's, and servers that refuse, freeze, or know nothing.

use std::{
    future::pending,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{Check, GrpcHealth, Level, Outcome, Status, probes};
use health_tests::endpoint;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};
use tonic::{
    codegen::http,
    service::{Routes, interceptor::InterceptedService},
    transport::Channel,
};
use tonic_health::{ServingStatus, server::health_reporter};

use super::{Switch, serving::start};

const SHORT_TIMEOUT: Duration = Duration::from_millis(300);

/// A channel that connects when it is asked.
fn channel(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy()
}

fn assert_fails(outcome: &Outcome, message: &str) {
    assert_eq!((outcome.status(), outcome.message()), (Status::Fail, Some(message)));
}

#[tokio::test]
async fn own_service_is_asked_for_readiness_and_checks() {
    let switch = Switch::default();
    let pending = Check::new("slow", Level::L3, pending::<bool>).interval(Duration::from_mins(1));
    let endpoint = endpoint([switch.check("db", Level::L1).max_age(Duration::ZERO).readiness(), pending]);
    let (address, _) = start(Routes::new(GrpcHealth::new(&endpoint)), std::future::pending());
    let ask = async |service: &str| probes::grpc(channel(address), service).observe().await;
    assert_eq!(ask("").await, Outcome::pass());
    assert_eq!(ask("db").await, Outcome::pass());
    assert_fails(&ask("slow").await, "`slow` reports UNKNOWN: the server has no status of it yet");
    assert_fails(&ask("nobody").await, "the server does not know the service `nobody`");
    switch.turn(false);
    assert_fails(&ask("").await, "the server reports NOT_SERVING");
    assert_fails(&ask("db").await, "`db` reports NOT_SERVING");
}

#[tokio::test]
async fn service_of_tonic_is_asked() {
    let (reporter, service) = health_reporter();
    reporter.set_service_status("orders", ServingStatus::NotServing).await;
    let (address, _) = start(Routes::new(service), pending());
    let probe = probes::grpc(channel(address), "orders");
    assert_fails(&probe.observe().await, "`orders` reports NOT_SERVING");
    reporter.set_service_status("orders", ServingStatus::Serving).await;
    assert_eq!(probe.observe().await, Outcome::pass());
    reporter.set_service_status("orders", ServingStatus::Unknown).await;
    assert_fails(&probe.observe().await, "`orders` reports UNKNOWN: the server has no status of it yet");
}

#[tokio::test]
async fn server_without_a_health_service_is_named() {
    let (address, _) = start(Routes::default(), pending());
    let outcome = probes::grpc(channel(address), "").observe().await;
    assert_fails(&outcome, "the server has no health service; register `grpc.health.v1.Health` there");
}

#[tokio::test]
async fn refused_connection_is_named_and_the_channel_recovers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let probe = probes::grpc(channel(address), "");
    let outcome = probe.observe().await;
    let message = outcome.message().unwrap_or_default();
    assert!(message.starts_with("the server is not available: tcp connect error: Connection refused"), "{message}");

    let health = GrpcHealth::new(&endpoint([]));
    let router = axum::Router::new().route_service("/grpc.health.v1.Health/{*method}", health);
    let listener = TcpListener::bind(address).await.expect("the port is free");
    tokio::spawn(async { axum::serve(listener, router).await });
    assert_eq!(probe.observe().await, Outcome::pass());
}

#[tokio::test]
async fn frozen_server_fails_at_the_deadline() {
    // The kernel accepts, and nobody else does.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let channel = channel(listener.local_addr().expect("an address"));
    let probe = probes::grpc(channel, "").timeout(SHORT_TIMEOUT);
    for _ in 0..2 {
        assert_fails(&probe.observe().await, "no answer came within 270ms");
    }
}

#[tokio::test]
async fn shorter_timeout_of_the_channel_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
    let channel = channel.timeout(Duration::from_millis(50)).connect_lazy();
    let outcome = probes::grpc(channel, "").observe().await;
    assert_fails(&outcome, "a shorter timeout than that of the check ended the request: Timeout expired");
}

#[tokio::test]
async fn deadline_is_sent_to_the_server() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let headers = Arc::clone(&sent);
    let server = tower::service_fn(move |request: http::Request<tonic::body::Body>| {
        let timeout = request.headers()["grpc-timeout"].to_str().expect("text").to_owned();
        headers.lock().expect("no panic").push((request.uri().path().to_owned(), timeout));
        pending::<Result<http::Response<tonic::body::Body>, std::convert::Infallible>>()
    });
    let outcome = probes::grpc(server, "").timeout(SHORT_TIMEOUT).observe().await;
    assert_fails(&outcome, "no answer came within 270ms");
    let sent = sent.lock().expect("no panic").clone();
    let [(path, timeout)] = sent.as_slice() else { panic!("one request: {sent:?}") };
    assert_eq!(path, "/grpc.health.v1.Health/Check");
    let (number, unit) = timeout.split_at(timeout.len() - 1);
    let number: u64 = number.parse().expect("a number");
    let nanos = number * if unit == "n" { 1 } else { 1_000 };
    assert!(["n", "u"].contains(&unit) && (200_000_000..=270_000_000).contains(&nanos), "{timeout}");
}

#[tokio::test]
async fn refusals_and_errors_are_told_apart_and_masked() {
    let health = GrpcHealth::new(&endpoint([]));
    let observe = async |status: tonic::Status| {
        let server = InterceptedService::new(health.clone(), move |_| Err(status.clone()));
        probes::grpc(server, "").observe().await
    };
    let outcome = observe(tonic::Status::unauthenticated("no token")).await;
    assert_fails(
        &outcome,
        "the server refuses the request (no token); send credentials by an interceptor on the channel",
    );
    let outcome = observe(tonic::Status::permission_denied("")).await;
    assert!(
        outcome.message().is_some_and(|text| text.starts_with("the server refuses the request (The caller")),
        "{outcome:?}"
    );
    assert_fails(
        &observe(tonic::Status::unavailable("shutting down")).await,
        "the server is not available: shutting down",
    );
    assert_fails(&observe(tonic::Status::cancelled("by hand")).await, "the server answered Cancelled: by hand");
    let outcome = observe(tonic::Status::internal("cannot reach postgres://orders:hunter2@db/orders")).await;
    let message = outcome.message().unwrap_or_default();
    assert!(message.starts_with("the server answered Internal: cannot reach postgres://"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn grpc_probe_is_a_check_at_level_3_named_after_the_service() {
    let health = GrpcHealth::new(&endpoint([]));
    for (service, name) in [("", "grpc"), ("billing.v1.Invoices", "grpc_billing.v1.Invoices")] {
        let check = Check::from(probes::grpc(health.clone(), service));
        assert_eq!((check.spec().name(), check.spec().level()), (name, Level::L3));
        assert!(check.spec().location().file().ends_with("probing.rs"), "{}", check.spec().location());
    }
}

/// `tests/peers/grpc_server.py` with its address, which ends with the test.
async fn python_server() -> (Child, SocketAddr) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut process = Command::new(root.join("target/peers/venv/bin/python"))
        .arg(root.join("tests/peers/grpc_server.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/peers has installed it");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let port = lines.next_line().await.expect("text").expect("a port").parse().expect("a number");
    (process, SocketAddr::from(([127, 0, 0, 1], port)))
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "needs grpcio-health-checking: scripts/peers"]
async fn grpcio_is_asked_frozen_and_thawed() {
    let (process, address) = python_server().await;
    let channel = channel(address);
    let ask = async |service: &str| probes::grpc(channel.clone(), service).observe().await;
    assert_eq!(ask("").await, Outcome::pass());
    assert_eq!(ask("good").await, Outcome::pass());
    assert_fails(&ask("bad").await, "`bad` reports NOT_SERVING");
    assert_fails(&ask("starting").await, "`starting` reports UNKNOWN: the server has no status of it yet");
    assert_fails(&ask("nobody").await, "the server does not know the service `nobody`");

    let signal = async |name: &str| {
        let id = process.id().expect("it runs").to_string();
        assert!(Command::new("kill").args([name, &id]).status().await.expect("kill").success());
    };
    signal("-STOP").await;
    let frozen = probes::grpc(channel.clone(), "").timeout(SHORT_TIMEOUT).observe().await;
    assert_fails(&frozen, "no answer came within 270ms");
    signal("-CONT").await;
    assert_eq!(ask("").await, Outcome::pass());
}
