use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;
use tonic::{
    body::Body,
    codec::CompressionEncoding,
    codegen::{Body as HttpBody, BoxFuture, Service, StdError, http},
    server::{Grpc, NamedService},
};
use tonic_health::pb::health_server::{HealthServer, SERVICE_NAME};
use tonic_prost::ProstCodec;

use super::{
    health_service::HealthService,
    list::{self, ListMethod},
    watch::MIN_REPORT_INTERVAL,
};
use crate::http::Endpoint;

const DEFAULT_WATCH_INTERVAL: Duration = Duration::from_secs(10);

/// The service `grpc.health.v1.Health` for your gRPC server: `Check`, `Watch` and `List`.
///
/// ```no_run
/// use std::time::Duration;
///
/// use health_runtime::{Endpoint, GrpcHealth};
/// use tonic::transport::Server;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// let shutdown = health.monitor().graceful_shutdown(Duration::from_secs(15));
/// Server::builder()
///     .add_service(GrpcHealth::new(&health)) // next to your own services
///     .serve_with_shutdown("0.0.0.0:50051".parse()?, shutdown)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// Or on the port of an axum application, which needs axum's feature `http2`. It does not work inside `nest`: gRPC has no path
/// prefixes.
///
/// ```
/// use health_runtime::{Endpoint, GrpcHealth};
///
/// let health = Endpoint::builder().build()?;
/// let app: axum::Router = axum::Router::new()
///     .merge(health.router())
///     .route_service("/grpc.health.v1.Health/{*method}", GrpcHealth::new(&health));
/// # let _ = app;
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// # Services
///
/// | service | meaning |
/// |---|---|
/// | empty | readiness: whether this instance can be sent requests |
/// | `liveness`, `readiness`, `startup` | that group |
/// | `level/1` | every check |
/// | `level/2` to `level/5` | the checks of that level alone |
/// | the name of a check | that check; a check with a name from above is available over HTTP only |
///
/// Pass and warn are `SERVING`, because the protocol has no word for a warning, and fail is `NOT_SERVING`. A background check
/// without a result is `UNKNOWN` under its own name; groups and levels count it as they do over HTTP.
///
/// # Methods
///
/// - `Check` runs the same checks as a request over HTTP, and shares runs and recent results with it. If the client's deadline is
///   shorter than the report's, checks that have not finished shortly before it count as timed out. `health-path` and
///   `health-budget` among the metadata mean the same as over HTTP; a malformed one is `INVALID_ARGUMENT`. An unknown service is
///   `NOT_FOUND`.
/// - `Watch` sends the current status at once, then each change. It makes a report when a check has changed, and at an
///   interval ([`with_watch_interval`](Self::with_watch_interval)), at most once a second. An unknown service is
///   `SERVICE_UNKNOWN`, and the stream stays open: it goes on when a check of this name is
///   [added](crate::Monitor::add), and is unknown again once that check is removed.
/// - `List` sends the status of every service. If the response would exceed the 4 MiB that clients accept, it is
///   `RESOURCE_EXHAUSTED`, and no check runs.
///
/// Requests may be compressed with gzip. A client that disconnects cancels no run.
///
/// # Shutting down
///
/// When a [drain](crate::Monitor::drain) begins, each `Watch` on readiness sends `NOT_SERVING` at once, and every
/// `Watch` ends a second later with `UNAVAILABLE`, so that it delays the server's shutdown by no more than that.
/// Without a drain a `Watch` goes on until its client disconnects.
///
/// # Access
///
/// The endpoint limits the services: `health.levels(Level::L4..=Level::L5)` has two levels and the groups. With rules of
/// [`Access`](crate::access::Access), everybody may ask about the groups without a policy and about the levels that are
/// [`public`](crate::access::public()). Every other service is unknown, because policies read HTTP requests
/// and are not applied here. With limits, no level is public, because limits count requests over HTTP.
///
/// An interceptor grants more with a [`Decision`](crate::access::Decision) in the extensions of the request: its levels,
/// and, if it has any, every group.
///
/// ```
/// use health_runtime::{
///     Endpoint, GrpcHealth, Level,
///     access::{Access, Decision, closed, public},
/// };
/// use tonic::{Request, Status, metadata::MetadataMap, service::interceptor::InterceptedService, transport::Server};
///
/// /// Yours: a token, a client certificate, an address.
/// fn is_operator(metadata: &MetadataMap) -> bool {
///     metadata.get("authorization").is_some_and(|token| verify(token.as_bytes()))
/// }
/// # fn verify(_token: &[u8]) -> bool { false }
///
/// let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, closed());
/// let health = Endpoint::builder().access(access).build()?;
/// let service = InterceptedService::new(GrpcHealth::new(&health), |mut request: Request<()>| {
///     if is_operator(request.metadata()) {
///         request.extensions_mut().insert(Decision::allow());
///     }
///     Ok::<_, Status>(request)
/// });
/// let server = Server::builder().add_service(service);
/// # let _ = server;
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// The service shows names and statuses only, never messages or data.
///
/// # Panics
/// No call panics on a Tokio runtime whose timer is enabled, as every server of tonic and axum needs.
#[derive(Clone, Debug)]
#[must_use]
pub struct GrpcHealth {
    service: HealthService,
}

impl GrpcHealth {
    /// Serves the health of an endpoint: its levels and groups, as far as callers may see them. Clones share everything.
    pub fn new(endpoint: &Endpoint) -> Self {
        Self {
            service: HealthService {
                endpoint: endpoint.clone(),
                watch_interval: DEFAULT_WATCH_INTERVAL,
                start: Instant::now(),
            },
        }
    }

    /// Sets the interval at which a `Watch` makes a report although no check has changed: checks without an interval
    /// change only on request, and a mute is not a change of a check. All watches look at the same time, and share the
    /// runs. Default: 10 s; less than a second counts as a second.
    pub const fn with_watch_interval(mut self, interval: Duration) -> Self {
        self.service.watch_interval =
            if interval.as_nanos() < MIN_REPORT_INTERVAL.as_nanos() { MIN_REPORT_INTERVAL } else { interval };
        self
    }
}

impl NamedService for GrpcHealth {
    const NAME: &'static str = SERVICE_NAME;
}

impl<B> Service<http::Request<B>> for GrpcHealth
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let service = self.service.clone();
        if request.uri().path() == list::METHOD_PATH {
            let mut server = Grpc::new(ProstCodec::default()).accept_compressed(CompressionEncoding::Gzip);
            return Box::pin(async move { Ok(server.unary(ListMethod(service), request).await) });
        }
        HealthServer::new(service).accept_compressed(CompressionEncoding::Gzip).call(request)
    }
}
