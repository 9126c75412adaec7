use std::fmt;

/// Longest name that DNS knows.
const MAX_HOST_BYTES: usize = 253;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPort {
    /// An IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl HostPort {
    /// Parses `host:port`, an IPv6 address in brackets. Without a port, it is the default one.
    ///
    /// # Errors
    /// The address is not valid. The text quotes no part that may be a password.
    pub(super) fn parse(address: &str, default_port: Option<u16>) -> Result<Self, String> {
        let example = Self { host: "host.internal".to_owned(), port: default_port.unwrap_or(8080) };
        if address.contains(['/', '@']) {
            return Err(format!(
                "its address is not a host with a port; write it without scheme, user and path: `{example}`"
            ));
        }
        let shown = address.escape_debug();
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((host, "")) => (host, None),
                Some((host, port)) if port.starts_with(':') => (host, Some(&port[1..])),
                _ => {
                    return Err(format!(
                        "its address `{shown}` is not valid; write an IPv6 address as `[::1]:{}`",
                        example.port
                    ));
                }
            },
            None => match address.split_once(':') {
                Some((_, port)) if port.contains(':') => {
                    return Err(format!("its address `{shown}` has no brackets; write an IPv6 address as `[{shown}]`"));
                }
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            },
        };
        let is_valid = if address.starts_with('[') { is_ipv6(host) } else { is_host(host) };
        if !is_valid {
            return Err(format!("`{}` is not a valid host; write for example `{example}`", host.escape_debug()));
        }
        let port = match (port, default_port) {
            (Some(port), _) => parse_port(port).ok_or_else(|| {
                format!("`{}` is not a valid port; write a whole number from 1 to 65535", port.escape_debug())
            })?,
            (None, Some(port)) => port,
            (None, None) => return Err(format!("its address `{shown}` has no port; write for example `{shown}:8080`")),
        };
        Ok(Self { host: host.to_owned(), port })
    }

    /// Returns the name that a certificate is for: the host, an IPv6 address without its zone, which counts on this machine alone.
    pub(super) fn server_name(&self) -> &str {
        self.host.split('%').next().unwrap_or_default()
    }
}

/// Returns an address as part of a check's name: without colons, which some formats do not allow.
pub(super) fn check_name(prefix: &str, address: &str) -> String {
    if HostPort::parse(address, Some(1)).is_err() {
        return prefix.to_owned();
    }
    format!("{prefix}_{}", address.replace(['[', ']'], "").replace([':', '%'], "_"))
}

/// Returns whether this may be looked up: a name, or an IPv4 address.
pub(super) fn is_host(host: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !host.is_empty() && host.len() <= MAX_HOST_BYTES && host.bytes().all(is_allowed)
}

/// With a zone, as link-local addresses have one: `fe80::1%eth0`.
fn is_ipv6(host: &str) -> bool {
    let (address, zone) = host.split_once('%').unwrap_or((host, "0"));
    address.parse::<std::net::Ipv6Addr>().is_ok() && is_host(zone)
}

/// A sign, which std accepts, is not part of a port.
fn parse_port(port: &str) -> Option<u16> {
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| is_number && *port > 0)
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_have_host_and_port() {
        for (text, host, port, shown) in [
            ("cache", "cache", 6379, "cache:6379"),
            ("cache.internal:7000", "cache.internal", 7000, "cache.internal:7000"),
            ("10.0.0.1:1", "10.0.0.1", 1, "10.0.0.1:1"),
            ("[::1]", "::1", 6379, "[::1]:6379"),
            ("[fe80::1%eth0]:65535", "fe80::1%eth0", 65_535, "[fe80::1%eth0]:65535"),
        ] {
            let address = HostPort::parse(text, Some(6379)).expect(text);
            assert_eq!((&*address.host, address.port, &*address.to_string()), (host, port, shown));
            assert_eq!(address.server_name(), host.trim_end_matches("%eth0"));
        }
        assert_eq!(check_name("tcp", "[fe80::1%eth0]:80"), "tcp_fe80__1_eth0_80");
        assert_eq!(check_name("tcp", "user:secret@host"), "tcp");
    }

    #[test]
    fn invalid_address_says_the_valid_one() {
        for (text, part) in [
            ("", "`` is not a valid host; write for example `host.internal:6379`"),
            (":6379", "`` is not a valid host"),
            ("cache:", "`` is not a valid port; write a whole number from 1 to 65535"),
            ("cache:0", "`0` is not a valid port"),
            ("cache:+80", "`+80` is not a valid port"),
            ("cache:65536", "`65536` is not a valid port"),
            ("ca che:80", "`ca che` is not a valid host"),
            ("::1", "write an IPv6 address as `[::1]`"),
            ("[::1", "is not valid; write an IPv6 address as `[::1]:6379`"),
            ("[::1]80", "is not valid; write an IPv6 address as `[::1]:6379`"),
            ("[cache]:80", "`cache` is not a valid host"),
            ("redis://:secret@cache:6379", "without scheme, user and path: `host.internal:6379`"),
            ("secret@cache", "without scheme, user and path"),
        ] {
            let fault = HostPort::parse(text, Some(6379)).expect_err(text);
            assert!(fault.contains(part) && !fault.contains("secret"), "{text}: {fault}");
        }
        let fault = HostPort::parse("cache", None).expect_err("no port");
        assert_eq!(fault, "its address `cache` has no port; write for example `cache:8080`");
    }

    proptest! {
        #[test]
        fn valid_address_is_parsed_from_its_text(text in "[a-z:.0-9\\[\\]%@/]{0,20}") {
            if let Ok(address) = HostPort::parse(&text, Some(80)) {
                prop_assert_eq!(HostPort::parse(&address.to_string(), None), Ok(address));
            }
        }
    }
}
