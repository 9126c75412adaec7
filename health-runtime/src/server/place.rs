//! One place where the endpoint is served: something to listen on, and the routes that are there.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use axum::Router;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
};

#[cfg(feature = "server-tls")]
use super::tls::{Identity, Tls};
#[cfg(unix)]
use super::unix::{Remains, UnixSocket};
use super::{
    connection::{self, LAST_ANSWERS, Peer},
    stream::Stream,
};
use crate::{
    error::Problem,
    server::listening::{BACKLOG, accept_connections, bind},
};

/// A place that is not open yet.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) address: Address,
    pub(super) router: Router,
    #[cfg(feature = "server-tls")]
    pub(super) tls: Option<Tls>,
}

#[derive(Debug)]
pub(super) enum Address {
    /// An address or a name, with a port.
    Tcp(String),
    /// A socket that is bound already.
    Bound(TcpSocket),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// A place that is open.
pub(super) struct Place {
    pub(super) listener: Listener,
    pub(super) router: Router,
    #[cfg(feature = "server-tls")]
    pub(super) identity: Option<Identity>,
}

pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _remains: Remains,
    },
}

impl Plan {
    pub(super) const fn new(address: Address, router: Router) -> Self {
        Self {
            address,
            router,
            #[cfg(feature = "server-tls")]
            tls: None,
        }
    }

    /// Opens the place, on the runtime that serves it.
    ///
    /// # Errors
    /// Everything that is in the way.
    pub(super) async fn open(self) -> Result<Place, Vec<Problem>> {
        #[cfg(feature = "server-tls")]
        let identity = self.tls.map(Identity::load).transpose();
        let listener = self.address.open().await;
        #[cfg(feature = "server-tls")]
        let (identity, listener) = match (identity, listener) {
            (Ok(identity), listener) => (identity, listener),
            (Err(mut problems), listener) => {
                problems.extend(listener.err());
                return Err(problems);
            }
        };
        Ok(Place {
            listener: listener.map_err(|problem| vec![problem])?,
            router: self.router,
            #[cfg(feature = "server-tls")]
            identity,
        })
    }
}

impl Address {
    async fn open(self) -> Result<Listener, Problem> {
        let (name, listener) = match self {
            Self::Tcp(address) => {
                let listener = bind(&address).and_then(|socket| socket.listen(BACKLOG)).map(Listener::Tcp);
                (address, listener)
            }
            Self::Bound(socket) => {
                let name = socket.local_addr().map(|address| address.to_string()).unwrap_or_default();
                (name, socket.listen(BACKLOG).map(Listener::Tcp))
            }
            #[cfg(unix)]
            Self::Unix(socket) => {
                let listener = socket.bind().await;
                let listener = listener.map(|(listener, remains)| Listener::Unix { listener, _remains: remains });
                (socket.path().display().to_string(), listener)
            }
        };
        listener.map_err(|error| Problem::CannotListen { address: name, fault: error.to_string() })
    }
}

impl Listener {
    /// Accepts the next connection, with the address that it comes from; one over a Unix socket comes from none.
    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = ready!(listener.poll_accept(context))?;
                // An answer is one write, which is not to wait for the acknowledgement of another.
                let _ = stream.set_nodelay(true);
                Poll::Ready(Ok((Box::new(stream), Some(peer))))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = ready!(listener.poll_accept(context))?;
                Poll::Ready(Ok((Box::new(stream), None)))
            }
        }
    }

    pub(super) fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix { .. } => None,
        }
    }
}

impl Place {
    /// Serves the place until the server stops and the last answer is given.
    pub(super) async fn serve(self, stopping: watch::Receiver<()>) {
        let Self { listener, router, .. } = self;
        #[cfg(feature = "server-tls")]
        let identity = self.identity;
        let mut stop = stopping.clone();
        let serve = move |(stream, address), activity| {
            let (peer, router, stopping) = (Peer::at(address), router.clone(), stopping.clone());
            #[cfg(feature = "server-tls")]
            let identity = identity.clone();
            async move {
                #[cfg(feature = "server-tls")]
                if let Some(identity) = identity {
                    return connection::serve_secured(stream, peer, router, identity, activity, stopping).await;
                }
                connection::serve(stream, peer, router, activity, stopping, pending()).await;
            }
        };
        let stopped = async move {
            // Fails when the sender is gone, which is how a server stops.
            let _ = stop.changed().await;
        };
        accept_connections(move |context| listener.poll_accept(context), serve, stopped, LAST_ANSWERS).await;
    }
}
