//! The rule for URLs of runbooks.

use std::net::Ipv6Addr;

/// Longest URL of a runbook, in bytes: longer ones do not fit into every browser and proxy.
const MAX_RUNBOOK_BYTES: usize = 2_048;

/// Returns the fault of a URL, as the end of a sentence. It does not quote the URL, which may hold a password. The macro has the
/// same rule.
pub(super) fn fault(url: &str) -> Option<&'static str> {
    let is_in_urls = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let after = |scheme: &str| {
        url.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).map(|_| &url[scheme.len()..])
    };
    let authority = after("https://").or_else(|| after("http://")).and_then(|rest| rest.split(['/', '?', '#']).next());
    match authority {
        None => Some("is not an absolute `http` or `https` URL; write for example `https://wiki.example.com/orders`"),
        Some(authority) if authority.contains('@') => {
            Some("contains credentials, which its readers would see; remove them from between `//` and the host")
        }
        Some(authority) if authority.is_empty() || authority.starts_with(':') => {
            Some("has no host; write for example `https://wiki.example.com/orders`")
        }
        Some(_) if !url.bytes().all(is_in_urls) => {
            Some("has a character that a URL cannot have; encode it, such as a space as `%20`")
        }
        Some(authority) if !is_valid(authority) => {
            Some("has a host or a port that is not valid; write for example `https://wiki.example.com:8443/orders`")
        }
        Some(_) if url.len() > MAX_RUNBOOK_BYTES => Some("is longer than 2,048 bytes; shorten it"),
        Some(_) => None,
    }
}

/// Returns whether a host, a port or both can be valid.
fn is_valid(authority: &str) -> bool {
    let (is_host, port) = if let Some((host, port)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'))
    {
        (host.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        (host.strip_suffix('.').unwrap_or(host).split('.').all(is_label), port)
    };
    let digits = port.strip_prefix(':').unwrap_or(if port.is_empty() { "0" } else { "x" });
    let is_port =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.is_empty() || digits.parse::<u16>().is_ok());
    is_host && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The macro has the same table.
    #[test]
    fn runbook_is_an_absolute_url_without_credentials() {
        for url in [
            "https://wiki.example.com/orders",
            "HTTP://localhost",
            "http://[::1]:8080/a%20b?c=d@e#f",
            "https://wiki/@team/orders",
            "https://wiki.example.com.:/orders",
            "https://10.0.0.1:65535?a",
        ] {
            assert_eq!(fault(url), None, "{url}");
        }
        for (url, part) in [
            ("", "not an absolute"),
            ("/runbooks/orders", "not an absolute"),
            ("wiki.example.com", "not an absolute"),
            ("javascript:alert(1)", "not an absolute"),
            (" https://wiki", "not an absolute"),
            ("é", "not an absolute"),
            ("ftp://wiki", "not an absolute"),
            ("https://", "no host"),
            ("https:///orders", "no host"),
            ("https://:443", "no host"),
            ("https://ada:secret@wiki", "credentials"),
            ("https://wiki\\@evil", "credentials"),
            ("https://[", "not valid"),
            ("https://[::1", "not valid"),
            ("https://[::1]8080", "not valid"),
            ("https://]", "not valid"),
            ("https://.", "not valid"),
            ("https://%zz/", "not valid"),
            ("https://a:b%40c/", "not valid"),
            ("https://host:99999/", "not valid"),
            ("https://host:+1", "not valid"),
            ("https://wiki/a b", "a character"),
            ("https://wiki/\u{202e}", "a character"),
            ("https://wiki/\n", "a character"),
            ("https://wiki/\"", "a character"),
        ] {
            assert!(fault(url).is_some_and(|fault| fault.contains(part)), "{url}");
        }
        let longest = format!("https://wiki/{}", "a".repeat(MAX_RUNBOOK_BYTES - 13));
        assert_eq!(fault(&longest), None);
        assert_eq!(fault(&format!("{longest}a")), Some("is longer than 2,048 bytes; shorten it"));
    }
}
