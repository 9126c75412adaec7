//! Addresses of an endpoint as its own probe reaches it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use crate::{mask::mask_credentials, text::escape_controls};

const DEFAULT_PATH: &str = "/livez";

/// An address and a path there. Its text has no query, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndpointAddress {
    pub(super) socket: SocketKind,
    /// The path with its query.
    pub(super) path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SocketKind {
    /// A name, or an IP address without brackets.
    Tcp {
        host: String,
        port: u16,
    },
    Unix(PathBuf),
}

impl Default for EndpointAddress {
    fn default() -> Self {
        Self { socket: SocketKind::Tcp { host: "localhost".to_owned(), port: 8080 }, path: DEFAULT_PATH.to_owned() }
    }
}

impl EndpointAddress {
    /// Parses one of the forms that [`healthcheck`](super::healthcheck) lists.
    ///
    /// # Errors
    /// A sentence that says what to write instead, without credentials.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains('@') && !text.starts_with("unix:") {
            return Err(
                "the address has a user or a password, which the probe does not send; write it without".to_owned()
            );
        }
        if let Some(rest) = text.strip_prefix("unix:") {
            return Self::parse_unix(rest);
        }
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        match scheme {
            None => {}
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => {}
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => return Err(TLS_PROBLEM.to_owned()),
            Some(scheme) => {
                let scheme = shown(scheme);
                return Err(format!("the probe does not speak `{scheme}`; write `http://…` or `unix:/…`"));
            }
        }
        let (authority, path) = match rest.find('/') {
            Some(start) => rest.split_at(start),
            None => (rest, DEFAULT_PATH),
        };
        let Some((host, port)) = host_and_port(authority, scheme.map(|_| 80)) else {
            let text = shown(text);
            return Err(format!(
                "`{text}` is not a valid address; write for example `localhost:8080`, `[::1]:8080/readyz` or `unix:/run/app/health.sock`"
            ));
        };
        Self { socket: SocketKind::Tcp { host, port }, path: String::new() }.with_path(path)
    }

    /// Parses `/run/app/health.sock` or `/run/app/health.sock:/path`, also behind the two slashes of a URL.
    fn parse_unix(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix("//").unwrap_or(text);
        let (socket, path) = text.split_once(":/").map_or((text, ""), |(socket, path)| (socket, path));
        if socket.is_empty() {
            return Err("the address names no Unix socket; write for example `unix:/run/app/health.sock`".to_owned());
        }
        let path = if path.is_empty() { DEFAULT_PATH.to_owned() } else { format!("/{path}") };
        Self { socket: SocketKind::Unix(socket.into()), path: String::new() }.with_path(&path)
    }

    /// Sets the path, which begins with a slash.
    ///
    /// # Errors
    /// The path has a character that a request cannot carry, or is that of a socket.
    pub(super) fn with_path(mut self, path: &str) -> Result<Self, String> {
        let text = shown(path);
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(format!("`{text}` is not a valid path; encode its characters, as in `%20`"));
        }
        if Path::new(path).extension().is_some_and(|extension| extension == "sock" || extension == "socket") {
            return Err(format!("`{text}` is a path of the endpoint here; for a Unix socket write `unix:{text}`"));
        }
        path.clone_into(&mut self.path);
        Ok(self)
    }

    /// Returns the value of the header `Host`.
    pub(super) fn host(&self) -> String {
        match &self.socket {
            SocketKind::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            SocketKind::Tcp { host, port } => format!("{host}:{port}"),
            SocketKind::Unix(_) => "localhost".to_owned(),
        }
    }
}

impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        match &self.socket {
            SocketKind::Tcp { .. } => write!(f, "http://{}{path}", self.host()),
            SocketKind::Unix(socket) => write!(f, "unix:{}:{path}", escape_controls(&socket.to_string_lossy())),
        }
    }
}

pub(super) const TLS_PROBLEM: &str = "the probe speaks no TLS; serve the groups at a second address, such as a Unix socket or `127.0.0.1:9090`, and name that one";

