//! A service with a database, a cache and a broker. `DATABASE_URL`, `REDIS_URL` and `NATS_URL` lead to PostgreSQL, Redis and
//! NATS, whose user is in `NATS_USER` and `NATS_PASSWORD`: `cargo run --manifest-path tests/drivers/Cargo.toml --example orders`.
//! It starts without them, too, and is not ready until they answer. `ADDRESS` replaces 127.0.0.1:8080.

use std::{env, error::Error};

use async_nats::ConnectOptions;
use health_runtime::{BuildInfo, ask, health_check, health_endpoint, probes};
use redis::aio::ConnectionManagerConfig;
use sqlx::PgPool;

#[derive(BuildInfo)]
struct App;

/// Is there room for new orders?
#[health_check(level = 2, interval = "30s", depends_on("db"))]
async fn backlog(pool: &PgPool) -> Result<(), Box<dyn Error + Send + Sync>> {
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE sent_at IS NULL").fetch_one(pool).await?;
    if waiting < 1_000 { Ok(()) } else { Err(format!("{waiting} orders wait").into()) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The clients of the program, as it has them anyway: `pool`, `cache` and `broker`.
    let pool = PgPool::connect_lazy(&env::var("DATABASE_URL")?)?;
    let cache = redis::Client::open(env::var("REDIS_URL")?)?;
    let cache = cache.get_connection_manager_lazy(ConnectionManagerConfig::new())?;
    let broker = ConnectOptions::with_user_and_password(env::var("NATS_USER")?, env::var("NATS_PASSWORD")?);
    let broker = broker.retry_on_initial_connect().connect(env::var("NATS_URL")?).await?;

    let health = health_endpoint! {
        build_info: App,
        checks: [
            probes::postgres(ask!(sqlx: pool)).readiness(),
            probes::redis(ask!(redis: cache)).name("cache").critical(false),
            probes::nats(ask!(async_nats: broker)).name("broker").readiness(),
        ],
        state: [pool],
    }?;

    let app = axum::Router::new().merge(health);
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await?;
    Ok(())
}
