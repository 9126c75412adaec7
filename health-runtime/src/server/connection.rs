//! One connection, from the first byte to the last.

use std::{
    convert::Infallible,
    future::ready,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, Method, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{select, sync::watch, time::timeout};
use tower_service::Service as _;

use super::listening::Activity;
use super::stream::{Stream, WatchedStream};
#[cfg(feature = "server-tls")]
use super::tls::Identity;
#[cfg(feature = "server-tls")]
use crate::{
    access::ClientCertificate,
    log::{self, Topic},
};
use crate::{access::PeerSocket, http::ProblemDetails};

/// How long a client may take for the head of a request, and how long a connection may be idle: longer than the pauses of
/// most probers, so that none finds its connection closed just as it asks.
const IDLE: Duration = Duration::from_secs(75);

/// Longer than honest heads, with the cookies of a browser and a token of 8 KiB.
const LONGEST_HEAD: usize = 32 * 1024;

/// How long an answer that is under way is waited for: longer than any report takes.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(11);

/// How long an answer may take to leave, when its place is needed for another connection.
const LAST_BYTES: Duration = Duration::from_millis(100);

/// When to ask again, if there was no room.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Who is at the other end.
#[derive(Clone)]
pub(super) struct Peer {
    address: Option<SocketAddr>,
    #[cfg(feature = "server-tls")]
    certificate: Option<ClientCertificate>,
}

impl Peer {
    pub(super) fn at(address: Option<SocketAddr>) -> Self {
        Self {
            address,
            #[cfg(feature = "server-tls")]
            certificate: None,
        }
    }
}

/// Serves a connection whose first byte is one of TLS.
#[cfg(feature = "server-tls")]
pub(super) async fn serve_secured(
    stream: Stream,
    mut peer: Peer,
    router: Router,
    identity: Identity,
    activity: Arc<Activity>,
    mut stopping: watch::Receiver<()>,
) {
    let outdated = identity.outdated();
    let secured = select! {
        secured = identity.accept(stream) => secured,
        () = activity.evicted() => return,
        _ = stopping.changed() => return,
    };
    match secured {
        Ok((stream, certificate)) => {
            peer.certificate.clone_from(&certificate);
            serve(stream, peer, router, activity, stopping, outdated.wait(certificate)).await;
        }
        // Any stranger can repeat it, so it takes no room in the log unless somebody wants to see it.
        Err(error) if tracing::enabled!(tracing::Level::DEBUG) => {
            log::write(Topic::Server, move || {
                let peer = peer.address.map(tracing::field::display);
                tracing::debug!(peer, error, "a TLS handshake with the health endpoint failed");
            });
        }
        Err(_) => {}
    }
}

/// Serves HTTP/1.1 until one of both sides has had enough. `outdated` resolves when what the client was let in by is no longer
/// so.
pub(super) async fn serve(
    stream: Stream,
    peer: Peer,
    router: Router,
    activity: Arc<Activity>,
    mut stopping: watch::Receiver<()>,
    outdated: impl Future<Output = ()>,
) {
    let service = Routes { router, peer, activity: Arc::clone(&activity) };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_header_size(LONGEST_HEAD)
        .max_buf_size(2 * LONGEST_HEAD);
    let stream = WatchedStream::new(stream, Arc::clone(&activity));
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let is_evicted = select! {
        biased;
        _ = connection.as_mut() => return,
        () = activity.evicted() => true,
        _ = stopping.changed() => false,
        () = outdated => false,
    };
    if is_evicted && !activity.is_answering() {
        return;
    }
    connection.as_mut().graceful_shutdown();
    if !is_evicted {
        select! {
            _ = timeout(LAST_ANSWERS, connection.as_mut()) => return,
            () = activity.evicted() => {}
        }
    }
    let _ = timeout(LAST_BYTES, connection).await;
}

/// The routes as hyper calls them, with what a request tells of its connection.
struct Routes {
    router: Router,
    peer: Peer,
    activity: Arc<Activity>,
}

impl Service<hyper::Request<Incoming>> for Routes {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request: Request = request.map(Body::new);
        let extensions = request.extensions_mut();
        match self.peer.address {
            Some(address) => drop(extensions.insert(ConnectInfo(address))),
            None => drop(extensions.insert(PeerSocket::Unix)),
        }
        #[cfg(feature = "server-tls")]
        self.peer.certificate.clone().map(|certificate| extensions.insert(certificate));
        let handling = self.activity.handle_request();
        // `OPTIONS *` asks whether there is a server at all (RFC 9110, section 9.3.7), which Apache takes for a health check.
        if *request.method() == Method::OPTIONS && request.uri().path() == "*" {
            return Box::pin(ready(Ok(Response::default())));
        }
        let answer = self.router.clone().call(request);
        let activity = Arc::clone(&self.activity);
        Box::pin(async move {
            let _handling = handling;
            select! {
                biased;
                answer = answer => answer,
                () = activity.evicted() => Ok(overloaded()),
            }
        })
    }
}

/// Answers a request that other requests displace while its report is being made.
fn overloaded() -> Response {
    let problem = ProblemDetails::unavailable("too many requests are being answered here; ask again later");
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, RETRY_AFTER);
    headers.insert(header::CONNECTION, CLOSE);
    response
}
