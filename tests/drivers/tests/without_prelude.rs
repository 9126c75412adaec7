//! `ask!` in a module without the prelude, which has none of std's names and traits in scope. It has modules with the names of the
//! drivers instead. Compiled in the editions 2024 and 2021.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use diesel_async::{AsyncPgConnection, pooled_connection::AsyncDieselConnectionManager};
use health_runtime::Status;

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        Fleet, ask,
        probes::{self, BrokerProbe, DatabaseProbe},
    };

    mod async_nats {}
    mod bb8_postgres {}
    mod bb8_redis {}
    mod deadpool_postgres {}
    mod deadpool_redis {}
    mod diesel {}
    mod diesel_async {}
    mod fred {}
    mod lapin {}
    mod memcache {}
    mod mongodb {}
    mod mysql_async {}
    mod rdkafka {}
    mod redis {}
    mod sea_orm {}
    mod sqlx {}
    mod tokio_postgres {}

    pub(super) struct Clients {
        pub(super) sqlx: ::sqlx::PgPool,
        pub(super) sea_orm: ::sea_orm::DatabaseConnection,
        pub(super) deadpool_postgres: ::deadpool_postgres::Pool,
        pub(super) bb8_postgres:
            ::bb8_postgres::bb8::Pool<::bb8_postgres::PostgresConnectionManager<::tokio_postgres::NoTls>>,
        pub(super) diesel_async: ::diesel_async::pooled_connection::deadpool::Pool<::diesel_async::AsyncPgConnection>,
        pub(super) diesel_async_bb8: ::diesel_async::pooled_connection::bb8::Pool<::diesel_async::AsyncPgConnection>,
        pub(super) mysql_async: ::mysql_async::Pool,
        pub(super) deadpool_redis: ::deadpool_redis::Pool,
        pub(super) bb8_redis: ::bb8_redis::bb8::Pool<::bb8_redis::RedisConnectionManager>,
        pub(super) fred: ::fred::clients::Client,
    }

    pub(super) fn probes(clients: &Clients) -> [DatabaseProbe; 10] {
        [
            probes::postgres(ask!(sqlx: clients.sqlx)),
            probes::postgres(ask!(sea_orm: clients.sea_orm.get_postgres_connection_pool())),
            probes::postgres(ask!(deadpool_postgres: clients.deadpool_postgres)),
            probes::postgres(ask!(bb8_postgres: clients.bb8_postgres)),
            probes::postgres(ask!(diesel_async: clients.diesel_async)),
            probes::postgres(ask!(diesel_async_bb8: clients.diesel_async_bb8)),
            probes::mysql(ask!(mysql_async: clients.mysql_async)),
            probes::redis(ask!(deadpool_redis: clients.deadpool_redis)),
            probes::redis(ask!(bb8_redis: clients.bb8_redis)),
            probes::redis(ask!(fred: clients.fred)),
        ]
    }

    /// Compiled alone, because a bucket needs a server.
    #[allow(dead_code, reason = "no test calls it")]
    fn fleets(context: ::async_nats::jetstream::Context) -> [Fleet; 2] {
        let ask = ask!(async_nats_kv as ::async_nats: context, bucket: "health");
        [Fleet::nats("orders", ask!(async_nats_kv: context, bucket: "health")), Fleet::nats("orders", ask)]
    }

    /// Compiled alone: their clients connect before they exist, or are asked in a test of their own.
    #[allow(dead_code, clippy::too_many_arguments, reason = "no test calls it")]
    fn others(
        redis: ::redis::aio::ConnectionManager,
        old_redis: ::redis0::aio::ConnectionManager,
        postgres: ::std::sync::Arc<::tokio_postgres::Client>,
        mongodb: ::mongodb::Client,
        memcache: ::memcache::Client,
        nats: ::async_nats::Client,
        amqp: ::std::sync::Arc<::lapin::Connection>,
        kafka: ::std::sync::Arc<::rdkafka::consumer::BaseConsumer>,
    ) -> ([DatabaseProbe; 7], [BrokerProbe; 4]) {
        let databases = [
            probes::redis(ask!(redis: redis)),
            probes::redis(ask!(redis as ::redis: redis)),
            probes::redis(ask!(redis as ::redis0: old_redis)),
            probes::postgres(ask!(tokio_postgres: postgres)),
            probes::mongodb(ask!(mongodb: mongodb)),
            probes::memcached(ask!(memcache: memcache)),
            probes::memcached(ask!(memcache as ::memcache: memcache)),
        ];
        let brokers = [
            probes::nats(ask!(async_nats: nats)),
            probes::amqp(ask!(lapin: amqp)),
            probes::kafka(ask!(rdkafka: kafka, topic: "orders")),
            probes::kafka(ask!(rdkafka as ::rdkafka: kafka, topic: "orders")),
        ];
        (databases, brokers)
    }
}

#[tokio::test]
async fn drivers_are_asked_without_the_prelude() {
    // No server listens there.
    let postgres = "postgres://app@127.0.0.1:1/orders";
    let redis = "redis://127.0.0.1:1/";
    let pool = || sqlx::PgPool::connect_lazy(postgres).expect("a pool");
    let config: tokio_postgres::Config = postgres.parse().expect("a URL");
    let deadpool = deadpool_postgres::Manager::new(config.clone(), tokio_postgres::NoTls);
    let bb8 = bb8_postgres::PostgresConnectionManager::new(config, tokio_postgres::NoTls);
    let diesel = || AsyncDieselConnectionManager::<AsyncPgConnection>::new(postgres);
    let clients = without_prelude::Clients {
        sqlx: pool(),
        sea_orm: sea_orm::SqlxPostgresConnector::from_sqlx_postgres_pool(pool()),
        deadpool_postgres: deadpool_postgres::Pool::builder(deadpool).build().expect("a pool"),
        bb8_postgres: bb8_postgres::bb8::Pool::builder().build_unchecked(bb8),
        diesel_async: diesel_async::pooled_connection::deadpool::Pool::builder(diesel()).build().expect("a pool"),
        diesel_async_bb8: diesel_async::pooled_connection::bb8::Pool::builder().build_unchecked(diesel()),
        mysql_async: mysql_async::Pool::new("mysql://app@127.0.0.1:1/orders"),
        deadpool_redis: deadpool_redis::Pool::builder(deadpool_redis::Manager::new(redis).expect("a URL"))
            .build()
            .expect("a pool"),
        bb8_redis: bb8_redis::bb8::Pool::builder()
            .build_unchecked(bb8_redis::RedisConnectionManager::new(redis).expect("a URL")),
        fred: fred::clients::Client::default(),
    };
    for probe in without_prelude::probes(&clients) {
        let outcome = probe.timeout(Duration::from_secs(2)).observe().await;
        assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
        assert!(outcome.data().is_some_and(|data| data["is_db_online"] == false), "{outcome:?}");
    }
}
