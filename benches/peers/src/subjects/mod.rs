//! The services that are measured.

mod bare;
#[cfg(feature = "foreign")]
mod foreign;
mod limit;
mod ours;

use std::{
    io::{Error, Result},
    net::SocketAddr,
};

use axum::Router;
use tokio::net::TcpListener;

use crate::workload::{Exchange, Workload};

/// Content type and body of a response.
pub(crate) type Content = (String, Vec<u8>);

/// Returns whether this build has what the subject needs for the workload.
#[must_use]
pub fn is_built(workload: &Workload, subject: &str) -> bool {
    match subject {
        "ours" if workload.exchange == Exchange::Stream => cfg!(feature = "events"),
        "ours" if !workload.headers.is_empty() => cfg!(feature = "access"),
        "axum-health" | "health" => cfg!(feature = "foreign"),
        "ours-server" => cfg!(feature = "server"),
        _ => true,
    }
}

/// Returns whether the subject serves on a thread of its own, on which the clock cannot be paused.
#[must_use]
pub fn has_own_thread(subject: &str) -> bool {
    matches!(subject, "hyper" | "ours-server")
}

/// Serves a workload on the current runtime, or on a thread of its own. A name that ends with `-make` stands for a router
/// that is served by `into_make_service`, which clones no route for a connection.
pub async fn serve(subject: &str, workload: &Workload) -> Result<SocketAddr> {
    let (name, is_made) = subject.strip_suffix("-make").map_or((subject, false), |name| (name, true));
    let router = match name {
        "bare" => bare::router(workload).await?,
        "limit" => limit::router(workload, limit::Runs::Inline),
        "limit-shared" => limit::router(workload, limit::Runs::Shared),
        "limit-stored" => limit::router(workload, limit::Runs::Stored),
        "limit-tasks" => limit::router(workload, limit::Runs::InTasks),
        "ours" => ours::router(workload)?,
        "hyper" => return bare::hyper(workload).await,
        #[cfg(feature = "server")]
        "ours-server" => return ours::server(workload),
        #[cfg(feature = "foreign")]
        "axum-health" => foreign::axum_health(workload),
        #[cfg(feature = "foreign")]
        "health" => foreign::health(workload),
        _ => return Err(Error::other(format!("there is no subject named `{subject}` in this build"))),
    };
    if is_made {
        let (listener, address) = bind().await?;
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        return Ok(address);
    }
    listen(router).await
}

/// Serves a router on the current runtime, on a free port.
pub async fn listen(router: Router) -> Result<SocketAddr> {
    let (listener, address) = bind().await?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn bind() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
