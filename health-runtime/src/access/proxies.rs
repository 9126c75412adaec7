use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use super::{address_ranges::AddressRanges, caller::PeerSocket};

/// Maximum number of hops that are read.
const MAX_HOPS: usize = 32;

/// The trusted proxies in front of the service, and the header in which they report the client's address. Name the one
/// header that your proxies set, because they pass on the other one as the client wrote it.
///
/// Each proxy appends a hop. The last hop that is not a declared proxy is the client; everything before it is the
/// client's own claim. A line of `Forwarded` with malformed quotes yields no address.
#[derive(Clone, Debug)]
#[must_use]
pub struct Proxies {
    header: ProxyHeader,
    ranges: AddressRanges,
    over_unix_sockets: bool,
}

#[derive(Clone, Copy, Debug)]
enum ProxyHeader {
    XForwardedFor,
    Forwarded,
}

impl Proxies {
    /// Trusts proxies at these addresses, such as `["10.0.0.0/8"]`, that write `X-Forwarded-For`.
    pub fn x_forwarded_for(ranges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: ProxyHeader::XForwardedFor, ranges: AddressRanges::new(ranges), over_unix_sockets: false }
    }

    /// Trusts proxies at these addresses that write `Forwarded` (RFC 7239).
    pub fn forwarded(ranges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: ProxyHeader::Forwarded, ranges: AddressRanges::new(ranges), over_unix_sockets: false }
    }

    /// Also trusts every peer on a Unix socket of a [`Server`](crate::Server), such as an nginx on the same machine.
    /// Default: such peers have no address, so they pass no `address` policy and share their limits.
    #[cfg(all(feature = "server", unix))]
    pub fn over_unix_sockets(mut self) -> Self {
        self.over_unix_sockets = true;
        self
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.ranges.faults("Proxies")
    }

    /// Returns the header in which they report the client's address.
    pub(super) const fn header(&self) -> &'static str {
        match self.header {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        }
    }

    /// Returns the client behind a peer. `None` if the proxies do not report it, or the peer is not trusted to.
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
        // The last line first; several lines are one list (RFC 9110, section 5.3).
        for line in headers.get_all(self.header()).iter().rev() {
            let elements = match self.header {
                ProxyHeader::XForwardedFor => line.as_bytes().split(|byte| *byte == b',').collect(),
                ProxyHeader::Forwarded => split_unquoted(line.as_bytes(), b',')?,
            };
            // One hop at a time: everything before the hops of the proxies comes from the client.
            for element in elements.into_iter().rev() {
                hops += 1;
                if hops > MAX_HOPS {
                    return None;
                }
                let address = match self.header {
                    ProxyHeader::XForwardedFor => hop(std::str::from_utf8(element).ok()?)?,
                    ProxyHeader::Forwarded => hop(forwarded_for(element)?)?,
                };
                if !self.ranges.contains(address) {
                    return Some(address);
                }
                client = Some(address);
            }
        }
        // The proxy asks for itself, as a load balancer does when it probes.
        client
    }
}

/// Parses the address of one hop: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
/// `None` for anything else, such as `unknown` and `_hidden` in RFC 7239.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6);
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(bracketed)
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

/// Returns the hop in an element of `Forwarded`: the value of `for` (RFC 7239, section 4). `None` unless there is
/// exactly one.
fn forwarded_for(element: &[u8]) -> Option<&str> {
    let mut values = split_unquoted(element, b';')?.into_iter().filter_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    });
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(value),
    }
}

/// Splits a text at the separators outside of quoted strings (RFC 9110, section 5.6.4). `None` if the quotes are
/// malformed, because then nobody knows which part a proxy wrote.
fn split_unquoted(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            // A quoted string is a whole value: between `=` and the end of its pair.
            b'"' if at > 0 && text[at - 1] == b'=' => {
                at += quoted_length(&text[at..])?;
                let rest = text[at..].trim_ascii_start();
                if rest.first().is_some_and(|next| !matches!(next, b',' | b';')) {
                    return None;
                }
            }
            b'"' | b'\\' => return None,
            byte => {
                if *byte == separator {
                    parts.push(&text[start..at]);
                    start = at + 1;
                }
                at += 1;
            }
        }
    }
    parts.push(&text[start..]);
    Some(parts)
}

