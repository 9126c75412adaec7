//! Every client that `ask!` knows for a fleet, and names that could break a statement.

use std::sync::Arc;

use health_drivers::Server;
use health_runtime::{Check, Fleet, FleetRole, Level, Monitor, Registry, Selection, ask, probes::Ask};
use tokio::time::sleep;

use crate::{
    client::{Client, KEY, pool, postgres_url, redis_url, start_server},
    instances::{INTERVAL, Instances},
};

async fn redis_manager(url: &str) -> redis::aio::ConnectionManager {
    redis::Client::open(url).expect("a URL").get_connection_manager().await.expect("a connection")
}

/// Each client leads a fleet of its own, and all of them form one fleet.
pub(crate) async fn assert_clients<const N: usize>(store: &str, asks: [Ask; N], fleet: fn(&str, Ask) -> Fleet) {
    let alone = asks.iter().enumerate().map(|(index, ask)| fleet(&format!("client-{index}"), ask.clone()));
    let alone = Instances::start(alone.collect());
    alone.eventually(&format!("{store}, each"), |role| role == FleetRole::Leader).await;
    sleep(INTERVAL * 4).await;
    alone.eventually(&format!("{store}, each again"), |role| role == FleetRole::Leader).await;
    let together = Instances::start(asks.map(|ask| fleet("orders", ask)).into());
    together.eventually(&format!("{store}, together"), |role| role != FleetRole::Alone).await;
    together.assert_one_run_per_interval(&format!("{store}, together")).await;
    together.eventually(&format!("{store}, together"), |role| role != FleetRole::Alone).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn every_client_of_redis_takes_part() {
    let server = Server::redis(false);
    let url = redis_url(server.port);
    let old = redis0::Client::open(url.clone()).expect("a URL").get_connection_manager().await.expect("a connection");
    let deadpool = deadpool_redis::Manager::new(url.as_str()).expect("a URL");
    let deadpool = deadpool_redis::Pool::builder(deadpool).max_size(2).build().expect("a pool");
    let bb8 = bb8_redis::RedisConnectionManager::new(url.as_str()).expect("a URL");
    let bb8 = bb8_redis::bb8::Pool::builder().max_size(2).build_unchecked(bb8);
    let config = fred::types::config::Config::from_url(&url).expect("a URL");
    let fred = fred::clients::Client::new(config, None, None, None);
    fred::interfaces::ClientLike::init(&fred).await.expect("a connection");
    let asks = [
        ask!(redis: redis_manager(&url).await),
        ask!(redis as redis0: old),
        ask!(deadpool_redis: deadpool),
        ask!(bb8_redis: bb8),
        ask!(fred: fred),
    ];
    assert_clients("redis", asks, |name, ask| Fleet::redis(name, ask)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn every_client_of_postgres_takes_part() {
    let server = Server::postgres();
    let url = postgres_url(server.port);
    let old = sqlx08::postgres::PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
    let orm = sea_orm::SqlxPostgresConnector::from_sqlx_postgres_pool(pool(server.port));
    let config: tokio_postgres::Config = url.parse().expect("a URL");
    let deadpool = deadpool_postgres::Manager::new(config.clone(), tokio_postgres::NoTls);
    let deadpool = deadpool_postgres::Pool::builder(deadpool).max_size(2).build().expect("a pool");
    let bb8 = bb8_postgres::PostgresConnectionManager::new(config.clone(), tokio_postgres::NoTls);
    let bb8 = bb8_postgres::bb8::Pool::builder().max_size(2).build_unchecked(bb8);
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let asks = [
        ask!(sqlx: pool(server.port)),
        ask!(sqlx as sqlx08: old),
        ask!(sea_orm: orm.get_postgres_connection_pool()),
        ask!(deadpool_postgres: deadpool),
        ask!(bb8_postgres: bb8),
        ask!(tokio_postgres: Arc::new(client)),
    ];
    // The table does not exist yet, and all of them create it at once.
    assert_clients("postgres", asks, |name, ask| Fleet::postgres(name, ask)).await;
}

/// A statement could be broken with these names. They are values, and nothing else.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis, NATS and PostgreSQL: scripts/peers"]
async fn hostile_names_are_values() {
    const NAME: &str = "'); DROP TABLE health_fleet; --\" $1 ]] .. KEYS[1]";
    for store in ["redis", "nats", "postgres"] {
        let server = start_server(store);
        let client = Client::connect(store, server.port).await;
        let fleet = client.fleet().instance(NAME);
        let check =
            Check::new("lag", Level::L2, || async { health_runtime::Outcome::pass().with_message(NAME.repeat(1_000)) });
        let check = check.interval(INTERVAL).fleet(true);
        let monitor = Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"));
        sleep(INTERVAL * 4).await;
        let report = monitor.report(&Selection::everything()).await;
        assert_eq!(report.entries()[0].result.fleet().expect("of the fleet").role(), FleetRole::Leader, "{store}");
        assert_eq!(client.keys().await, [KEY], "{store}");
        let text = client.entry().await.expect("an entry");
        assert!(text.contains("DROP TABLE"), "{store}: {text}");
    }
}
