//! `probes::postgres` through four clients, in two versions of sqlx, on one server.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Runtime;
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, bb8::Pool as DieselBb8, deadpool::Pool as DieselDeadpool},
};
use health_drivers::{CANARY, Clients, Server, TIMEOUT, assert, eventually, observe};
use health_runtime::{
    Outcome, Status, ask,
    probes::{self, DatabaseProbe},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use sea_orm::SqlxPostgresConnector;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

fn url(port: u16, password: &str) -> String {
    format!("postgres://app:{password}@127.0.0.1:{port}/postgres")
}

/// A probe of each client that reports why it has no connection.
async fn clients(port: u16, password: &str) -> Vec<(&'static str, DatabaseProbe)> {
    let url = url(port, password);
    let pool = || PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
    let old = sqlx08::postgres::PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
    let orm = SqlxPostgresConnector::from_sqlx_postgres_pool(pool());
    let mut clients = vec![
        ("sqlx 0.9", probes::postgres(ask!(sqlx: pool()))),
        ("sqlx 0.8", probes::postgres(ask!(sqlx as sqlx08: old))),
        ("sea-orm", probes::postgres(ask!(sea_orm: orm.get_postgres_connection_pool()))),
        ("deadpool", probes::postgres(ask!(deadpool_postgres: deadpool(port, password)))),
        ("diesel", probes::postgres(ask!(diesel_async: diesel_deadpool(&url)))),
    ];
    if let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await {
        tokio::spawn(connection);
        clients.push(("tokio-postgres", probes::postgres(ask!(tokio_postgres: Arc::new(client)))));
    }
    clients
}

/// A probe of each client that keeps the reason to itself.
fn silent_clients(port: u16, password: &str) -> [(&'static str, DatabaseProbe); 2] {
    [
        ("bb8", probes::postgres(ask!(bb8_postgres: bb8(port, password)))),
        ("diesel over bb8", probes::postgres(ask!(diesel_async_bb8: diesel_bb8(&url(port, password))))),
    ]
}

fn diesel_deadpool(url: &str) -> DieselDeadpool<AsyncPgConnection> {
    DieselDeadpool::builder(AsyncDieselConnectionManager::new(url)).max_size(2).build().expect("a pool")
}

fn diesel_bb8(url: &str) -> DieselBb8<AsyncPgConnection> {
    DieselBb8::builder().max_size(2).build_unchecked(AsyncDieselConnectionManager::new(url))
}

fn bb8(port: u16, password: &str) -> bb8_postgres::bb8::Pool<Bb8Manager> {
    bb8_postgres::bb8::Pool::builder()
        .max_size(2)
        .build_unchecked(Bb8Manager::new(config(port, password), tokio_postgres::NoTls))
}

type Bb8Manager = bb8_postgres::PostgresConnectionManager<tokio_postgres::NoTls>;

fn config(port: u16, password: &str) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port).user("app").password(password).dbname("postgres");
    config
}

