//! Bindings: an address or socket to listen on, and the routes that are served there.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

#[cfg(unix)]
use super::unix_socket::{SocketGuard, UnixSocket};
use super::{
    connection::{self, SHUTDOWN_GRACE},
    handle::ShutdownSignal,
    listening::accept_connections,
    served_routes::{AddedCheck, ConnectedClient, ServedRoutes},
    tcp_address::TcpAddress,
    tls::{Identity, Tls},
};
use crate::{byte_stream::ByteStream, error::Problem};

/// A binding that is not open yet.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) address: ListenAddress,
    pub(super) routes: ServedRoutes,
    pub(super) tls: Option<Tls>,
}

#[derive(Debug)]
pub(super) enum ListenAddress {
    Tcp(TcpAddress),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// A binding whose socket listens.
pub(super) struct OpenBinding {
    pub(super) socket: ListeningSocket,
    routes: ServedRoutes,
    identity: Option<Identity>,
    /// The check of the identity's certificate.
    certificate_check: Option<AddedCheck>,
}

pub(super) enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _guard: SocketGuard,
    },
}

impl Binding {
    pub(super) const fn new(address: ListenAddress, routes: ServedRoutes) -> Self {
        Self { address, routes, tls: None }
    }

    /// Opens the socket, on the runtime that serves it.
    ///
    /// # Errors
    /// All problems of the address and of the files for TLS.
    pub(super) async fn open(self) -> Result<OpenBinding, Vec<Problem>> {
        let identity = self.tls.map(Identity::load).transpose();
        let socket = self.address.listen().await.map_err(|problem| vec![problem]);
        match (identity, socket) {
            (Ok(identity), Ok(socket)) => {
                let check = |identity: &Identity| {
                    self.routes.add_check("tls_certificate", |name| identity.certificate_check(name))
                };
                let check = identity.as_ref().and_then(check);
                Ok(OpenBinding { socket, routes: self.routes, identity, certificate_check: check })
            }
            (identity, socket) => Err([identity.err(), socket.err()].into_iter().flatten().flatten().collect()),
        }
    }
}

impl ListenAddress {
    async fn listen(self) -> Result<ListeningSocket, Problem> {
        match self {
            Self::Tcp(address) => address.listen().map(ListeningSocket::Tcp),
            #[cfg(unix)]
            Self::Unix(socket) => {
                let (listener, guard) = socket.listen().await?;
                Ok(ListeningSocket::Unix { listener, _guard: guard })
            }
        }
    }
}

impl ListeningSocket {
    /// Accepts the next connection, with the address of its client; a connection over a Unix socket has none.
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(ByteStream, Option<SocketAddr>)>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, client) = ready!(listener.poll_accept(context))?;
                // A response is one write, which must not wait for the acknowledgement of another.
                let _ = stream.set_nodelay(true);
                Poll::Ready(Ok((Box::new(stream), Some(client))))
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

impl OpenBinding {
    /// Serves the routes until the server stops and the last response is sent.
    pub(super) async fn serve(self, mut shutdown: ShutdownSignal) {
        let Self { socket, routes, identity, certificate_check: _check } = self;
        if let Some(identity) = &identity {
            tokio::spawn(identity.keep_current());
        }
        let signal = shutdown.clone();
        let serve = move |(stream, address), activity| {
            let (client, routes, shutdown) = (ConnectedClient::at(address), routes.clone(), signal.clone());
            let identity = identity.clone();
            async move {
                match identity {
                    Some(identity) => {
                        connection::serve_tls(stream, client, routes, identity, activity, shutdown).await;
                    }
                    None => connection::serve(stream, client, routes, activity, shutdown, pending()).await,
                }
            }
        };
        let poll_accept = move |context: &mut Context<'_>| socket.poll_accept(context);
        accept_connections(poll_accept, serve, shutdown.received(), SHUTDOWN_GRACE).await;
    }
}
