//! A service whose program is its own probe, for an image that holds nothing else: `cargo run --example container`, and in
//! another terminal `cargo run --example container healthcheck`, then `healthcheck /readyz`.
//!
//! It listens on the address in `HEALTH_ADDRESS`, where the probe finds it; default: port 8080 of every interface.
//! `examples/deploy/docker` has its image.

#![allow(clippy::disallowed_macros, reason = "a person reads the address on the terminal")]

use std::{
    env,
    error::Error,
    time::{Duration, Instant},
};

use axum::Router;
use health_runtime::{health_check, health_endpoint, healthcheck, probes};
use tokio::net::TcpListener;

/// Time of the start, after which the cache fills for some seconds.
struct Started(Instant);

/// Is the cache filled?
#[health_check(level = 3, readiness)]
fn cache(started: &Started) -> Result<(), &'static str> {
    if started.0.elapsed() > Duration::from_secs(3) { Ok(()) } else { Err("the cache is filling") }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Before everything else: with the argument `healthcheck`, the program asks itself, and ends here.
    healthcheck();

    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    #[allow(clippy::disallowed_methods, reason = "real time is the subject here")]
    let started = Started(Instant::now());
    let app = Router::new().merge(health_endpoint! { checks: [probes::runtime_lag()], state: [started] }?);
    let address = env::var("HEALTH_ADDRESS").unwrap_or_else(|_| "0.0.0.0:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/health", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
