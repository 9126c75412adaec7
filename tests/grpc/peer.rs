//! Third-party clients in Python: grpcio-health-checking, and gRPC's own health checking by channels.

use std::{
    future::pending,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Endpoint, GrpcHealth, Level};
use health_tests::endpoint;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{Instant, timeout},
};
use tonic::service::{Routes, interceptor::InterceptedService};

use super::{Switch, serving::start};

/// One run of `tests/peers/grpc_client.py`, which ends with the test.
struct Peer {
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(address: SocketAddr, arguments: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut process = Command::new(root.join("target/peers/venv/bin/python"))
            .arg(root.join("tests/peers/grpc_client.py"))
            .arg(address.to_string())
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("scripts/peers has installed it");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { _process: process, lines }
    }

    /// Waits for the next line; `None` at the end.
    async fn line(&mut self) -> Option<String> {
        let line = timeout(Duration::from_secs(30), self.lines.next_line()).await;
        line.expect("the peer says something").expect("text")
    }

    async fn rest(mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            lines.push(line);
        }
        lines
    }
}

/// A service with a background check of its database, which can be switched off.
fn service() -> (Endpoint, Switch) {
    let switch = Switch::default();
    let db = switch.check("db", Level::L1).interval(Duration::from_millis(50)).readiness();
    (endpoint([db, Check::new("alive", Level::L5, || async { true }).liveness()]), switch)
}

#[tokio::test]
#[ignore = "needs grpcio-health-checking: scripts/peers"]
async fn grpcio_checks_and_lists() {
    let (endpoint, switch) = service();
    switch.turn(false);
    let (address, _) = start(Routes::new(GrpcHealth::new(&endpoint)), pending());
    let services = ["", "readiness", "liveness", "db", "alive", "level/1", "level/5", "nobody"];
    let answers = Peer::start(address, &[&["check"], &services[..]].concat()).rest().await;
    let expected = ["NOT_SERVING", "NOT_SERVING", "SERVING", "NOT_SERVING", "SERVING", "NOT_SERVING", "SERVING"];
    assert_eq!(answers, [&expected[..], &["NOT_FOUND"]].concat());

    let listed = Peer::start(address, &["list"]).rest().await;
    let expected = [
        "- NOT_SERVING",
        "alive SERVING",
        "db NOT_SERVING",
        "level/1 NOT_SERVING",
        "level/2 SERVING",
        "level/3 SERVING",
        "level/4 SERVING",
        "level/5 SERVING",
        "liveness SERVING",
        "readiness NOT_SERVING",
        "startup SERVING",
    ];
    assert_eq!(listed, expected);
}

#[tokio::test]
#[ignore = "needs grpcio-health-checking: scripts/peers"]
async fn grpcio_watches_changes_until_the_drain() {
    let (endpoint, switch) = service();
    let (address, _) = start(Routes::new(GrpcHealth::new(&endpoint)), pending());
    let mut readiness = Peer::start(address, &["watch", ""]);
    let mut unknown = Peer::start(address, &["watch", "nobody"]);
    assert_eq!(unknown.line().await.as_deref(), Some("SERVICE_UNKNOWN"));
    assert_eq!(readiness.line().await.as_deref(), Some("SERVING"));
    for is_on in [false, true] {
        switch.turn(is_on);
        assert_eq!(readiness.line().await.as_deref(), Some(if is_on { "SERVING" } else { "NOT_SERVING" }));
    }
    endpoint.monitor().drain();
    assert_eq!(readiness.rest().await, ["NOT_SERVING", "UNAVAILABLE shutting down"]);
    assert_eq!(unknown.rest().await, ["UNAVAILABLE shutting down"]);
}

/// A channel sends its calls to other instances while one is not ready (gRFC A17).
#[tokio::test]
#[ignore = "needs grpcio-health-checking: scripts/peers"]
async fn channel_avoids_instance_that_is_not_ready() {
    let (endpoint, switch) = service();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let health = InterceptedService::new(GrpcHealth::new(&endpoint), move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(request)
    });
    let (address, _) = start(Routes::new(health), pending());
    let mut channel = Peer::start(address, &["channel", ""]);
    let mut seen = Vec::new();
    for (is_on, awaited) in [(true, "READY"), (false, "TRANSIENT_FAILURE"), (true, "READY")] {
        switch.turn(is_on);
        while seen.last().is_none_or(|state| state != awaited) {
            seen.push(channel.line().await.expect("it goes on"));
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1, "one watch for all of it");
    endpoint.monitor().drain();
    let began = Instant::now();
    while seen.last().is_none_or(|state| state != "TRANSIENT_FAILURE") {
        seen.push(channel.line().await.expect("it goes on"));
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{seen:?}");
    // It does not come back, and it does not ask all the time.
    let more = timeout(Duration::from_secs(5), async {
        while seen.last().is_none_or(|state| state != "READY") {
            seen.push(channel.line().await.expect("it goes on"));
        }
    });
    assert!(more.await.is_err(), "ready while it drains");
    let calls = calls.load(Ordering::SeqCst);
    assert!((2..=12).contains(&calls), "{calls} calls");
}
