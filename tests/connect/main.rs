//! Probes with a connection of their own, against real servers and against small fakes.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod addresses;
mod certificate;
mod certificates;
mod daemons;
mod fakes;
mod mail;
mod postgres;
mod redis;
#[allow(dead_code, reason = "`runs` uses other parts of it")]
mod servers;
mod starttls;

use std::time::Duration;

use health_runtime::{
    Check, Outcome, Problem, Registry, Status,
    probes::{self, ConnectProbe},
};
use serde_json::Value;

/// Enough for a server of this machine, also while it is busy.
const LONG_TIMEOUT: Duration = Duration::from_secs(20);

const SHORT_TIMEOUT: Duration = Duration::from_millis(500);

type MakeProbe = fn(&str) -> ConnectProbe;

/// Every probe that waits for an answer, with its name.
const PROBES: [(&str, MakeProbe); 7] = [
    ("ldap", |address| probes::ldap(address)),
    ("memcached", |address| probes::memcached_at(address)),
    ("mqtt", |address| probes::mqtt(address)),
    ("nats", |address| probes::nats_at(address)),
    ("postgres", |address| probes::postgres_at(address)),
    ("redis", |address| probes::redis_at(address)),
    ("smtp", |address| probes::smtp(address)),
];

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// Returns the state in the data.
fn state(outcome: &Outcome) -> &str {
    outcome.data().and_then(|data| data["state"].as_str()).unwrap_or_default()
}

fn message(outcome: &Outcome) -> &str {
    outcome.message().unwrap_or_default()
}

/// Observes until the state is this one, for servers that need a moment.
async fn becomes(probe: ConnectProbe, expected: &str) -> Outcome {
    let mut outcome = Outcome::pass();
    for _ in 0..200 {
        outcome = probe.observe().await;
        if state(&outcome) == expected {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("`{expected}` was expected: {outcome:?}");
}

/// Observes a server that is frozen and goes on, and one that is killed and starts again.
async fn observe_all_states(mut server: servers::Server, make: MakeProbe, serving: &str) {
    let address = local(server.port);
    let probe = make(&address).timeout(LONG_TIMEOUT);
    let quick = make(&address).timeout(SHORT_TIMEOUT);
    let outcome = becomes(probe.clone(), serving).await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    let data = outcome.data().expect("data");
    assert_eq!(data["address"], Value::from(&*address));
    assert!(data["answer_ms"].as_f64() >= data["connect_ms"].as_f64() && data["connect_ms"].is_f64(), "{data}");

    server.freeze();
    let outcome = quick.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("no_answer", Status::Fail));
    let text = format!("{address} accepts the connection, but does not answer within 450ms");
    assert_eq!(message(&outcome), text);
    server.thaw();
    becomes(probe.clone(), serving).await;

    server.stop();
    let outcome = quick.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("refused", Status::Fail));
    assert_eq!(message(&outcome), format!("{address} refuses connections"));
    server.start();
    becomes(probe, serving).await;
}

/// Returns the start-up errors of a check.
fn faults(check: impl Into<Check>) -> Vec<String> {
    let Err(error) = Registry::builder().check(check).build() else {
        return Vec::new();
    };
    let fault_of = |problem: &Problem| match problem {
        Problem::Misconfigured { fault, .. } => fault.clone(),
        other => panic!("another problem: {other:?}"),
    };
    error.problems().iter().map(fault_of).collect()
}
