//! A URL that a probe can ask, checked once.

use std::fmt;

use hyper::{Uri, http::uri::Scheme};

/// An absolute `http://` or `https://` URL without credentials.
#[derive(Clone)]
pub(in crate::probes) struct Target {
    uri: Uri,
    authority: String,
}

impl Target {
    /// # Errors
    /// Why it cannot be asked. The URL itself is not in the text: it may hold a secret.
    pub(in crate::probes) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("its URL cannot be understood: {error}"))?;
        let Some(authority) = uri.authority().filter(|_| uri.scheme().is_some()) else {
            return Err("its URL must be absolute, such as `http://host/path`".to_owned());
        };
        if authority.as_str().contains('@') {
            return Err("its URL holds credentials, which would be read in logs: send them by \
                 `with_header(\"authorization\", …)`"
                .to_owned());
        }
        if authority.host().is_empty() {
            return Err("its URL has no host".to_owned());
        }
        let port = &authority.as_str()[authority.host().len()..];
        if !port.is_empty() && !is_port(port) {
            // Not repeated, because it is the password where somebody forgot the `@`.
            return Err(
                "what follows the `:` of its host is not a port: write a whole number from 1 to 65535".to_owned()
            );
        }
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Self { authority: authority.as_str().to_owned(), uri }),
            _ => Err("its URL must begin with `http://` or `https://`".to_owned()),
        }
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn is_secure(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Host and port as they were written: the value of the `Host` header.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone; an IPv6 address without its brackets.
    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// Host and port as part of a name: without colons, which some encodings of health do not allow.
    pub(in crate::probes) fn as_name(&self) -> String {
        self.authority.replace(['[', ']'], "").replace(':', "_")
    }
}

/// Returns whether this is a colon and a port. hyper ignores a port that is out of range, and asks port 80.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse::<u16>().ok()).is_some_and(|port| port > 0)
}

/// Without the query: it may hold a secret.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.uri.scheme_str().unwrap_or_default(), self.authority, self.uri.path())
    }
}

/// As [`Display`](fmt::Display).
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What may be shown of where a redirect leads: no query, no credentials.
pub(in crate::probes) fn shown(location: &str) -> Option<String> {
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
    fn only_what_may_be_shown_is_shown() {
        let target = Target::parse("http://host:8080/a/b?token=secret#part").expect("a legal URL");
        assert_eq!(target.to_string(), "http://host:8080/a/b");
        assert_eq!(format!("{target:?}"), "http://host:8080/a/b");
        assert_eq!(
            target.uri().path_and_query().map(hyper::http::uri::PathAndQuery::as_str),
            Some("/a/b?token=secret")
        );
    }

    #[test]
    fn names_and_hosts_of_every_form_of_authority() {
        for (url, name, host) in [
            ("http://billing.internal", "billing.internal", "billing.internal"),
            ("http://billing.internal:8080/x", "billing.internal_8080", "billing.internal"),
            ("https://[::1]:8443/", "__1_8443", "::1"),
            ("http://127.0.0.1/", "127.0.0.1", "127.0.0.1"),
        ] {
            let target = Target::parse(url).expect(url);
            assert_eq!((target.as_name().as_str(), target.host()), (name, host));
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_without_being_repeated() {
        for (url, said) in [
            ("", "cannot be understood"),
            ("http://", "cannot be understood"),
            ("http://ho st/secret", "cannot be understood"),
            ("http:///secret", "cannot be understood"),
            ("http://:80/secret", "no host"),
            ("/secret", "absolute"),
            ("secret:8080", "absolute"),
            ("ftp://host/secret", "must begin with"),
            ("http://user:secret@host/", "credentials"),
            ("https://secret@host/", "credentials"),
        ] {
            let fault = Target::parse(url).expect_err(url);
            assert!(fault.contains(said) && !fault.contains("secret"), "{url}: {fault}");
        }
    }

    #[test]
    fn redirects_are_shown_without_secrets() {
        for (location, text) in [
            ("https://user:secret@host:1/login?next=secret", Some("https://host/login")),
            ("/login?next=secret", Some("/login")),
            ("login", None),
            ("http://ho st/", None),
        ] {
            assert_eq!(shown(location).as_deref(), text, "{location}");
        }
    }
}
