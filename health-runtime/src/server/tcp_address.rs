use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
};

use tokio::net::{TcpListener, TcpSocket};

use crate::error::Problem;

/// Maximum number of connections that the system holds until they are accepted, as far as its own limit allows. The
/// standard library's 128 are full after 40 ms of a flood; a client whose SYN is dropped then repeats it only after a
/// second.
const LISTEN_BACKLOG: u32 = 4096;

/// A TCP address to listen on. Every server takes it in one of three forms:
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddr};
///
/// use health_runtime::TcpAddress;
///
/// let text = TcpAddress::from("0.0.0.0:8080");
/// let socket_address = TcpAddress::from(SocketAddr::from(([0, 0, 0, 0], 8080)));
/// let host_and_port = TcpAddress::from((Ipv4Addr::UNSPECIFIED, 8080));
/// assert!(text == socket_address && text == host_and_port);
/// ```
///
/// A host may be a name, as in `"localhost:8080"`: it is looked up when the server starts. With port 0 the system chooses a free
/// one, which [`ServerHandle::local_addrs`](crate::ServerHandle::local_addrs) returns. IPv6 addresses in a text have brackets:
/// `"[::1]:8080"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpAddress(String);

impl TcpAddress {
    /// Listens on the first address of the host that is free. Looks names up, which blocks. Call it inside a runtime.
    ///
    /// # Errors
    /// The name has no address, or none of its addresses can be bound.
    pub(super) fn listen(&self) -> Result<TcpListener, Problem> {
        let listener = self.bind().and_then(|socket| socket.listen(LISTEN_BACKLOG));
        listener.map_err(|error| Problem::cannot_listen(self.0.clone(), error))
    }

    fn bind(&self) -> io::Result<TcpSocket> {
        let mut failed = io::Error::new(ErrorKind::InvalidInput, "the name has no address");
        for address in self.0.to_socket_addrs()? {
            match bind_one(address) {
                Ok(socket) => return Ok(socket),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

fn bind_one(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Like the standard library: on Windows the option would let two processes listen on one port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl From<&str> for TcpAddress {
    fn from(address: &str) -> Self {
        Self(address.to_owned())
    }
}

impl From<String> for TcpAddress {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl From<&String> for TcpAddress {
    fn from(address: &String) -> Self {
        Self(address.clone())
    }
}

impl From<SocketAddr> for TcpAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl From<(&str, u16)> for TcpAddress {
    fn from((host, port): (&str, u16)) -> Self {
        match host.parse::<IpAddr>() {
            Ok(ip) => (ip, port).into(),
            Err(_) => Self(format!("{host}:{port}")),
        }
    }
}

impl From<(String, u16)> for TcpAddress {
    fn from((host, port): (String, u16)) -> Self {
        (host.as_str(), port).into()
    }
}

impl From<(IpAddr, u16)> for TcpAddress {
    fn from(address: (IpAddr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv4Addr, u16)> for TcpAddress {
    fn from(address: (Ipv4Addr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv6Addr, u16)> for TcpAddress {
    fn from(address: (Ipv6Addr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_becomes_text_with_host_and_port() {
        for (address, text) in [
            (TcpAddress::from("[::1]:80"), "[::1]:80"),
            (TcpAddress::from(("::1", 80)), "[::1]:80"),
            (TcpAddress::from((Ipv6Addr::LOCALHOST, 80)), "[::1]:80"),
            (TcpAddress::from(("localhost", 80)), "localhost:80"),
            (TcpAddress::from(("127.0.0.1".to_owned(), 80)), "127.0.0.1:80"),
            (TcpAddress::from((IpAddr::from(Ipv4Addr::LOCALHOST), 80)), "127.0.0.1:80"),
        ] {
            assert_eq!(address.0, text);
        }
    }
}
