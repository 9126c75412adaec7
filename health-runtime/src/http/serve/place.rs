//! One place where the endpoint is served: something to listen on, and the routes that are there.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdTcpListener},
};

use axum::Router;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls::{Identity, Tls};
#[cfg(unix)]
use super::unix::{Remains, UnixSocket};
use crate::error::Problem;

/// A place that is not open yet.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) address: Address,
    pub(super) router: Router,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

#[derive(Debug)]
pub(super) enum Address {
    /// An address or a name, with a port.
    Tcp(String),
    /// Somebody opened it already.
    Open(StdTcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// A place that is open.
pub(super) struct Place {
    pub(super) listener: Listener,
    pub(super) router: Router,
    #[cfg(feature = "tls")]
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
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Opens the place, on the runtime that serves it.
    ///
    /// # Errors
    /// Everything that is in the way.
    pub(super) async fn open(self) -> Result<Place, Vec<Problem>> {
        #[cfg(feature = "tls")]
        let identity = self.tls.map(Identity::load).transpose();
        let listener = self.address.open().await;
        #[cfg(feature = "tls")]
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
            #[cfg(feature = "tls")]
            identity,
        })
    }
}

impl Address {
    async fn open(self) -> Result<Listener, Problem> {
        let (name, listener) = match self {
            Self::Tcp(address) => {
                let listener = TcpListener::bind(&address).await.map(Listener::Tcp);
                (address, listener)
            }
            Self::Open(listener) => {
                let name = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
                (name, TcpListener::from_std(listener).map(Listener::Tcp))
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
    /// The next connection, with the address that it comes from; one over a Unix socket comes from none.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // An answer is one write, which is not to wait for the acknowledgement of another.
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), Some(peer)))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => Ok((Box::new(listener.accept().await?.0), None)),
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
