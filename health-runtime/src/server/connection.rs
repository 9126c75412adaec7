//! One connection over HTTP or HTTPS.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::{
    http::{HeaderValue, Method, header},
    response::Response,
};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{select, time::timeout};

use super::{
    handle::ShutdownSignal,
    listening::Activity,
    served_routes::{ConnectedClient, ServedRoutes},
    stream::WatchedStream,
    tls::Identity,
};
use crate::{
    byte_stream::ByteStream,
    http::ProblemDetails,
    log::{self, Topic},
    maybe_ready::MaybeReady,
};

/// Time that a client has to send the head of a request, and that a connection may be idle: longer than the pauses of most
/// probers, so that no prober finds its connection closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Longer than real heads, with a browser's cookies and a token of 8 KiB.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Time in which a stopped server finishes its responses: longer than any report takes.
pub(super) const SHUTDOWN_GRACE: Duration = Duration::from_secs(11);

/// Time in which an evicted connection sends the rest of its response.
const EVICTION_GRACE: Duration = Duration::from_millis(100);

/// Time after which an evicted client may ask again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

const CLOSE_CONNECTION: HeaderValue = HeaderValue::from_static("close");

/// Serves a connection that begins with a TLS handshake.
pub(super) async fn serve_tls(
    stream: ByteStream,
    mut client: ConnectedClient,
    routes: ServedRoutes,
    identity: Identity,
    activity: Arc<Activity>,
    mut shutdown: ShutdownSignal,
) {
    let expiry = identity.expiry();
    let accepted = select! {
        accepted = identity.accept(stream) => accepted,
        () = activity.evicted() => return,
        () = shutdown.received() => return,
    };
    match accepted {
        Ok((stream, certificate)) => {
            client.certificate.clone_from(&certificate);
            serve(stream, client, routes, activity, shutdown, expiry.reached(certificate)).await;
        }
        // Any stranger can cause it, so it is only logged at debug level.
        Err(error) if tracing::enabled!(tracing::Level::DEBUG) => {
            log::write(Topic::Server, move || {
                let client = client.address.map(tracing::field::display);
                tracing::debug!(client, error, "TLS handshake with the health endpoint failed");
            });
        }
        Err(_) => {}
    }
}

/// Serves HTTP/1.1 until the client closes, the server stops, or `expired` resolves.
pub(super) async fn serve(
    stream: ByteStream,
    client: ConnectedClient,
    routes: ServedRoutes,
    activity: Arc<Activity>,
    mut shutdown: ShutdownSignal,
    expired: impl Future<Output = ()>,
) {
    let service = ConnectionService { routes, client, activity: Arc::clone(&activity) };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(2 * MAX_HEAD_BYTES);
    let stream = WatchedStream::new(stream, Arc::clone(&activity));
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let is_evicted = select! {
        biased;
        _ = connection.as_mut() => return,
        () = activity.evicted() => true,
        () = shutdown.received() => false,
        () = expired => false,
    };
    if is_evicted && !activity.is_answering() {
        return;
    }
    connection.as_mut().graceful_shutdown();
    if !is_evicted {
        select! {
            _ = timeout(SHUTDOWN_GRACE, connection.as_mut()) => return,
            () = activity.evicted() => {}
        }
    }
    let _ = timeout(EVICTION_GRACE, connection).await;
}

/// Hands requests to the routes, with the client of their connection.
struct ConnectionService {
    routes: ServedRoutes,
    client: ConnectedClient,
    activity: Arc<Activity>,
}

impl Service<Request<Incoming>> for ConnectionService {
    type Response = Response;
    type Error = Infallible;
    type Future = MaybeReady<Result<Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let handling = self.activity.handle_request();
        // `OPTIONS *` asks whether the server runs at all (RFC 9110, section 9.3.7). Apache uses it as a health check.
        if *request.method() == Method::OPTIONS && request.uri().path() == "*" {
            return MaybeReady::ready(Ok(Response::default()));
        }
        match self.routes.answer(request, &self.client).try_ready() {
            Ok(answer) => MaybeReady::ready(Ok(answer)),
            Err(answer) => {
                let activity = Arc::clone(&self.activity);
                MaybeReady::boxed(async move {
                    let _handling = handling;
                    select! {
                        biased;
                        answer = answer => Ok(answer),
                        () = activity.evicted() => Ok(overloaded()),
                    }
                })
            }
        }
    }
}

/// The response to a request whose connection is evicted before its report is ready.
fn overloaded() -> Response {
    let problem = ProblemDetails::unavailable("the server is answering too many requests; ask again later");
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    headers.insert(header::CONNECTION, CLOSE_CONNECTION);
    response
}
