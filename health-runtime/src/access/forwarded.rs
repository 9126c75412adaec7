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
pub(super) fn forwarded_for(element: &[u8]) -> Option<&str> {
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
/// malformed, because nobody knows then which part a proxy wrote.
pub(super) fn split_unquoted(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
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

/// The length of the quoted string at the beginning of a text. `None` if it has no end.
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
        fn nothing_makes_them_panic(text in "[\\PC]{0,100}") {
            let named = forwarded_for(text.as_bytes()).and_then(hop);
            let _ = (hop(&text), named, Ranges::new([text.as_str()]).faults("x"));
        }

        #[test]
        fn quoted_texts_of_a_client_add_no_element(host in "[ -~]{0,40}", before in "[ -~]{0,40}") {
            let quoted = host.replace('\\', r"\\").replace('"', "\\\"");
            let written = format!(r#"for=192.0.2.1;host="{quoted}""#);
            let parts = split_unquoted(written.as_bytes(), b',').expect("a well-formed line");
            prop_assert_eq!(&parts, &[written.as_bytes()]);
            prop_assert_eq!(forwarded_for(parts[0]), Some("192.0.2.1"));
            // A proxy that appends to whatever the client wrote: the last element is the proxy's, or none is known.
            let appended = format!("{before}, {written}");
            if let Some(parts) = split_unquoted(appended.as_bytes(), b',') {
                prop_assert_eq!(parts.last().and_then(|last| forwarded_for(last)), Some("192.0.2.1"));
            }
        }
    }
}
