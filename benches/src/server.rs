//! Serves a router, for the benchmarks.

use std::{io::Result, net::SocketAddr};

use axum::Router;
use tokio::net::TcpListener;

/// Serves a router on the current runtime, on a free port.
///
/// # Errors
/// If no port is free.
pub async fn listen(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
