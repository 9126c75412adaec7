//! The stores of fleets, through one client each. `benches/fleet` includes this file.

use std::time::Duration;

use async_nats::{
    ConnectOptions,
    jetstream::{self, Context, kv, stream},
};
use health_drivers::{CANARY, Server};
use health_runtime::{Fleet, ask};
use redis::aio::ConnectionManager;
use sqlx::{PgPool, postgres::PgPoolOptions};

/// The key of the check `lag` of the fleet `orders`.
pub const KEY: &str = "health.v1.orders.lag";

/// A client of a store.
#[derive(Clone)]
pub enum Client {
    Redis(ConnectionManager),
    Nats(Context),
    Postgres(PgPool),
}

pub fn start_server(store: &str) -> Server {
    match store {
        "redis" => Server::redis(false),
        "nats" => Server::nats_with_jetstream(),
        _ => Server::postgres(),
    }
}

pub fn redis_url(port: u16) -> String {
    format!("redis://:{CANARY}@127.0.0.1:{port}")
}

pub fn postgres_url(port: u16) -> String {
    format!("postgres://app:{CANARY}@127.0.0.1:{port}/postgres")
}

pub fn pool(port: u16) -> PgPool {
    PgPoolOptions::new().max_connections(3).connect_lazy(&postgres_url(port)).expect("a pool")
}

impl Client {
    pub async fn connect(store: &str, port: u16) -> Self {
        match store {
            "redis" => {
                let client = redis::Client::open(redis_url(port)).expect("a URL");
                // Its own delays grow up to minutes, and an entry of 100 MiB takes a while.
                let config = redis::aio::ConnectionManagerConfig::new().set_max_delay(Duration::from_secs(1));
                let config = config.set_response_timeout(Some(Duration::from_secs(30)));
                Self::Redis(client.get_connection_manager_with_config(config).await.expect("a connection"))
            }
            "nats" => {
                let options = ConnectOptions::with_user_and_password("app".to_owned(), CANARY.to_owned());
                let client = options.connect(format!("127.0.0.1:{port}")).await.expect("a connection");
                Self::Nats(jetstream::new(client))
            }
            _ => Self::Postgres(pool(port)),
        }
    }

    /// Returns the fleet of an instance that has this client.
    pub fn fleet(&self) -> Fleet {
        match self.clone() {
            Self::Redis(manager) => Fleet::redis("orders", ask!(redis: manager)),
            Self::Nats(context) => Fleet::nats("orders", ask!(async_nats_kv: context, bucket: "health")),
            Self::Postgres(pool) => Fleet::postgres("orders", ask!(sqlx: pool)),
        }
    }

    /// Returns the text of the entry; `None` if there is none, or no answer.
    pub async fn entry(&self) -> Option<String> {
        match self.clone() {
            Self::Redis(mut manager) => redis::cmd("GET").arg(KEY).query_async(&mut manager).await.ok()?,
            Self::Nats(context) => {
                let entry = context.get_key_value("health").await.ok()?.entry(KEY).await.ok()??;
                String::from_utf8(entry.value.to_vec()).ok()
            }
            Self::Postgres(pool) => {
                sqlx::query_scalar("SELECT value FROM health_fleet").fetch_optional(&pool).await.ok()?
            }
        }
    }

    /// Returns the keys of all that the fleet has left in the store.
    pub async fn keys(&self) -> Vec<String> {
        match self.clone() {
            Self::Redis(mut manager) => redis::cmd("KEYS").arg("*").query_async(&mut manager).await.expect("keys"),
            Self::Nats(context) => {
                let bucket = context.get_key_value("health").await.expect("a bucket");
                let count = bucket.status().await.expect("a status").values();
                vec![KEY.to_owned(); usize::try_from(count).expect("a number")]
            }
            Self::Postgres(pool) => {
                sqlx::query_scalar("SELECT key FROM health_fleet").fetch_all(&pool).await.expect("rows")
            }
        }
    }

    /// Writes into the entry, as a program that knows nothing of fleets would.
    pub async fn poison(&self, value: &[u8]) {
        match self.clone() {
            Self::Redis(mut manager) => {
                let () = redis::cmd("SET").arg(KEY).arg(value).query_async(&mut manager).await.expect("a write");
            }
            Self::Nats(context) => {
                let bucket = context.get_key_value("health").await.expect("a bucket");
                bucket.put(KEY, value.to_vec().into()).await.expect("a write");
            }
            Self::Postgres(pool) => {
                let query = sqlx::query("UPDATE health_fleet SET value = $1").bind(String::from_utf8_lossy(value));
                query.execute(&pool).await.expect("a write");
            }
        }
    }

    /// Makes the entry as long as the store lets it be, up to 100 MiB.
    pub async fn fill(&self) {
        let length = 100 << 20;
        match self.clone() {
            Self::Redis(mut manager) => {
                let mut command = redis::cmd("SETRANGE");
                let () = command.arg(KEY).arg(length).arg("x").query_async(&mut manager).await.expect("a write");
            }
            Self::Nats(context) => {
                // The maximum length of a message, less its subject and its headers.
                let bucket = context.get_key_value("health").await.expect("a bucket");
                bucket.put(KEY, vec![b'x'; (1 << 20) - 256].into()).await.expect("a write");
            }
            Self::Postgres(pool) => {
                let query = sqlx::query("UPDATE health_fleet SET value = repeat('ä', $1)").bind(length / 2);
                query.execute(&pool).await.expect("a write");
            }
        }
    }

    /// Makes the bucket as a program of the user's does, without a limit for its values.
    pub async fn make_bucket(&self) -> Option<kv::Store> {
        let Self::Nats(context) = self else { return None };
        let config = stream::Config {
            name: "KV_health".to_owned(),
            subjects: vec!["$KV.health.>".to_owned()],
            max_messages_per_subject: 1,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            ..stream::Config::default()
        };
        context.get_or_create_stream(config).await.expect("a stream");
        Some(context.get_key_value("health").await.expect("a bucket"))
    }
}
