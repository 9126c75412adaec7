use std::{
    borrow::Borrow,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

#[cfg(feature = "access-credentials")]
use http::HeaderName;
use http::{HeaderValue, Uri, request::Parts};
use tokio::runtime::Handle;

use crate::check_runtime::CheckRuntime;

/// The caller of a request, as a [`Policy`](super::Policy) sees it.
///
/// Clones share everything. `Debug` shows no headers, because they hold secrets.
#[derive(Clone)]
pub struct Caller {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    /// The URI as the client sent it.
    uri: Uri,
    peer: Option<SocketAddr>,
    address: Option<IpAddr>,
    /// Identifies the request.
    id: u64,
}

impl Caller {
    /// `address` is the client's, which differs from the peer's behind a proxy.
    pub(super) fn new(parts: Parts, uri: Uri, peer: Option<SocketAddr>, address: Option<IpAddr>) -> Self {
        static REQUESTS: AtomicU64 = AtomicU64::new(0);
        Self { inner: Arc::new(Inner { parts, uri, peer, address, id: REQUESTS.fetch_add(1, Ordering::Relaxed) }) }
    }

    /// Returns the method: `GET`, `HEAD` or `OPTIONS`; `POST` for the routes that take a body.
    #[must_use]
    pub fn method(&self) -> &str {
        self.inner.parts.method.as_str()
    }

    /// Returns the path as the client sent it, percent-encoded, before routers took their prefix off.
    #[must_use]
    pub fn path(&self) -> &str {
        self.inner.uri.path()
    }

    /// Returns the query as the client sent it, without its `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.inner.uri.query()
    }

    /// Returns the value of a header that was sent once and is visible ASCII. A header that was sent twice has no
    /// value, because a gateway may have checked the other one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.header_values(name);
        let only = values.next()?;
        if values.next().is_some() {
            None
        } else {
            std::str::from_utf8(only).ok().filter(|text| is_visible(text.as_bytes()))
        }
    }

    /// Iterates over all values of a header, as bytes.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.inner.parts.headers.get_all(name).iter().map(HeaderValue::as_bytes)
    }

    /// Iterates over all values of a header, as bytes, without a search for its name among the known ones.
    #[cfg(feature = "access-credentials")]
    pub(super) fn values_of(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.inner.parts.headers.get_all(name).iter().map(HeaderValue::as_bytes)
    }

    /// Returns the other end of the connection, which may be a proxy.
    ///
    /// `None` if the service is not served with `into_make_service_with_connect_info::<SocketAddr>()` (which needs the
    /// feature `access-address`), and the request has no [`PeerAddress`](super::PeerAddress) either.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.inner.peer
    }

    /// Returns the client's address: the peer's, or the one that the declared proxies report. An IPv4 address that is
    /// mapped into IPv6 is returned as IPv4.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.inner.address
    }

    /// Returns a value that a layer around the endpoint put into the request's extensions, such as a verified client
    /// certificate.
    #[must_use]
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.parts.extensions.get()
    }

    #[cfg(feature = "access-credentials")]
    pub(super) fn id(&self) -> u64 {
        self.inner.id
    }

    /// Returns the runtime for a user's policy: the application's, as for checks, if another one serves the request.
    pub(super) fn runtime(&self) -> Option<Handle> {
        CheckRuntime::from_extensions(&self.inner.parts.extensions).cloned().or_else(|| Handle::try_current().ok())
    }
}

impl Borrow<Parts> for Caller {
    fn borrow(&self) -> &Parts {
        &self.inner.parts
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("peer", &self.inner.peer)
            .field("address", &self.inner.address)
            .field("request", &self.inner.id)
            .finish_non_exhaustive()
    }
}

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

/// The address of the other end of the connection. Servers without axum put it into the extensions of a request for
/// [`Endpoint::respond`](crate::Endpoint::respond); with axum, `ConnectInfo<SocketAddr>` serves the same purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);

/// Returns the network that counts as one client: an IPv4 address, or a /64 of IPv6, which one client owns as a whole.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    prefix(address, 32, 64)
}

/// Returns the first bits of an address.
pub(super) fn prefix(address: IpAddr, of_ipv4: u32, of_ipv6: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - of_ipv4))).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - of_ipv6))).into(),
    }
}

/// Returns whether a text is visible ASCII and spaces, so that a header can carry it.
pub(super) fn is_visible(text: &[u8]) -> bool {
    text.iter().all(|byte| (0x20..0x7f).contains(byte))
}
