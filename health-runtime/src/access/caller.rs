use std::{
    borrow::Borrow,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderValue, Uri, request::Parts};
use tokio::runtime::Handle;

use super::visible::is_visible;
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
