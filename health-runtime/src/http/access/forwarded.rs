//! Ranges of addresses, and what proxies write into headers.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

/// Ranges of addresses, with those that could not be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    ranges: Vec<IpNet>,
    unreadable: Vec<String>,
}

impl Ranges {
    /// Each is a range, `10.0.0.0/8`, or one address.
    pub(super) fn new(ranges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut parsed = Self::default();
        for range in ranges {
            let range: String = range.into();
            let read = range.parse().ok().or_else(|| range.parse::<IpAddr>().ok().map(IpNet::from));
            match read {
                Some(range) => parsed.ranges.push(canonical(range)),
                None => parsed.unreadable.push(range),
            }
        }
        parsed
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
    }

    pub(super) fn faults(&self, whose: &str) -> Vec<String> {
        let is_empty = self.ranges.is_empty() && self.unreadable.is_empty();
        let none = is_empty.then(|| format!("`{whose}` has no range of addresses"));
        let unreadable = self.unreadable.iter().map(|range| {
            format!(
                "`{whose}`: {range:?} is no range of addresses; write such as `10.0.0.0/8`, `2001:db8::/32` or `::1`"
            )
        });
        none.into_iter().chain(unreadable).collect()
    }
}

/// The range as addresses are compared with it: an IPv4 address that is mapped into IPv6 is one of IPv4.
fn canonical(range: IpNet) -> IpNet {
    let of_ipv4 = match range {
        IpNet::V6(range) => range
            .addr()
            .to_ipv4_mapped()
            .and_then(|address| Ipv4Net::new(address, range.prefix_len().checked_sub(96)?).ok()),
        IpNet::V4(_) => None,
    };
    of_ipv4.map_or(range, IpNet::V4)
}

/// The address of one hop: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. `None` for
/// anything else, such as the `unknown` and `_hidden` of RFC 7239.
pub(super) fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6);
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(bracketed)
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

/// The hop that an element of `Forwarded` names: the value of its `for` (RFC 7239, section 4). `None` if it has none, or
/// two.
pub(super) fn forwarded_for(element: &str) -> Option<&str> {
    let mut values = element.split(';').filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        assert_eq!(forwarded_for("for=192.0.2.1"), Some("192.0.2.1"));
        assert_eq!(forwarded_for(r#"proto=https; For="[2001:db8::1]:80";by=_x"#), Some("[2001:db8::1]:80"));
        for element in ["", "by=192.0.2.1", "for=a;for=b", r#"for="x"#] {
            assert_eq!(forwarded_for(element), None, "{element}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_them_panic(text in "[\\PC]{0,100}") {
            let _ = (hop(&text), forwarded_for(&text).and_then(hop), Ranges::new([text.as_str()]).faults("x"));
        }
    }
}
