use std::{
    borrow::Borrow,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderValue, Uri, request::Parts};
use tokio::runtime::Handle;

use crate::check_runtime::CheckRuntime;

/// Who asks, as far as the request tells: what a [`Policy`](super::Policy) decides by.
///
/// It is a handle: clones share everything. Its `Debug` shows no headers, because secrets stand in them.
#[derive(Clone)]
pub struct Caller {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    /// As the client sent it.
    uri: Uri,
    peer: Option<SocketAddr>,
    address: Option<IpAddr>,
    /// Tells requests apart, however alike they are.
    id: u64,
}

impl Caller {
    /// `address` is whom the peer speaks for, if it is a proxy.
    pub(super) fn new(parts: Parts, uri: Uri, peer: Option<SocketAddr>, address: Option<IpAddr>) -> Self {
        static REQUESTS: AtomicU64 = AtomicU64::new(0);
        Self { inner: Arc::new(Inner { parts, uri, peer, address, id: REQUESTS.fetch_add(1, Ordering::Relaxed) }) }
    }

    /// The method: `GET`, `HEAD` or `OPTIONS`; `POST` if it asks for a token.
    #[must_use]
    pub fn method(&self) -> &str {
        self.inner.parts.method.as_str()
    }

    /// The path as it was sent, percent-encoded, before routers around the endpoint took their prefix off.
    #[must_use]
    pub fn path(&self) -> &str {
        self.inner.uri.path()
    }

    /// The query as it was sent, without its `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.inner.uri.query()
    }

    /// The value of a header that was sent once and is visible ASCII. One that was sent twice has no value, because
    /// a gateway may have looked at the other one.
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

    /// Every value of a header, as bytes.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.inner.parts.headers.get_all(name).iter().map(HeaderValue::as_bytes)
    }

    /// The other end of the connection, which may be a proxy.
    ///
    /// `None` if the service is not served with `into_make_service_with_connect_info::<SocketAddr>()` (for which the feature
    /// `peer-address` is needed), and the request has no [`PeerAddress`](super::PeerAddress) either.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.inner.peer
    }

    /// The address of the client: the peer's, or the one that the declared proxies vouch for. An IPv4 address that is
    /// mapped into IPv6 is shown as IPv4.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.inner.address
    }

    /// What a layer around the endpoint put into the request's extensions, such as a verified client certificate.
    #[must_use]
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.parts.extensions.get()
    }

    #[cfg(feature = "access-credentials")]
    pub(super) fn id(&self) -> u64 {
        self.inner.id
    }

    /// Where a policy of the user's runs: as checks do, on the application's runtime if another one serves.
    pub(super) fn runtime(&self) -> Option<Handle> {
        CheckRuntime::of(&self.inner.parts.extensions).cloned().or_else(|| Handle::try_current().ok())
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

/// The address of the other end of the connection, which a server without axum puts into the extensions of a request for
/// [`Endpoint::respond`](crate::Endpoint::respond). With axum `ConnectInfo<SocketAddr>` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);

/// The network that an address stands for: itself, or the /64 of IPv6, because whoever has one address of it has all.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    prefix(address, 32, 64)
}

/// The first bits of an address, by its family.
pub(super) fn prefix(address: IpAddr, of_ipv4: u32, of_ipv6: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - of_ipv4))).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - of_ipv6))).into(),
    }
}

/// Whether a header can hold it: visible ASCII, and spaces.
pub(super) fn is_visible(text: &[u8]) -> bool {
    text.iter().all(|byte| (0x20..0x7f).contains(byte))
}
