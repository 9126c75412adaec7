//! A service that shuts down without losing a request: `cargo run --example graceful`, press Ctrl-C, and watch
//! `/readyz` fail while `/work` still answers.
//!
//! It prints the address of the service, then the address of the probes. `DELAY_MS` sets how long it stays in service after
//! the signal; default: 5 s.

#![allow(clippy::disallowed_macros, reason = "a person reads the addresses on the terminal")]

use std::{collections::HashMap, env, error::Error, time::Duration};

use axum::{Router, extract::Query, routing::get};
use health_runtime::{Endpoint, health_check, probes, serve_isolated};
use tokio::net::TcpListener;

/// Are the tools ready?
#[health_check(level = 5, readiness)]
async fn tools() -> bool {
    true
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let delay = Duration::from_millis(env::var("DELAY_MS").map_or(Ok(5_000), |delay| delay.parse())?);

    let health = Endpoint::builder().checks([probes::runtime_lag()]).build()?;
    let shutdown = health.monitor().graceful_shutdown(delay);
    // A separate thread answers until the process ends, even after the other listener has closed.
    let isolated = serve_isolated("127.0.0.1:0", &health)?;

    let app = Router::new().route("/work", get(work)).merge(health.router());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/work?ms=3000", listener.local_addr()?);
    println!("http://{}/readyz", isolated.local_addrs()[0]);
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await?;
    println!("every request is answered");
    Ok(())
}

/// Works for the requested time.
async fn work(Query(query): Query<HashMap<String, u64>>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(query.get("ms").copied().unwrap_or(10))).await;
    "done"
}
