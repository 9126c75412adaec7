//! `probes::redis` through two versions of its client.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_drivers::{CANARY, Server};
use health_runtime::{
    Status, ask,
    probes::{self, DatabaseProbe},
};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(2);

fn url(user: &str, password: &str, port: u16) -> String {
    format!("redis://{user}:{password}@127.0.0.1:{port}/")
}

async fn manager(url: String) -> redis::aio::ConnectionManager {
    let client = redis::Client::open(url).expect("a URL");
    client.get_connection_manager().await.expect("a connection")
}

async fn probe(url: String) -> DatabaseProbe {
    probes::redis(ask!(redis: manager(url).await)).timeout(TIMEOUT)
}

async fn probe_of_0(url: String) -> DatabaseProbe {
    let client = redis0::Client::open(url).expect("a URL");
    // Its own delays grow up to minutes.
    let config = redis0::aio::ConnectionManagerConfig::new().set_max_delay(500).set_connection_timeout(TIMEOUT);
    let manager = client.get_connection_manager_with_config(config).await.expect("a connection");
    probes::redis(ask!(redis as redis0: manager)).timeout(TIMEOUT)
}

/// Observes within the timeout, and without the password in any text.
async fn assert(probe: &DatabaseProbe, status: Status, text: &str) {
    let start = Instant::now();
    let outcome = probe.observe().await;
    assert!(start.elapsed() < TIMEOUT, "{:?} {outcome:?}", start.elapsed());
    assert!(!format!("{probe:?} {outcome:?}").contains(CANARY), "{outcome:?}");
    assert_eq!(outcome.status(), status, "{outcome:?}");
    assert!(outcome.message().unwrap_or_default().contains(text), "{outcome:?}");
}

async fn command(server: &Server, command: &str) {
    let mut manager = manager(url("default", CANARY, server.port)).await;
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().expect("a command"));
    words.for_each(|word| {
        command.arg(word);
    });
    command.query_async::<redis::Value>(&mut manager).await.expect("an answer");
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::redis(false);
    let probes =
        [probe(url("default", CANARY, server.port)).await, probe_of_0(url("default", CANARY, server.port)).await];
    for probe in &probes {
        assert(probe, Status::Pass, "").await;
    }
    // A replica of a server that does not exist, and one that refuses to answer without it.
    command(&server, "REPLICAOF 127.0.0.1 1").await;
    for probe in &probes {
        assert(&probe.clone().read_only_as(Status::Pass), Status::Fail, "it is a replica without its primary").await;
    }
    command(&server, "CONFIG SET replica-serve-stale-data no").await;
    for probe in &probes {
        assert(probe, Status::Fail, "MASTERDOWN").await;
    }
    command(&server, "REPLICAOF NO ONE").await;
    for probe in &probes {
        assert(probe, Status::Pass, "").await;
    }

    server.freeze();
    for probe in &probes {
        assert(probe, Status::Fail, "").await;
        let outcome = probe.observe().await;
        let text = outcome.message().unwrap_or_default().to_lowercase();
        assert!(text.contains("timed out") || text.contains("no answer"), "{text}");
    }
    server.thaw();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for probe in &probes {
        eventually_passes(probe).await;
    }
    server.stop();
    for probe in &probes {
        assert(probe, Status::Fail, "").await;
        // The client may wait between its attempts to connect, so the reason may be an earlier one.
        let outcome = probe.observe().await;
        let text = outcome.message().unwrap_or_default().to_lowercase();
        let reasons = ["refused", "broken pipe", "reset", "terminated", "closed"];
        assert!(reasons.iter().any(|reason| text.contains(reason)), "{text}");
    }
    server.start();
    for probe in &probes {
        eventually_passes(probe).await;
    }
}

/// The client's own reconnection waits a moment between its attempts.
async fn eventually_passes(probe: &DatabaseProbe) {
    for _ in 0..20 {
        if probe.observe().await.status() == Status::Pass {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert(probe, Status::Pass, "").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn replica_is_read_only() {
    let primary = Server::redis(false);
    let replica = Server::redis(false);
    let probe = probe(url("default", CANARY, replica.port)).await;
    command(&replica, &format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
    let reading = probe.clone().read_only_as(Status::Pass);
    eventually_passes(&reading).await;
    assert(&probe, Status::Fail, "it is a replica, and takes no writes").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn user_without_rights_is_enough() {
    let server = Server::redis(false);
    command(&server, &format!("ACL SETUSER weak on >{CANARY} +ping +client +hello")).await;
    let client = redis::Client::open(url("weak", CANARY, server.port)).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let outcome = probes::redis(ask!(redis: connection)).observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    assert!(outcome.data().is_some_and(|data| data["is_db_writeable"].is_null()), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn incomplete_cluster_takes_no_writes() {
    let server = Server::redis(true);
    let probe = probe(url("default", CANARY, server.port)).await;
    assert(&probe, Status::Fail, "cluster_state:fail").await;
    command(&server, "CLUSTER ADDSLOTSRANGE 0 16383").await;
    eventually_passes(&probe).await;
    let client = redis::cluster::ClusterClient::new([url("default", CANARY, server.port)]).expect("a URL");
    let cluster = client.get_async_connection().await.expect("a connection");
    assert(&probes::redis(ask!(redis: cluster)).timeout(TIMEOUT), Status::Pass, "").await;
}
