//! The two compared services: a health endpoint, and bare routes with the same responses.

use std::{
    future::ready,
    io::{Error, Result},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, header::CONTENT_TYPE},
    routing::get,
};
use health_runtime::{Check, Details, Endpoint, Level};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::client::{Answer, Connection};

/// Requested paths: a group of five checks, and all twenty.
pub const PATHS: [&str; 2] = ["/livez", "/health/levels/1"];

/// Addresses of the two services.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The health endpoint, with all defaults.
    pub health: SocketAddr,
    /// Routes at the same paths, with the first responses of the health endpoint.
    pub bare: SocketAddr,
}

#[derive(Serialize)]
struct Facts {
    runs: u64,
}

/// Twenty checks over the five levels, five of them in the liveness group. Results are stored for the default
/// of one second, so each check runs once a second while it is requested.
fn checks() -> impl Iterator<Item = Check> {
    Level::ALL.into_iter().flat_map(|level| {
        let count = match level {
            Level::L5 => 5,
            Level::L1 => 3,
            _ => 4,
        };
        (0..count).map(move |number| {
            let runs = Arc::new(AtomicU64::new(0));
            let check = Check::new(format!("level_{level}_check_{number}"), level, move || {
                let runs = Arc::clone(&runs);
                async move { Details::pass(Facts { runs: runs.fetch_add(1, Ordering::Relaxed) }) }
            });
            if level == Level::L5 { check.liveness() } else { check }
        })
    })
}

/// Serves both on the current runtime, each on its own port.
///
/// # Errors
/// If there is no port left, or the endpoint does not answer.
pub async fn serve() -> Result<Addresses> {
    let endpoint = Endpoint::builder().checks(checks()).build().map_err(Error::other)?;
    let health = listen(endpoint.router()).await?;
    let answers = tokio::task::spawn_blocking(move || ask_once(health)).await??;
    let bare = listen(bare(answers)).await?;
    Ok(Addresses { health, bare })
}

fn ask_once(address: SocketAddr) -> Result<Vec<Answer>> {
    PATHS
        .into_iter()
        .map(|path| {
            let answer = Connection::open(address, path)?.ask()?.clone();
            if answer.status == 200 { Ok(answer) } else { Err(Error::other(format!("{path} fails"))) }
        })
        .collect()
}

/// Builds the leanest possible routes: a request looks up and parses nothing.
fn bare(answers: Vec<Answer>) -> Router {
    PATHS.into_iter().zip(answers).fold(Router::new(), |router, (path, answer)| {
        let content_type = HeaderValue::from_static(answer.content_type.leak());
        let body = Bytes::from_static(answer.body.leak());
        let answer = move || ready(([(CONTENT_TYPE, content_type.clone())], Body::from(body.clone())));
        router.route(path, get(answer))
    })
}

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
