use std::fmt;

use hyper::{Uri, http::uri::Scheme};

/// An absolute `http://` or `https://` URL without credentials.
#[derive(Clone)]
pub(crate) struct ProbeUrl {
    uri: Uri,
    authority: String,
}

impl ProbeUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// The URL is not valid. The text does not quote it: it may contain a secret.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("its URL is not valid: {error}"))?;
        let Some(authority) = uri.authority().filter(|_| uri.scheme().is_some()) else {
            return Err("its URL must be absolute, such as `http://host/path`".to_owned());
        };
        if authority.as_str().contains('@') {
            return Err("its URL contains credentials, which would appear in logs; send them by \
                 `basic_auth(user, password)`"
                .to_owned());
        }
        if authority.host().is_empty() {
            return Err("its URL has no host".to_owned());
        }
        let port = &authority.as_str()[authority.host().len()..];
        if !port.is_empty() && !is_port(port) {
            // Not quoted, because it is a password if the `@` was forgotten.
            return Err("its URL has an invalid port; write a whole number from 1 to 65535".to_owned());
        }
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Self { authority: authority.as_str().to_owned(), uri }),
            _ => Err("its URL must begin with `http://` or `https://`".to_owned()),
        }
    }

    /// Returns the URL of this path and query on the same server.
    ///
    /// # Errors
    /// It is not valid; the text does not quote it.
    pub(super) fn with_target(&self, target: &str) -> Result<Self, String> {
        Self::parse(&format!("{}://{}{target}", self.uri.scheme_str().unwrap_or_default(), self.authority))
    }

    pub(in crate::probes) fn path(&self) -> &str {
        self.uri.path()
    }

    pub(in crate::probes) fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn is_secure(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Returns host and port as they were written: the value of the `Host` header.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns host and port, the port of the scheme if none was written.
    pub(super) fn authority_with_port(&self) -> String {
        let (_, host, port) = self.origin();
        format!("{host}:{port}")
    }

    /// Returns whether scheme, host and port are the same.
    pub(super) fn has_origin_of(&self, other: &Self) -> bool {
        let (own, other) = (self.origin(), other.origin());
        (own.0, own.2) == (other.0, other.2) && own.1.eq_ignore_ascii_case(other.1)
    }

    /// Returns scheme, host as it was written, and port.
    fn origin(&self) -> (bool, &str, u16) {
        let is_secure = self.is_secure();
        let port = self.uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        (is_secure, self.uri.host().unwrap_or_default(), port)
    }

    /// Returns the URL to which a `Location` in a response from this one leads (RFC 3986, section 5.2).
    ///
    /// # Errors
    /// It is not valid; the text does not quote it.
    pub(super) fn join(&self, location: &str) -> Result<Self, String> {
        let location = location.split('#').next().unwrap_or_default();
        let has_scheme = location.split(['/', '?']).next().is_some_and(|first| first.contains(':'));
        if has_scheme || location.starts_with("//") {
            let scheme = self.uri.scheme_str().filter(|_| !has_scheme);
            let url =
                Self::parse(&scheme.map_or_else(|| location.to_owned(), |scheme| format!("{scheme}:{location}")))?;
            return url.at(url.uri.path(), url.uri.query());
        }
        let (path, query) = location.split_once('?').map_or((location, None), |(path, query)| (path, Some(query)));
        let own_path = self.uri.path();
        match path {
            "" => self.at(own_path, query.or(self.uri.query())),
            _ if path.starts_with('/') => self.at(path, query),
            _ => {
                let folder = own_path.rsplit_once('/').map_or("", |(folder, _)| folder);
                self.at(&format!("{folder}/{path}"), query)
            }
        }
    }

    /// Returns another place of the same origin.
    fn at(&self, path: &str, query: Option<&str>) -> Result<Self, String> {
        let (scheme, path) = (self.uri.scheme_str().unwrap_or_default(), without_dots(path));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{scheme}://{}{path}{query}", self.authority))
    }

    /// Returns the host alone, an IPv6 address without its brackets.
    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// Returns host and port as part of a check's name: without colons, which some formats do not allow.
    pub(in crate::probes) fn check_name(&self) -> String {
        self.authority.replace(['[', ']'], "").replace(':', "_")
    }
}

