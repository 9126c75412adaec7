//! What the connection tells of a request.

use std::net::SocketAddr;

use axum::{
    extract::OriginalUri,
    http::{Uri, request::Parts},
};

/// The other end of the connection, if the service was told to say so.
#[cfg(feature = "peer-address")]
pub(super) fn peer(parts: &Parts) -> Option<SocketAddr> {
    parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|peer| peer.0)
}

#[cfg(not(feature = "peer-address"))]
pub(super) const fn peer(_parts: &Parts) -> Option<SocketAddr> {
    None
}

/// The path as the client wrote it, before routers around this one took their prefix off.
pub(in crate::http) fn original_uri(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}
