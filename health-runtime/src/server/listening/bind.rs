use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, ToSocketAddrs},
};

use tokio::net::TcpSocket;

/// Connections that the system holds until they are accepted, as far as its own limit allows. The standard library's 128
/// are full after 40 ms of a flood; a client whose SYN is dropped then repeats it only after a second.
pub(crate) const BACKLOG: u32 = 4096;

/// Binds a socket to the first of these addresses that can be bound. Resolves names, which blocks.
///
/// # Errors
/// No address could be resolved or bound.
pub(crate) fn bind(addresses: impl ToSocketAddrs) -> io::Result<TcpSocket> {
    let mut failed = io::Error::new(ErrorKind::InvalidInput, "the name has no address");
    for address in addresses.to_socket_addrs()? {
        match bind_one(address) {
            Ok(socket) => return Ok(socket),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn bind_one(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the standard library does: on Windows it would let two processes listen at one port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
