//! `probes::postgres` through four clients, in two versions of sqlx, on one server.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Runtime;
use health_drivers::{CANARY, Server};
use health_runtime::{
    Outcome, Status, ask,
    probes::{self, DatabaseProbe},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(2);

/// A probe of each client.
struct Clients(Vec<(&'static str, DatabaseProbe)>);

impl Clients {
    async fn new(port: u16, password: &str) -> Self {
        let url = format!("postgres://app:{password}@127.0.0.1:{port}/postgres");
        let new = PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
        let old = sqlx08::postgres::PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
        let mut clients = vec![
            ("sqlx 0.9", probes::postgres(ask!(sqlx: new))),
            ("sqlx 0.8", probes::postgres(ask!(sqlx as sqlx08: old))),
            ("deadpool", probes::postgres(ask!(deadpool_postgres: deadpool(port, password)))),
        ];
        if let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await {
            tokio::spawn(connection);
            clients.push(("tokio-postgres", probes::postgres(ask!(tokio_postgres: Arc::new(client)))));
        }
        Self(clients.into_iter().map(|(name, probe)| (name, probe.timeout(TIMEOUT))).collect())
    }

    /// Observes with every client, and compares status and message with the first that fits its name.
    async fn assert(&self, state: &str, status: Status, texts: &[&str]) {
        for (name, probe) in &self.0 {
            let outcome = observe(probe).await;
            let message = outcome.message().unwrap_or_default();
            assert_eq!(outcome.status(), status, "{name}, {state}: {message}");
            let is_named = texts.is_empty() || texts.iter().any(|text| message.contains(text));
            assert!(is_named, "{name}, {state}: {message}");
        }
    }
}

/// Observes within the timeout, and without the password in any text.
async fn observe(probe: &DatabaseProbe) -> Outcome {
    let start = Instant::now();
    let outcome = probe.observe().await;
    assert!(start.elapsed() < TIMEOUT, "{:?} {outcome:?}", start.elapsed());
    assert!(!format!("{probe:?} {outcome:?}").contains(CANARY), "{outcome:?}");
    outcome
}

fn deadpool(port: u16, password: &str) -> deadpool_postgres::Pool {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port).user("app").password(password).dbname("postgres");
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    deadpool_postgres::Pool::builder(manager).max_size(2).runtime(Runtime::Tokio1).build().expect("a pool")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::postgres();
    let clients = Clients::new(server.port, CANARY).await;
    assert_eq!(clients.0.len(), 4);
    clients.assert("up", Status::Pass, &[]).await;

    Clients::new(server.port, "wrong").await.assert("wrong password", Status::Fail, &["password authentication"]).await;

    // A pool tests a connection that comes back.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.freeze();
    clients.assert("frozen", Status::Fail, &["no answer came within 1.8s"]).await;
    server.thaw();
    tokio::time::sleep(Duration::from_millis(500)).await;
    clients.assert("thawed", Status::Pass, &[]).await;

    server.stop();
    let refused = ["no connection could be opened within 1s", "Connection refused", "connection closed"];
    clients.assert("stopped", Status::Fail, &refused).await;
    server.start();
    // The only client that never opens a second connection.
    let lasting = Clients(clients.0.into_iter().filter(|(name, _)| *name != "tokio-postgres").collect());
    lasting.assert("started", Status::Pass, &[]).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn replica_is_judged_by_its_lag() {
    let mut primary = Server::postgres();
    let replica = primary.postgres_replica();
    let pool = |port| {
        let options = PgConnectOptions::new().host("127.0.0.1").port(port).username("app").password(CANARY);
        PgPoolOptions::new().connect_lazy_with(options.database("postgres"))
    };
    let writing = pool(primary.port);
    let probe = probes::postgres(ask!(sqlx: pool(replica.port))).timeout(TIMEOUT);
    let outcome = observe(&probe).await;
    assert_eq!(outcome.message(), Some("it is a replica, and takes no writes"), "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["is_db_writeable"]), Some(&false.into()));

    let reading = probe.read_only_as(Status::Pass).max_lag(Duration::from_millis(700));
    let mut outcome = Outcome::pass();
    for _ in 0..40 {
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS orders (); DROP TABLE orders")
            .execute(&writing)
            .await
            .expect("a write");
        outcome = observe(&reading).await;
        // All is replayed that was received.
        if outcome.status() == Status::Pass && outcome.data().is_some_and(|data| data["replica_lag_ms"] == 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(outcome.data().map(|data| &data["replica_lag_ms"]), Some(&0.into()), "{outcome:?}");
    primary.stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let outcome = observe(&reading).await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    assert!(outcome.message().is_some_and(|text| text.contains("behind, more than 700ms")), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn settings_pools_and_traces() {
    let server = Server::postgres();
    let options = PgConnectOptions::new().host("127.0.0.1").port(server.port).username("app").password(CANARY);
    let options = options.database("postgres");
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options.clone());
    let probe = probes::postgres(ask!(sqlx: pool)).timeout(TIMEOUT);

    // Read-only by its settings.
    let read_only = PgPoolOptions::new().connect_lazy_with(options.options([("default_transaction_read_only", "on")]));
    let read_only = probes::postgres(ask!(sqlx: read_only)).timeout(TIMEOUT);
    let outcome = observe(&read_only).await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    assert!(outcome.message().is_some_and(|text| text.contains("read-only")), "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["is_db_online"]), Some(&true.into()));
    assert_eq!(observe(&read_only.read_only_as(Status::Pass)).await.status(), Status::Pass);

    // A pool whose connections the program uses.
    let held = [pool.acquire().await.expect("a connection"), pool.acquire().await.expect("a connection")];
    let outcome = observe(&probe).await;
    assert_eq!(outcome.status(), Status::Warn);
    assert!(outcome.message().is_some_and(|text| text.starts_with("the pool is exhausted")), "{outcome:?}");
    let data = outcome.data().expect("data");
    assert!(data["is_db_online"].is_null() && data["pool_size"] == 2 && data["pool_idle"] == 0, "{data}");
    drop(held);
    let deadpool = deadpool(server.port, CANARY);
    let held = [deadpool.get().await.expect("a connection"), deadpool.get().await.expect("a connection")];
    let outcome = observe(&probes::postgres(ask!(deadpool_postgres: deadpool)).timeout(TIMEOUT)).await;
    assert_eq!(outcome.status(), Status::Warn, "{outcome:?}");
    drop(held);

    // Nothing is left behind.
    let relations = "SELECT count(*) FROM pg_class";
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND backend_type = 'client backend'";
    let count = async |statement| sqlx::query_scalar::<_, i64>(statement).fetch_one(&pool).await.expect("a number");
    let before = (count(relations).await, count(connections).await);
    for _ in 0..10_000 {
        let outcome = probe.observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    }
    assert_eq!((count(relations).await, count(connections).await), before);
}
