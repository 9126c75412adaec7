use std::net::IpAddr;

use http::HeaderMap;

use super::{
    forwarded::{Ranges, forwarded_for, hop, split_unquoted},
    peer::PeerSocket,
};

/// How many hops are looked at; more proxies than that stand in front of nobody.
const MOST_HOPS: usize = 32;

/// The proxies in front of the service, whose word on the client's address is believed, and the header in which they write
/// it. Name the one header that your proxies set: they pass on the other one as the client wrote it.
///
/// Of the hops, which each proxy adds at the end, the last one that is no declared proxy is the client: everything before
/// it is what the client claims. A line of `Forwarded` with malformed quotes tells no address.
#[derive(Clone, Debug)]
#[must_use]
pub struct Proxies {
    header: Header,
    ranges: Ranges,
    over_unix_sockets: bool,
}

#[derive(Clone, Copy, Debug)]
enum Header {
    XForwardedFor,
    Forwarded,
}

impl Proxies {
    /// Proxies at these addresses, such as `["10.0.0.0/8"]`, that write `X-Forwarded-For`.
    pub fn x_forwarded_for(ranges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: Header::XForwardedFor, ranges: Ranges::new(ranges), over_unix_sockets: false }
    }

    /// Proxies at these addresses that write `Forwarded` (RFC 7239).
    pub fn forwarded(ranges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: Header::Forwarded, ranges: Ranges::new(ranges), over_unix_sockets: false }
    }

    /// Believes whoever asks over a Unix socket of a [`Server`](crate::Server), too: such as an nginx on the same machine.
    /// Default: they have no address, so they pass no `address` and share their limits.
    #[cfg(all(feature = "server", unix))]
    pub fn over_unix_sockets(mut self) -> Self {
        self.over_unix_sockets = true;
        self
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.ranges.faults("Proxies")
    }

    /// The header in which they write the client's address.
    pub(super) const fn header(&self) -> &'static str {
        match self.header {
            Header::XForwardedFor => "x-forwarded-for",
            Header::Forwarded => "forwarded",
        }
    }

    /// The client that a peer speaks for. `None` if the proxies do not tell, or the peer may not.
    pub(super) fn client(&self, peer: PeerSocket, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = match peer {
            PeerSocket::Tcp(peer) => Some(peer.ip().to_canonical()),
            PeerSocket::Unix if self.over_unix_sockets => None,
            PeerSocket::Unix | PeerSocket::Unknown => return None,
        };
        if let Some(peer) = peer.filter(|peer| !self.ranges.contains(*peer)) {
            return Some(peer);
        }
        let mut client = peer;
        let mut hops = 0;
        // From the last one on; several lines are one list (RFC 9110, section 5.3).
        for line in headers.get_all(self.header()).iter().rev() {
            let elements = match self.header {
                Header::XForwardedFor => line.as_bytes().split(|byte| *byte == b',').collect(),
                Header::Forwarded => split_unquoted(line.as_bytes(), b',')?,
            };
            // One hop at a time: in front of those that proxies wrote stands whatever the client did.
            for element in elements.into_iter().rev() {
                hops += 1;
                if hops > MOST_HOPS {
                    return None;
                }
                let address = match self.header {
                    Header::XForwardedFor => hop(std::str::from_utf8(element).ok()?)?,
                    Header::Forwarded => hop(forwarded_for(element)?)?,
                };
                if !self.ranges.contains(address) {
                    return Some(address);
                }
                client = Some(address);
            }
        }
        // A proxy that asks for itself, such as a load balancer that probes.
        client
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(proxies: &Proxies, peer: &str, lines: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_str(line).unwrap());
        }
        proxies
            .client(PeerSocket::Tcp((peer.parse::<IpAddr>().unwrap(), 80).into()), &headers)
            .map(|address| address.to_string())
    }

    #[test]
    fn the_last_hop_that_is_no_proxy_is_the_client() {
        let proxies = Proxies::x_forwarded_for(["10.0.0.0/8", "2001:db8::/32"]);
        let of = |peer, lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            client(&proxies, peer, &lines)
        };
        assert_eq!(of("192.0.2.7", &["10.0.0.1"]).as_deref(), Some("192.0.2.7"), "no proxy, so it is not believed");
        assert_eq!(of("10.0.0.1", &["192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of("::ffff:10.0.0.1", &["192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["127.0.0.1, 192.0.2.1, 10.0.0.2"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["127.0.0.1", "192.0.2.1", "[2001:db8::9]:443"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["10.0.0.3, 10.0.0.2"]).as_deref(), Some("10.0.0.3"));
        assert_eq!(of("10.0.0.1", &[]).as_deref(), Some("10.0.0.1"));
        for unknown in ["unknown", "", "192.0.2.1,", "192.0.2.1, what"] {
            assert_eq!(of("10.0.0.1", &[unknown]), None, "{unknown}");
        }
        let long = vec!["10.0.0.2"; MOST_HOPS + 1].join(",");
        assert_eq!(of("10.0.0.1", &[&long]), None);
    }

    #[test]
    fn only_the_header_that_was_declared_counts() {
        let proxies = Proxies::forwarded(["10.0.0.1"]);
        let lines = [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1, for=192.0.2.1;proto=https")];
        assert_eq!(client(&proxies, "10.0.0.1", &lines).as_deref(), Some("192.0.2.1"));
        assert_eq!(client(&proxies, "10.0.0.1", &lines[..1]).as_deref(), Some("10.0.0.1"));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in "[ -~]{0,200}") {
            for proxies in [Proxies::forwarded(["::/0", "0.0.0.0/0"]), Proxies::x_forwarded_for(["0.0.0.0/0"])] {
                let _ = client(&proxies, "10.0.0.1", &[("forwarded", &line), ("x-forwarded-for", &line)]);
            }
        }
    }
}