/// Returns the length of the quoted string at the beginning of a text. `None` if it is not terminated.
fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
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
    fn last_hop_outside_the_proxies_is_the_client() {
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
        let long = vec!["10.0.0.2"; MAX_HOPS + 1].join(",");
        assert_eq!(of("10.0.0.1", &[&long]), None);
    }

    #[test]
    fn only_declared_header_counts() {
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

    #[test]
    fn hops_are_addresses_with_or_without_a_port() {
        for text in ["192.0.2.1", " 192.0.2.1 ", "192.0.2.1:8080", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:1"] {
            assert_eq!(hop(text), Some(IpAddr::from([192, 0, 2, 1])), "{text}");
        }
        for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"] {
            assert_eq!(hop(text), "2001:db8::1".parse().ok(), "{text}");
        }
        for text in ["", "unknown", "_hidden", "192.0.2", "192.0.2.1:", "192.0.2.1:x", "[192.0.2.1]", "example.org"] {
            assert_eq!(hop(text), None, "{text}");
        }
    }

    #[test]
    fn elements_of_forwarded_name_one_hop() {
        assert_eq!(forwarded_for(b"for=192.0.2.1"), Some("192.0.2.1"));
        assert_eq!(forwarded_for(br#"proto=https; For="[2001:db8::1]:80";by=_x"#), Some("[2001:db8::1]:80"));
        assert_eq!(forwarded_for(br#"host="a;for=192.0.2.9";for=192.0.2.1"#), Some("192.0.2.1"));
        for element in ["", "by=192.0.2.1", "for=a;for=b", r#"for="x"#, r#"host=";for=a"#] {
            assert_eq!(forwarded_for(element.as_bytes()), None, "{element}");
        }
    }

    #[test]
    fn quoted_strings_hide_separators_and_malformed_quotes_hide_everything() {
        let split = |text: &'static str| {
            let parts = split_unquoted(text.as_bytes(), b',')?;
            Some(parts.into_iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(split("a, b,").expect("parts"), ["a", " b", ""]);
        assert_eq!(
            split(r#"for=a;host="x, y" , for="b\",\\""#).expect("parts"),
            [r#"for=a;host="x, y" "#, r#" for="b\",\\""#]
        );
        for malformed in
            [r#"for=""#, r#""a, for=b"#, r#"for="a"b"#, r#"for="a" b"#, r#"for=a"b""#, r#"host="a\"#, r"for=\a"]
        {
            assert_eq!(split(malformed), None, "{malformed}");
        }
    }

    proptest! {
        #[test]
        fn no_element_makes_parsing_panic(text in "[\\PC]{0,100}") {
            let named = forwarded_for(text.as_bytes()).and_then(hop);
            let _ = (hop(&text), named, AddressRanges::new([text.as_str()]).faults("x"));
        }

        #[test]
        fn quoted_texts_of_a_client_add_no_element(host in "[ -~]{0,40}", before in "[ -~]{0,40}") {
            let quoted = host.replace('\\', r"\\").replace('"', "\\\"");
            let written = format!(r#"for=192.0.2.1;host="{quoted}""#);
            let parts = split_unquoted(written.as_bytes(), b',').expect("a well-formed line");
            prop_assert_eq!(&parts, &[written.as_bytes()]);
            prop_assert_eq!(forwarded_for(parts[0]), Some("192.0.2.1"));
            // Where a proxy appends to the client's text, the last element is the proxy's, or none is known.
            let appended = format!("{before}, {written}");
            if let Some(parts) = split_unquoted(appended.as_bytes(), b',') {
                prop_assert_eq!(parts.last().and_then(|last| forwarded_for(last)), Some("192.0.2.1"));
            }
        }
    }
}
