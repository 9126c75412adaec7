//! The address of a service, as it is written on the command line.

use std::{fmt, path::PathBuf, str::FromStr};

use hyper::{Uri, http::uri::PathAndQuery};

use crate::text::printable;

/// An address of a service, with the path below which its health is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) door: Door,
    pub(crate) is_grpc: bool,
    /// Host and port as they were written: the value of the `Host` header.
    pub(crate) authority: String,
    /// Path without a slash at its end; empty if none was written.
    pub(crate) path: String,
    /// Query, which is sent along and never shown.
    pub(crate) query: Option<String>,
}

/// The place to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Tcp { host: String, port: u16, is_tls: bool },
    Unix(PathBuf),
}

const SCHEMES: &str = "write for example `http://127.0.0.1:8080`, `https://host/ops/health`, `grpc://host:50051` or \
                       `unix:/run/orders.sock:/health`";

impl FromStr for Target {
    type Err = String;

    /// Parses an address. No error quotes it: it may contain a secret, or be one that stands in the wrong place.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("unix:") {
            return unix(rest, false);
        }
        if let Some(rest) = text.strip_prefix("grpc+unix:") {
            return unix(rest, true);
        }
        let uri: Uri = text.parse().map_err(|_| format!("it is not a valid URL; {SCHEMES}"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!("it has no scheme; {SCHEMES}"));
        };
        let (is_grpc, is_tls) = match scheme {
            "http" => (false, false),
            "https" => (false, true),
            "grpc" => (true, false),
            "grpcs" => (true, true),
            _ => {
                return Err(format!("its scheme is not one of `http`, `https`, `grpc`, `grpcs` and `unix`; {SCHEMES}"));
            }
        };
        if authority.as_str().contains('@') {
            return Err(
                "it contains a user or a password, which would end up in logs, in the list of processes and in the \
                        history of the shell; write `--basic USER`, with the password in `--secret-file FILE` or in \
                        HEALTHCTL_SECRET"
                    .to_owned(),
            );
        }
        let port = &authority.as_str()[authority.host().len()..];
        if authority.host().is_empty() || (!port.is_empty() && authority.port_u16().is_none_or(|port| port == 0)) {
            return Err("its port is not a whole number from 1 to 65535, or its host is missing".to_owned());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self {
            door: Door::Tcp { host, port, is_tls },
            is_grpc,
            authority: authority.as_str().to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().map(ToOwned::to_owned),
        })
    }
}

/// Parses `/run/orders.sock`, or `/run/orders.sock:/health`.
fn unix(rest: &str, is_grpc: bool) -> Result<Target, String> {
    let (socket, path) = match rest.split_once(":/") {
        Some((socket, path)) => (socket, format!("/{path}")),
        None => (rest, String::new()),
    };
    if socket.trim_matches('/').is_empty() {
        return Err("it names no socket; write for example `unix:/run/orders.sock`".to_owned());
    }
    let target: PathAndQuery = if path.is_empty() { "/" } else { &path }.parse().map_err(|_| {
        "the path behind its socket is not valid; write for example `unix:/run/orders.sock:/health`".to_owned()
    })?;
    let socket =
        if socket.starts_with("//") { format!("/{}", socket.trim_start_matches('/')) } else { socket.to_owned() };
    Ok(Target {
        door: Door::Unix(socket.into()),
        is_grpc,
        authority: "localhost".to_owned(),
        path: target.path().trim_end_matches('/').to_owned(),
        query: target.query().map(ToOwned::to_owned),
    })
}

impl Target {
    /// Returns the same address with another path, and with a query behind that of the address, which has precedence.
    pub(crate) fn at(&self, path: &str, query: &str) -> Self {
        let own = self.query.as_deref().unwrap_or_default();
        let key = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
        let is_new = |pair: &&str| !own.split('&').any(|own| key(own) == key(pair));
        let pairs: Vec<_> =
            [own].into_iter().chain(query.split('&').filter(is_new)).filter(|pair| !pair.is_empty()).collect();
        let query = Some(pairs.join("&")).filter(|query| !query.is_empty());
        Self { path: path.to_owned(), query, ..self.clone() }
    }

    /// Returns the address to which a link in a response leads; `None` if it leads to another server.
    pub(crate) fn at_link(&self, link: &str, query: &str) -> Option<Self> {
        let link: PathAndQuery = link.parse().ok().filter(|_| link.starts_with('/') && !link.starts_with("//"))?;
        Some(self.at(link.path().trim_end_matches('/'), query))
    }

    pub(crate) const fn is_tls(&self) -> bool {
        matches!(self.door, Door::Tcp { is_tls: true, .. })
    }

    /// Returns the path and query of the request line.
    pub(crate) fn path_and_query(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        self.query.as_ref().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
    }
}

/// Without the query, which may contain a secret.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = printable(&self.path);
        match &self.door {
            Door::Unix(socket) => {
                let (scheme, socket) = (if self.is_grpc { "grpc+unix" } else { "unix" }, socket.display().to_string());
                let colon = if path.is_empty() { "" } else { ":" };
                write!(f, "{scheme}:{}{colon}{path}", printable(&socket))
            }
            Door::Tcp { is_tls, .. } => {
                let scheme = match (self.is_grpc, is_tls) {
                    (false, false) => "http",
                    (false, true) => "https",
                    (true, false) => "grpc",
                    (true, true) => "grpcs",
                };
                write!(f, "{scheme}://{}{path}", self.authority)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_their_query() {
        for (text, shown) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://host/ops/health/?token=hunter2", "http://host/ops/health"),
            ("https://[::1]:8443/", "https://[::1]:8443"),
            ("grpc://host:50051", "grpc://host:50051"),
            ("unix:/run/orders.sock", "unix:/run/orders.sock"),
            ("unix:///run/orders.sock:/status?token=hunter2", "unix:/run/orders.sock:/status"),
            ("grpc+unix:orders.sock", "grpc+unix:orders.sock"),
        ] {
            assert_eq!(text.parse::<Target>().expect(text).to_string(), shown);
        }
        let target: Target = "http://host/h?a=1".parse().expect("a URL");
        assert_eq!(target.at("/h/levels", "b=2").path_and_query(), "/h/levels?a=1&b=2");
        assert_eq!(target.at("/h", "a=2&c=3").path_and_query(), "/h?a=1&c=3");
        assert_eq!(target.at("/h", "").path_and_query(), "/h?a=1");
        assert_eq!("https://host".parse::<Target>().expect("a URL").path_and_query(), "/");
    }

    #[test]
    fn invalid_addresses_are_not_quoted() {
        for (text, part) in [
            ("hunter2", "no scheme"),
            ("hunter2:8080", "no scheme"),
            ("", "not a valid URL"),
            ("http://ho st/hunter2", "not a valid URL"),
            ("ftp://host/hunter2", "scheme is not one of"),
            ("http://ada:hunter2@host/", "--secret-file"),
            ("http://hunter2@host/", "--secret-file"),
            ("http://host:99999/hunter2", "port"),
            ("http://host:hunter2/", "port"),
            ("http://:80/hunter2", "host"),
            ("unix:", "no socket"),
            ("unix:/run/a.sock:/hunter2 x", "path"),
        ] {
            let fault = text.parse::<Target>().expect_err(text);
            assert!(fault.contains(part) && !fault.contains("hunter2"), "{text}: {fault}");
        }
    }
}
