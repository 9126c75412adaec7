//! A service whose health an agent can find out about: `cargo run --example agents`, and send the printed request, or give
//! the printed configuration to a client of the Model Context Protocol. The variable `PORT` replaces port 5003.
//!
//! Its database is down, and two checks are blocked by that; the tools name the database alone.

#![allow(clippy::disallowed_macros, reason = "a person reads the request on the terminal")]

use std::{env, error::Error};

use axum::Router;
use health_runtime::{BuildInfo, health_check, health_endpoint};
use tokio::net::TcpListener;

#[derive(BuildInfo)]
struct App;

/// The database of the shop.
#[health_check(level = 3, owner = "team-data", runbook = "https://wiki.example/db")]
async fn database() -> Result<(), &'static str> {
    Err("connection refused")
}

#[health_check(level = 3, depends_on("database"))]
async fn orders() -> bool {
    true
}

#[health_check(level = 2, depends_on("orders"))]
async fn checkout() -> bool {
    true
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("PORT").unwrap_or_else(|_| "5003".to_owned());
    // Everybody on this machine sees the details. A real service has `access`.
    let health = health_endpoint! { build_info: App, details: public }?;
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let url = format!("http://{}/health/mcp", listener.local_addr()?);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"health_explain"}}"#;
    println!("curl -s {url} -H 'Content-Type: application/json' -d '{call}'");
    println!(r#"{{ "mcpServers": {{ "shop-health": {{ "type": "http", "url": "{url}" }} }} }}"#);
    axum::serve(listener, Router::new().merge(health)).await?;
    Ok(())
}
