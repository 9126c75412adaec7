//! The peer, the host and the original path of a request, which servers and routers leave among its extensions.

#[cfg(feature = "access-address")]
use std::net::SocketAddr;

#[cfg(feature = "access-address")]
use axum::extract::ConnectInfo;
use axum::{
    extract::OriginalUri,
    http::{Uri, header, request::Parts, uri::Authority},
};

use crate::access::{Authorizer, Caller, PeerAddress, PeerSocket};

/// Returns the socket at the other end of the connection.
pub(super) fn peer(parts: &Parts) -> PeerSocket {
    let address = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
    #[cfg(feature = "access-address")]
    let address = address.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0));
    match address {
        Some(address) => PeerSocket::Tcp(address),
        None => parts.extensions.get().copied().unwrap_or(PeerSocket::Unknown),
    }
}

/// Returns the URI as the client sent it, before routers around this one took their prefix off.
pub(super) fn original_uri(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}

/// Turns a request into the caller that access decides about.
pub(super) fn caller(authorizer: &Authorizer, parts: Parts) -> Caller {
    let (peer, uri) = (peer(&parts), original_uri(&parts).clone());
    authorizer.caller(parts, peer, uri)
}

/// Returns the host that the request was sent to: the authority of its target, which beats `Host` (RFC 9112, section 3.2.2)
/// and stands in its place in HTTP/2.
pub(super) fn host(request: &Parts) -> Option<&str> {
    let authority = original_uri(request).authority().map(Authority::as_str);
    authority.or_else(|| request.headers.get(header::HOST)?.to_str().ok())
}
