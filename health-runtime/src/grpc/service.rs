use std::{
    convert::Infallible,
    sync::Arc,
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
    check::Answering,
    list::{self, List},
    services::Services,
    watch::PAUSE,
};
use crate::http::Endpoint;

const WATCH_INTERVAL: Duration = Duration::from_secs(10);

/// The service `grpc.health.v1.Health`, for a gRPC server of yours: `Check`, `Watch` and `List`.
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
///     .add_service(GrpcHealth::new(&health)) // beside your own services
///     .serve_with_shutdown("0.0.0.0:50051".parse()?, shutdown)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// Or on the port of an axum application, which needs axum's feature `http2`. Not inside `nest`: gRPC knows no prefixes.
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
/// # What can be asked for
///
/// | service | what it is about |
/// |---|---|
/// | empty | readiness: may this instance be sent requests? |
/// | `liveness`, `readiness`, `startup` | that group |
/// | `level/1` | every check |
/// | `level/2` to `level/5` | the checks of that level alone |
/// | the name of a check | that check; one that has a name from above can only be asked for over HTTP |
///
/// Pass and warn are `SERVING`, since the protocol has no word between, and fail is `NOT_SERVING`. A check in the
/// background that has no result yet is `UNKNOWN` when it is asked for by its name; groups and levels count it as they
/// do over HTTP.
///
/// # Methods
///
/// - `Check` runs what a request over HTTP would run, and shares runs and young results with it. A client's deadline that
///   is shorter than the report's is kept: what is not done shortly before counts as timed out. An unknown service is
///   `NOT_FOUND`.
/// - `Watch` tells the present status at once, then each change of it. It looks when a check has changed, and at an
///   interval ([`with_watch_interval`](Self::with_watch_interval)), at most once a second. An unknown service is
///   `SERVICE_UNKNOWN`, and the stream stays open.
/// - `List` tells the status of every service. Should the answer be longer than the 4 MiB that clients take, it is
///   `RESOURCE_EXHAUSTED`, and no check is run.
///
/// Requests may be compressed with gzip. A client that hangs up cancels no run.
///
/// # Shutting down
///
/// When a [drain](crate::Monitor::drain) begins, readiness is `NOT_SERVING` for those who watch it in the same moment, and each
/// `Watch` ends a second later with `UNAVAILABLE`, so that none holds up the end of the server by more than that.
/// Without a drain a `Watch` goes on until its client leaves.
///
/// # Who may ask
///
/// The endpoint's place decides what there is: of `health.levels(4..=5)?`, two levels and the groups. Under rules of
/// [`Access`](crate::access::Access), everybody may ask about the groups that have no policy and about the levels that are
/// [`public`](crate::access::public()). Everything else is like a service that does not exist: policies read HTTP requests
/// and are not asked here. With limits, no level is public, because they count requests over HTTP.
///
/// An interceptor grants more, by a [`Decision`](crate::access::Decision) among the extensions of the request: its levels,
/// and if there are any, every group.
///
/// ```
/// use health_runtime::{
///     Endpoint, GrpcHealth,
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
/// let access = Access::new().levels(4..=5, public()).levels(1..=3, closed());
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
/// Nothing but names and statuses leaves by this door, no message and no data.
///
/// # Panics
/// No call panics on a Tokio runtime whose timer is enabled, as every server of tonic and axum needs.
#[derive(Clone, Debug)]
#[must_use]
pub struct GrpcHealth {
    answering: Answering,
}

impl GrpcHealth {
    /// The health of an endpoint, as far as it is served at this place and open to callers. Clones share everything.
    pub fn new(endpoint: &Endpoint) -> Self {
        Self {
            answering: Answering {
                endpoint: endpoint.clone(),
                services: Arc::new(Services::of(endpoint.monitor())),
                watch_interval: WATCH_INTERVAL,
                start: Instant::now(),
            },
        }
    }

    /// How often a `Watch` looks although no check has told of a change: checks without an interval of their own change
    /// only when somebody asks, and mutes are no change of a check. All who watch look at the same time, and share the
    /// runs. Default: 10 s; less than a second is a second.
    pub const fn with_watch_interval(mut self, interval: Duration) -> Self {
        self.answering.watch_interval = if interval.as_nanos() < PAUSE.as_nanos() { PAUSE } else { interval };
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
        let answering = self.answering.clone();
        if request.uri().path() == list::PATH {
            let mut server = Grpc::new(ProstCodec::default()).accept_compressed(CompressionEncoding::Gzip);
            return Box::pin(async move { Ok(server.unary(List(answering), request).await) });
        }
        HealthServer::new(answering).accept_compressed(CompressionEncoding::Gzip).call(request)
    }
}