/// Returns the parts of `host:port`, `:port` or `port`, with loopback for an address that stands for all interfaces.
fn host_and_port(authority: &str, default_port: Option<u16>) -> Option<(String, u16)> {
    let is_number = authority.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        _ if is_number && default_port.is_none() => ("", Some(authority)),
        // The last colon is one of an IPv6 address.
        Some(_) if authority.ends_with(']') => (authority, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port = port.map_or(default_port, |port| port.parse().ok()).filter(|port| *port > 0)?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
        None => host.to_owned(),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Some((Ipv4Addr::LOCALHOST.to_string(), port)),
        // A listener on all addresses of IPv6 usually takes IPv4 as well, also where the loopback interface has IPv4 alone.
        Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Some(("localhost".to_owned(), port)),
        Ok(IpAddr::V6(_)) if !authority.starts_with('[') => None,
        Ok(_) => Some((host, port)),
        Err(_) if host.is_empty() => Some(("localhost".to_owned(), port)),
        Err(_) => host.bytes().all(is_name).then_some((host, port)),
    }
}

fn shown(text: &str) -> String {
    escape_controls(&mask_credentials(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_a_default_for_each_part() {
        for (text, expected) in [
            ("9090", "http://localhost:9090/livez"),
            (":9090", "http://localhost:9090/livez"),
            ("9090/readyz", "http://localhost:9090/readyz"),
            ("127.0.0.1:9090", "http://127.0.0.1:9090/livez"),
            ("0.0.0.0:9090", "http://127.0.0.1:9090/livez"),
            ("[::]:9090", "http://localhost:9090/livez"),
            ("[::1]:9090/", "http://[::1]:9090/"),
            ("app.internal:9090/status/live?exclude=a", "http://app.internal:9090/status/live"),
            ("http://localhost", "http://localhost:80/livez"),
            ("HTTP://[::1]/readyz", "http://[::1]:80/readyz"),
            ("http://127.0.0.1:9090/a:b", "http://127.0.0.1:9090/a:b"),
            ("unix:/run/app/health.sock", "unix:/run/app/health.sock:/livez"),
            ("unix:///run/app/health.sock", "unix:/run/app/health.sock:/livez"),
            ("unix:health@1.sock:/health/levels/5?format=json", "unix:health@1.sock:/health/levels/5"),
        ] {
            assert_eq!(
                EndpointAddress::parse(text).map(|address| address.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
        assert_eq!(EndpointAddress::default(), EndpointAddress::parse("localhost:8080").expect("valid"));
        let with_query = EndpointAddress::parse(":1/livez?exclude=a").expect("valid");
        assert_eq!(with_query.path, "/livez?exclude=a");
    }

    #[test]
    fn invalid_address_names_the_cure_and_no_secret() {
        for (text, expected) in [
            ("", "not a valid address"),
            ("localhost", "not a valid address"),
            ("localhost:", "not a valid address"),
            ("localhost:0", "not a valid address"),
            ("localhost:65536", "not a valid address"),
            ("::1:8080", "not a valid address"),
            ("[::1:8080", "not a valid address"),
            ("[fe80]:8080", "not a valid address"),
            ("--help", "not a valid address"),
            ("a b:80", "not a valid address"),
            ("host:80?token=x", "not a valid address"),
            ("https://localhost:8443/livez", "no TLS"),
            ("grpc://localhost:1", "does not speak `grpc`"),
            ("http://user:hunter2@localhost:1", "a user or a password"),
            ("unix:", "names no Unix socket"),
            (":1/a b", "`/a b` is not a valid path"),
            (":1/\r\nX: y", "is not a valid path"),
            (":1/a#b", "is not a valid path"),
        ] {
            let problem = EndpointAddress::parse(text).expect_err(text);
            assert!(problem.contains(expected), "{text}: {problem}");
            assert!(!problem.contains("hunter2") && !problem.contains(char::is_control), "{problem}");
        }
        let problem = EndpointAddress::default().with_path("/run/app.sock").expect_err("a socket");
        assert!(problem.ends_with("write `unix:/run/app.sock`"), "{problem}");
    }
}