fn deadpool(port: u16, password: &str) -> deadpool_postgres::Pool {
    let manager = deadpool_postgres::Manager::new(config(port, password), tokio_postgres::NoTls);
    deadpool_postgres::Pool::builder(manager).max_size(2).runtime(Runtime::Tokio1).build().expect("a pool")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::postgres();
    let no_connection = "no connection could be opened within 1s";
    let wrong = Clients::new(clients(server.port, "wrong").await);
    wrong.assert("wrong password", Status::Fail, &["password authentication"]).await;
    let wrong = Clients::new(silent_clients(server.port, "wrong"));
    wrong.assert("wrong password", Status::Fail, &[no_connection]).await;

    let clients = clients(server.port, CANARY).await;
    assert_eq!(clients.len(), 6);
    let clients = Clients::new(clients.into_iter().chain(silent_clients(server.port, CANARY)));
    let frozen = ["no answer came within 1.8s", "no answer came to the pool's test of an idle connection within 1s"];
    let ended = [no_connection, "Connection refused", "connection closed", "error connecting to server"];
    clients.assert_outages(&mut server, &frozen, &ended).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn pool_in_use_is_exhausted() {
    let server = Server::postgres();
    let text = "the pool is exhausted: its 2 connections are in use";
    macro_rules! assert_exhausted {
        ($driver:ident, $pool:expr, $get:ident) => {
            let pool = $pool;
            let probe = probes::postgres(ask!($driver: pool)).timeout(TIMEOUT);
            eventually(&probe, Status::Pass, "").await;
            let held = [pool.$get().await.expect("a connection"), pool.$get().await.expect("a connection")];
            assert(&probe, Status::Warn, text).await;
            let data = observe(&probe).await;
            let data = data.data().expect("data");
            assert!(data["is_db_online"].is_null() && data["pool_size"] == 2 && data["pool_max"] == 2, "{data}");
            drop(held);
            assert(&probe, Status::Pass, "").await;
        };
    }
    let url = url(server.port, CANARY);
    let sqlx = PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
    assert_exhausted!(sqlx, sqlx, acquire);
    assert_exhausted!(deadpool_postgres, deadpool(server.port, CANARY), get);
    assert_exhausted!(bb8_postgres, bb8(server.port, CANARY), get_owned);
    assert_exhausted!(diesel_async, diesel_deadpool(&url), get);
    assert_exhausted!(diesel_async_bb8, diesel_bb8(&url), get_owned);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and PgBouncer: scripts/peers"]
async fn pooler_of_transactions_needs_no_setting() {
    let server = Server::postgres();
    let pooler = server.pgbouncer();
    let manager = || deadpool(pooler.port, CANARY);
    let (program, pool) = (manager(), manager());
    let probe = probes::postgres(ask!(deadpool_postgres: pool)).timeout(TIMEOUT);
    for _ in 0..20 {
        assert(&probe, Status::Pass, "").await;
        program.get().await.expect("a connection").batch_execute("SELECT 1").await.expect("an answer");
    }
    // The program's transaction holds the only connection to the server.
    let busy = program.get().await.expect("a connection");
    busy.batch_execute("BEGIN").await.expect("a transaction");
    assert(&probe, Status::Fail, "query_wait_timeout").await;
    busy.batch_execute("COMMIT").await.expect("an end");
    assert(&probe, Status::Pass, "").await;
    let options = PgConnectOptions::new().host("127.0.0.1").port(pooler.port).username("app").password(CANARY);
    let third = PgPoolOptions::new().connect_lazy_with(options.database("postgres"));
    let refused = probes::postgres(ask!(sqlx: third)).timeout(TIMEOUT);
    assert(&refused, Status::Fail, "no more connections allowed").await;
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
async fn read_only_settings_are_reported() {
    let server = Server::postgres();
    let options = PgConnectOptions::new().host("127.0.0.1").port(server.port).username("app").password(CANARY);
    let options = options.database("postgres").options([("default_transaction_read_only", "on")]);
    let read_only = PgPoolOptions::new().connect_lazy_with(options);
    let read_only = probes::postgres(ask!(sqlx: read_only)).timeout(TIMEOUT);
    let outcome = observe(&read_only).await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    assert!(outcome.message().is_some_and(|text| text.contains("read-only")), "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["is_db_online"]), Some(&true.into()));
    assert_eq!(observe(&read_only.read_only_as(Status::Pass)).await.status(), Status::Pass);
}

fn over_tls(port: u16, authority: &[u8]) -> deadpool_postgres::Pool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let tls = MakeRustlsConnect::new(tls.with_root_certificates(roots).with_no_client_auth());
    let mut config = config(port, CANARY);
    config.ssl_mode(SslMode::Require);
    deadpool_postgres::Pool::builder(deadpool_postgres::Manager::new(config, tls)).max_size(2).build().expect("a pool")
}

#[tokio::test]
#[ignore = "needs PostgreSQL and openssl: scripts/peers"]
async fn reasons_of_tls_are_reported() {
    let (server, authority) = Server::postgres_with_tls();
    let pool = over_tls(server.port, &authority);
    assert(&probes::postgres(ask!(deadpool_postgres: pool)).timeout(TIMEOUT), Status::Pass, "").await;
    let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = pool.get().await.expect("a connection").query_one(encrypted, &[]).await.expect("a row");
    assert!(row.get::<_, bool>(0));

    let (other, _) = Server::postgres_with_tls();
    let strange = probes::postgres(ask!(deadpool_postgres: over_tls(other.port, &authority))).timeout(TIMEOUT);
    assert(&strange, Status::Fail, "invalid peer certificate").await;
    let plain = Server::postgres();
    let plain = probes::postgres(ask!(deadpool_postgres: over_tls(plain.port, &authority))).timeout(TIMEOUT);
    assert(&plain, Status::Fail, "server does not support TLS").await;
}
