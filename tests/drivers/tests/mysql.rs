//! `probes::mysql` on MariaDB.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_drivers::{CANARY, Server};
use health_runtime::{
    Status, ask,
    probes::{self, DatabaseProbe},
};
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(2);

fn pool(port: u16, password: &str) -> MySqlPool {
    let url = format!("mysql://app:{password}@127.0.0.1:{port}/mysql");
    MySqlPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool")
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

#[tokio::test]
#[ignore = "needs MariaDB: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::mariadb();
    let pool = pool(server.port, CANARY);
    let probe = probes::mysql(ask!(sqlx: pool)).timeout(TIMEOUT);
    assert(&probe, Status::Pass, "").await;
    let wrong = probes::mysql(ask!(sqlx: self::pool(server.port, "wrong"))).timeout(TIMEOUT);
    assert(&wrong, Status::Fail, "Access denied").await;

    sqlx::raw_sql("SET GLOBAL read_only = 1").execute(&pool).await.expect("a setting");
    assert(&probe, Status::Fail, "it is read-only (`read_only` is ").await;
    assert(&probe.clone().read_only_as(Status::Warn), Status::Warn, "read-only").await;
    sqlx::raw_sql("SET GLOBAL read_only = 0").execute(&pool).await.expect("a setting");

    let held = [pool.acquire().await.expect("a connection"), pool.acquire().await.expect("a connection")];
    assert(&probe, Status::Warn, "the pool is exhausted").await;
    drop(held);
    assert(&probe, Status::Pass, "").await;

    // A pool tests a connection that comes back.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.freeze();
    assert(&probe, Status::Fail, "no answer came within 1.8s").await;
    server.thaw();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert(&probe, Status::Pass, "").await;
    server.stop();
    assert(&probe, Status::Fail, "no connection could be opened within 1s").await;
    server.start();
    assert(&probe, Status::Pass, "").await;
}
