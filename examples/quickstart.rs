//! A service that answers with its real health: `cargo run --example quickstart`, and open the printed addresses. The
//! variable `PORT` replaces port 5000.
//!
//! It needs no server, no configuration and no network but loopback: its database is a SQLite file, and it starts its
//! supporting service itself.

#![allow(clippy::disallowed_macros, reason = "a person reads the addresses on the terminal")]

use std::{env, error::Error, net::SocketAddr};

use axum::{Router, routing::get};
use health_runtime::{
    BuildInfo, Check, Details, Endpoint, Level, Outcome, Status, View, ask, health_check, health_endpoint, probes,
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::net::TcpListener;

#[derive(BuildInfo)]
#[build_info(repo = "abc/api")]
struct App;

/// The supporting service.
struct Supporting {
    address: SocketAddr,
}

/// The version of the API.
#[health_check(level = 5)]
async fn api_version() -> Details<String> {
    Details::pass(env::var("API_VERSION").unwrap_or_else(|_| "3.0.3".to_owned()))
}

/// Is the API reachable at all?
#[health_check(level = 5, liveness)]
async fn is_connection_healthy() -> bool {
    true
}

/// Is the line to the supporting microservice good for a megabyte per second?
#[health_check(level = 4, critical = false)]
async fn is_bandwidth_sufficient(supporting: &Supporting) -> Status {
    probes::bandwidth(format!("http://{}/mebibyte", supporting.address), 1_000_000).observe().await.status()
}

/// Are the supporting microservices healthy?
#[health_check(level = 3, timeout = "2s", critical = false)]
async fn are_supporting_microservices_healthy(supporting: &Supporting) -> Outcome {
    probes::http(format!("http://{}/readyz", supporting.address)).observe().await
}

/// Can the database take writes?
#[health_check(level = 1, timeout = "2s", readiness)]
async fn db(pool: &SqlitePool) -> Outcome {
    probes::sqlite(ask!(sqlx: pool)).observe().await
}

/// Is there room for the data?
#[health_check(level = 1)]
fn storage() -> Outcome {
    probes::disk(env::temp_dir()).observe()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let pool = open_database().await?;
    let supporting = Supporting { address: start_supporting_service().await? };

    let app = Router::new().merge(health_endpoint! {
        build_info: App,
        levels_path: ("/api/health_levels", View::Values),
        state: [pool, supporting],
        details: public,
        checks: [probes::memory(), probes::logging().name("is_logging_enabled").level(Level::L1)],
    }?);

    let listener = listen().await?;
    let address = listener.local_addr()?;
    println!("The health of this service, from the whole ship to the cheapest check:");
    for level in Level::ALL {
        println!("  http://{address}/api/health_levels/{level}");
    }
    println!("With statuses and times: http://{address}/api/health_levels/1?view=native");
    println!("Build and status:        http://{address}/health");
    println!("For an orchestrator:     http://{address}/livez and http://{address}/readyz");
    axum::serve(listener, app).await?;
    Ok(())
}

/// Binds port 5000, or the port in `PORT`. On macOS, `AirPlay` often occupies port 5000.
async fn listen() -> Result<TcpListener, Box<dyn Error>> {
    let port = env::var("PORT").unwrap_or_else(|_| "5000".to_owned());
    let bound = TcpListener::bind(format!("127.0.0.1:{port}")).await;
    Ok(bound.map_err(|error| {
        format!("cannot listen on port {port}: {error}; choose another one: PORT=5001 cargo run --example quickstart")
    })?)
}

/// Opens a database in a file next to this program, which the first start creates.
async fn open_database() -> Result<SqlitePool, Box<dyn Error>> {
    let file = env::current_exe()?.with_extension("db");
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    Ok(SqlitePoolOptions::new().connect_with(options).await?)
}

/// Starts another service on a free port, with its own health endpoint and a file to download.
async fn start_supporting_service() -> Result<SocketAddr, Box<dyn Error>> {
    let own = Check::new("queue", Level::L5, || async { true });
    let health = Endpoint::builder().without_declared_checks().checks([own]).build()?;
    let app = health.router().route("/mebibyte", get(async || vec![0_u8; 1 << 20]));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(address)
}
