//! HTTPS: client certificates, and files that change.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod access;
mod authority;
mod certificate_check;
mod client;
mod clients;
mod faults;
mod handshakes;
mod peers;
mod reload;

use axum::{Extension, Router, routing::get};
use health_runtime::{Check, Level, ServerHandle, Tls, access::ClientCertificate, serve_tls};

/// A health endpoint, and `/whoami`, which returns the client's subject.
fn routes() -> Router {
    let health = health_tests::endpoint([Check::new("alive", Level::L5, || async { true }).liveness()]);
    let whoami = get(async |client: Option<Extension<ClientCertificate>>| match client {
        Some(Extension(client)) => format!("{client:?}"),
        None => "nobody".to_owned(),
    });
    Router::new().merge(health.router()).route("/whoami", whoami)
}

fn serve(tls: Tls) -> ServerHandle {
    serve_tls("127.0.0.1:0", tls, routes()).expect("a server")
}
