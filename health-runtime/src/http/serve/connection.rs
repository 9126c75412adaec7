//! One connection, from the first byte to the last.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    select,
    sync::{oneshot, watch},
    time::timeout,
};
use tower_service::Service as _;

use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls::{ClientCertificate, Identity};
use crate::http::access::OverUnixSocket;

/// How long a client may take for the head of a request, and how long a connection may be idle: longer than the pauses of
/// most probers, so that none finds its connection closed just as it asks.
const IDLE: Duration = Duration::from_secs(75);

/// Longer than honest heads, with the cookies of a browser and a token of 8 KiB.
const LONGEST_HEAD: usize = 32 * 1024;

/// How long an answer that is under way is waited for: longer than any report takes.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(11);

/// How long an answer may take to leave, when its place is needed for another connection.
const LAST_BYTES: Duration = Duration::from_millis(100);

/// When a connection has to end.
pub(super) struct Ends {
    /// Others need its place.
    pub(super) evicted: oneshot::Receiver<()>,
    /// The server stops, once the sender is gone.
    pub(super) stopping: watch::Receiver<()>,
}

/// How many requests of a connection are being answered: one, or none.
#[derive(Clone, Default)]
pub(super) struct Busy(Arc<AtomicUsize>);

impl Busy {
    pub(super) fn is_answering(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// One more, as long as what is returned lives.
    fn begin(&self) -> UnderWay {
        self.0.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }
}

struct UnderWay(Busy);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Who is at the other end.
#[derive(Clone)]
pub(super) struct Peer {
    address: Option<SocketAddr>,
    busy: Busy,
    #[cfg(feature = "tls")]
    certificate: Option<ClientCertificate>,
}

impl Peer {
    pub(super) fn at(address: Option<SocketAddr>) -> Self {
        Self {
            address,
            busy: Busy::default(),
            #[cfg(feature = "tls")]
            certificate: None,
        }
    }

    /// Whether it is being answered.
    pub(super) fn busy(&self) -> Busy {
        self.busy.clone()
    }
}

/// Serves a connection whose first byte is one of TLS.
#[cfg(feature = "tls")]
pub(super) async fn serve_secured(stream: Stream, mut peer: Peer, router: Router, identity: Identity, mut ends: Ends) {
    let outdated = identity.outdated();
    let secured = select! {
        secured = identity.accept(stream) => secured,
        _ = &mut ends.evicted => return,
        _ = ends.stopping.changed() => return,
    };
    match secured {
        Ok((stream, certificate)) => {
            peer.certificate = certificate;
            serve(stream, peer, router, ends, outdated.wait()).await;
        }
        Err(error) => {
            let peer = peer.address.map(tracing::field::display);
            tracing::debug!(peer, error, "a TLS handshake with the health endpoint failed");
        }
    }
}

/// Serves HTTP/1.1 until one of both sides has had enough. `outdated` resolves when what the client was let in by is no longer
/// so.
pub(super) async fn serve(
    stream: Stream,
    peer: Peer,
    router: Router,
    mut ends: Ends,
    outdated: impl Future<Output = ()>,
) {
    let service = Routes { router, peer };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_header_size(LONGEST_HEAD)
        .max_buf_size(2 * LONGEST_HEAD);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let is_evicted = select! {
        _ = connection.as_mut() => return,
        _ = &mut ends.evicted => true,
        _ = ends.stopping.changed() => false,
        () = outdated => false,
    };
    connection.as_mut().graceful_shutdown();
    if !is_evicted {
        select! {
            _ = timeout(LAST_ANSWERS, connection.as_mut()) => return,
            _ = &mut ends.evicted => {}
        }
    }
    let _ = timeout(LAST_BYTES, connection).await;
}

/// The routes as hyper calls them, with what a request tells of its connection.
struct Routes {
    router: Router,
    peer: Peer,
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
            None => drop(extensions.insert(OverUnixSocket)),
        }
        #[cfg(feature = "tls")]
        self.peer.certificate.clone().map(|certificate| extensions.insert(certificate));
        let under_way = self.peer.busy.begin();
        let answer = self.router.clone().call(request);
        Box::pin(async move {
            let _under_way = under_way;
            answer.await
        })
    }
}
