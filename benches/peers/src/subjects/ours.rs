//! The health endpoint.

use std::io::{Error, Result};
#[cfg(feature = "server")]
use std::net::SocketAddr;
use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Request, header::CONTENT_TYPE},
    routing::get,
};
use health_runtime::Endpoint;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::Content;
use crate::workload::Workload;

/// Default of `max_age`.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Builds the endpoint, with the defaults of its builder.
fn endpoint(workload: &Workload, max_age: Duration) -> Result<Endpoint> {
    let builder = Endpoint::builder().checks(workload.checks.ours(max_age));
    #[cfg(feature = "access")]
    let builder = if workload.headers.contains("Authorization") { builder.access(password()) } else { builder };
    #[cfg(feature = "events")]
    let builder = builder.event_streams(usize::from(u16::MAX));
    builder.build().map_err(Error::other)
}

/// Asks for a password on each level. The workload sends it.
#[cfg(feature = "access")]
fn password() -> health_runtime::access::Access {
    use health_runtime::{
        Levels,
        access::{Access, User, basic},
    };
    Access::new().levels(Levels::ALL, basic("health", [User::new("ada", "correct horse")]))
}

/// Merges the endpoint into a service with a route of its own.
pub(super) fn router(workload: &Workload) -> Result<Router> {
    if !cfg!(feature = "access") && !workload.headers.is_empty() {
        return Err(Error::other("passwords need the feature `access`"));
    }
    Ok(Router::new().route("/", get(|| async { super::bare::HELLO })).merge(endpoint(workload, MAX_AGE)?.router()))
}

/// Serves the endpoint on its own thread. The checks would run there as well, but their first results stay young: the clock
/// of that thread goes on under callgrind.
#[cfg(feature = "server")]
pub(super) fn server(workload: &Workload) -> Result<SocketAddr> {
    let endpoint = endpoint(workload, Duration::from_hours(1))?;
    let start = move || health_runtime::Server::new().listen("127.0.0.1:0", &endpoint).start();
    let thread = std::thread::spawn(start);
    let server = thread.join().map_err(|_| Error::other("the server panicked"))?.map_err(Error::other)?;
    let address = server.local_addrs()[0];
    // It serves until the process ends.
    std::mem::forget(server);
    Ok(address)
}

/// Returns the first response to the workload's request, which the bare subjects repeat.
pub(super) async fn first_response(workload: &Workload) -> Result<Content> {
    let request = Request::get(workload.path).body(Body::empty()).map_err(Error::other)?;
    let response = router(workload)?.oneshot(request).await.map_err(Error::other)?;
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.ok_or_else(|| Error::other("the response has no content type"))?.to_owned();
    let body = response.into_body().collect().await.map_err(Error::other)?.to_bytes().to_vec();
    Ok((content_type, body))
}
