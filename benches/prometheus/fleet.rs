//! Instances in one process, each with an endpoint of its own at a path of its own.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};
use health_benches::server::listen;
use health_runtime::{Check, Endpoint, Level};
use tower::ServiceExt as _;

use super::Result;

pub(super) struct Fleet {
    pub(super) address: SocketAddr,
    pub(super) instances: usize,
    /// Length of the metrics of one instance.
    pub(super) body_bytes: usize,
}

/// Serves the metrics of each instance at `/{instance}/health/metrics`. Every check was run once.
pub(super) async fn serve(instances: usize, checks: usize, has_histogram: bool) -> Result<Fleet> {
    let mut routers = Vec::with_capacity(instances);
    for _ in 0..instances {
        let checks = (0..checks).map(|check| {
            let level = Level::ALL[check % Level::ALL.len()];
            Check::new(format!("database_{check}"), level, || async { true }).display("Orders database")
        });
        let builder = Endpoint::builder().without_declared_checks().checks(checks);
        let builder = if has_histogram { builder } else { builder.without_duration_histogram() };
        let router = builder.build()?.router();
        let run = Request::get("/health/levels").body(axum::body::Body::empty())?;
        let status = router.clone().oneshot(run).await?.status();
        assert!(status.is_success(), "every check passes");
        routers.push(router);
    }
    let scrape = Request::get("/health/metrics").body(axum::body::Body::empty())?;
    let answer = routers[0].clone().oneshot(scrape).await?;
    let body_bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await?.len();
    let router = Router::new().route("/{instance}/health/metrics", get(metrics)).with_state(Arc::new(routers));
    Ok(Fleet { address: listen(router).await?, instances, body_bytes })
}

/// Hands the request, with the scraper's headers, to the endpoint of the instance.
async fn metrics(State(routers): State<Arc<Vec<Router>>>, Path(instance): Path<usize>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.uri = axum::http::Uri::from_static("/health/metrics");
    parts.extensions.clear();
    match routers[instance].clone().oneshot(Request::from_parts(parts, body)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
