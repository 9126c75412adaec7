//! What the connection tells of a request.

use std::net::SocketAddr;

/// The socket at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PeerSocket {
    Tcp(SocketAddr),
    /// A Unix socket of a [`Server`](crate::Server), which marks its requests with this value as an extension.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only the crate's own server listens there"))]
    Unix,
    /// The server does not report it.
    Unknown,
}

impl PeerSocket {
    pub(crate) const fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(address),
            Self::Unix | Self::Unknown => None,
        }
    }
}

/// The address of the other end of the connection, which a server without axum puts into the extensions of a request for
/// [`Endpoint::respond`](crate::Endpoint::respond). With axum `ConnectInfo<SocketAddr>` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);
