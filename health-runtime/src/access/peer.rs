//! What the connection tells of a request.

use std::net::SocketAddr;

use axum::{
    extract::OriginalUri,
    http::{Uri, request::Parts},
};

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    At(SocketAddr),
    OverUnixSocket,
    /// The service was not told to say.
    Unknown,
}

impl Peer {
    pub(crate) fn of(parts: &Parts) -> Self {
        match address(parts) {
            Some(address) => Self::At(address),
            None if parts.extensions.get::<OverUnixSocket>().is_some() => Self::OverUnixSocket,
            None => Self::Unknown,
        }
    }

    pub(crate) const fn address(self) -> Option<SocketAddr> {
        match self {
            Self::At(address) => Some(address),
            Self::OverUnixSocket | Self::Unknown => None,
        }
    }
}

/// The address of the other end of the connection, which a server without axum puts into the extensions of a request for
/// [`Endpoint::respond`](crate::Endpoint::respond). With axum `ConnectInfo<SocketAddr>` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);

fn address(parts: &Parts) -> Option<SocketAddr> {
    let told = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
    #[cfg(feature = "access-address")]
    let told = told.or_else(|| parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|peer| peer.0));
    told
}

/// What requests carry that come over a Unix socket of a [`Server`](crate::Server).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "there is no server of this crate to say so"))]
pub(crate) struct OverUnixSocket;

/// The path as the client wrote it, before routers around this one took their prefix off.
pub(crate) fn original_uri(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}