/// Resolves the segments `.` and `..` of an absolute path.
fn without_dots(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

/// Returns whether this is a colon and a port. hyper ignores a port that is out of range, and connects to port 80.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse::<u16>().ok()).is_some_and(|port| port > 0)
}

/// Without the query, which may contain a secret.
impl fmt::Display for ProbeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.uri.scheme_str().unwrap_or_default(), self.authority, self.uri.path())
    }
}

/// The same as [`Display`](fmt::Display).
impl fmt::Debug for ProbeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the target of a redirect without query and credentials; `None` if it is not a URL or path.
pub(in crate::probes) fn redact_location(location: &str) -> Option<String> {
    let uri: Uri = location.parse().ok()?;
    match (uri.scheme_str(), uri.host()) {
        (Some(scheme), Some(host)) => Some(format!("{scheme}://{host}{}", uri.path())),
        _ => Some(uri.path().to_owned()).filter(|path| path.starts_with('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_shown_without_query() {
        let url = ProbeUrl::parse("http://host:8080/a/b?token=secret#part").expect("a valid URL");
        assert_eq!(url.to_string(), "http://host:8080/a/b");
        assert_eq!(format!("{url:?}"), "http://host:8080/a/b");
        assert_eq!(url.uri().path_and_query().map(hyper::http::uri::PathAndQuery::as_str), Some("/a/b?token=secret"));
    }

    #[test]
    fn every_authority_has_name_and_host() {
        for (text, name, host) in [
            ("http://billing.internal", "billing.internal", "billing.internal"),
            ("http://billing.internal:8080/x", "billing.internal_8080", "billing.internal"),
            ("https://[::1]:8443/", "__1_8443", "::1"),
            ("http://127.0.0.1/", "127.0.0.1", "127.0.0.1"),
        ] {
            let url = ProbeUrl::parse(text).expect(text);
            assert_eq!((url.check_name().as_str(), url.host()), (name, host));
        }
    }

    #[test]
    fn invalid_url_is_an_error_that_does_not_quote_it() {
        for (url, part) in [
            ("", "not valid"),
            ("http://", "not valid"),
            ("http://ho st/secret", "not valid"),
            ("http:///secret", "not valid"),
            ("http://:80/secret", "no host"),
            ("/secret", "absolute"),
            ("secret:8080", "absolute"),
            ("ftp://host/secret", "must begin with"),
            ("http://user:secret@host/", "credentials"),
            ("https://secret@host/", "credentials"),
        ] {
            let fault = ProbeUrl::parse(url).expect_err(url);
            assert!(fault.contains(part) && !fault.contains("secret"), "{url}: {fault}");
        }
    }

    #[test]
    fn location_is_resolved_against_the_url() {
        for (location, target) in [
            ("https://b/c?d#e", Some("https://b/c?d")),
            ("//b:1/c", Some("http://b:1/c")),
            ("/c?d", Some("http://a:8080/c?d")),
            ("c", Some("http://a:8080/x/c")),
            ("c/", Some("http://a:8080/x/c/")),
            ("../c?d=/../e", Some("http://a:8080/c?d=/../e")),
            ("../../../c", Some("http://a:8080/c")),
            ("./", Some("http://a:8080/x/")),
            (".", Some("http://a:8080/x/")),
            ("?d", Some("http://a:8080/x/y?d")),
            ("", Some("http://a:8080/x/y?z")),
            ("#top", Some("http://a:8080/x/y?z")),
            ("?", Some("http://a:8080/x/y?")),
            ("http://b", Some("http://b/")),
            ("ftp://b/", None),
            ("http://user:secret@b/", None),
            ("javascript:alert(1)", None),
            ("http://b:99999/", None),
            ("/a b", None),
        ] {
            let base = ProbeUrl::parse("http://a:8080/x/y?z").expect("a valid URL");
            let joined = base.join(location).ok().map(|url| url.uri().to_string());
            assert_eq!(joined.as_deref(), target, "{location}");
        }
    }

    /// The examples of RFC 3986, sections 5.4.1 and 5.4.2, without their fragments, which are not sent.
    #[test]
    fn references_are_resolved_as_the_rfc_does() {
        for (location, target) in [
            ("g:h", None),
            ("g", Some("http://a/b/c/g")),
            ("./g", Some("http://a/b/c/g")),
            ("g/", Some("http://a/b/c/g/")),
            ("/g", Some("http://a/g")),
            ("//g", Some("http://g/")),
            ("?y", Some("http://a/b/c/d;p?y")),
            ("g?y", Some("http://a/b/c/g?y")),
            ("#s", Some("http://a/b/c/d;p?q")),
            ("g#s", Some("http://a/b/c/g")),
            ("g?y#s", Some("http://a/b/c/g?y")),
            (";x", Some("http://a/b/c/;x")),
            ("g;x", Some("http://a/b/c/g;x")),
            ("g;x?y#s", Some("http://a/b/c/g;x?y")),
            ("", Some("http://a/b/c/d;p?q")),
            (".", Some("http://a/b/c/")),
            ("./", Some("http://a/b/c/")),
            ("..", Some("http://a/b/")),
            ("../", Some("http://a/b/")),
            ("../g", Some("http://a/b/g")),
            ("../..", Some("http://a/")),
            ("../../", Some("http://a/")),
            ("../../g", Some("http://a/g")),
            ("../../../g", Some("http://a/g")),
            ("../../../../g", Some("http://a/g")),
            ("/./g", Some("http://a/g")),
            ("/../g", Some("http://a/g")),
            ("g.", Some("http://a/b/c/g.")),
            (".g", Some("http://a/b/c/.g")),
            ("g..", Some("http://a/b/c/g..")),
            ("..g", Some("http://a/b/c/..g")),
            ("./../g", Some("http://a/b/g")),
            ("./g/.", Some("http://a/b/c/g/")),
            ("g/./h", Some("http://a/b/c/g/h")),
            ("g/../h", Some("http://a/b/c/h")),
            ("g;x=1/./y", Some("http://a/b/c/g;x=1/y")),
            ("g;x=1/../y", Some("http://a/b/c/y")),
            ("g?y/./x", Some("http://a/b/c/g?y/./x")),
            ("g?y/../x", Some("http://a/b/c/g?y/../x")),
            ("g#s/./x", Some("http://a/b/c/g")),
            ("g#s/../x", Some("http://a/b/c/g")),
            ("http:g", None),
        ] {
            let base = ProbeUrl::parse("http://a/b/c/d;p?q").expect("a valid URL");
            let joined = base.join(location).ok().map(|url| url.uri().to_string());
            assert_eq!(joined.as_deref(), target, "{location}");
        }
    }

    #[test]
    fn origin_is_scheme_host_and_port() {
        let url = |text| ProbeUrl::parse(text).expect("a valid URL");
        for (other, is_same) in [
            ("http://A/other", true),
            ("http://a:80/", true),
            ("http://a:8080/", false),
            ("https://a/", false),
            ("https://a:80/", false),
            ("http://b/", false),
        ] {
            assert_eq!(url("http://a/").has_origin_of(&url(other)), is_same, "{other}");
        }
        assert_eq!(url("https://[::1]/").authority_with_port(), "[::1]:443");
    }

    #[test]
    fn redirects_are_shown_without_secrets() {
        for (location, text) in [
            ("https://user:secret@host:1/login?next=secret", Some("https://host/login")),
            ("/login?next=secret", Some("/login")),
            ("login", None),
            ("http://ho st/", None),
        ] {
            assert_eq!(redact_location(location).as_deref(), text, "{location}");
        }
    }
}
