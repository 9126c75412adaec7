//! The socket on which systemd receives messages.

use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    log::{self, Topic},
    text::escape_controls,
};

/// A socket of datagrams, and whether the latest message arrived there.
#[derive(Debug)]
pub(super) struct NotifySocket {
    address: SocketAddr,
    is_failing: AtomicBool,
}

impl NotifySocket {
    /// Parses a value of `NOTIFY_SOCKET`: an absolute path, or `@` and an abstract name.
    ///
    /// # Errors
    /// A sentence about a value of another kind.
    pub(super) fn parse(value: &[u8]) -> Result<Self, String> {
        let address = match value {
            [b'/', ..] => SocketAddr::from_pathname(OsStr::from_bytes(value)),
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            _ => Err(io::Error::other(if value.starts_with(b"vsock") {
                "a socket out of a virtual machine is not supported; run a service manager inside of it"
            } else {
                "it is neither an absolute path nor `@` and an abstract name"
            })),
        };
        let address = address.map_err(|error| {
            let value = String::from_utf8_lossy(value);
            format!("NOTIFY_SOCKET: `{}` is not a valid socket: {error}", escape_controls(&value))
        })?;
        Ok(Self { address, is_failing: AtomicBool::new(false) })
    }

    /// Sends a message, without waiting. Returns whether it was sent. The beginning and the end of an outage are logged.
    pub(super) fn send(&self, message: &str) -> bool {
        let failed = self.try_send(message).err();
        let is_sent = failed.is_none();
        if self.is_failing.swap(!is_sent, Ordering::Relaxed) == is_sent {
            log::write(Topic::Checks, move || {
                if let Some(error) = failed {
                    tracing::error!(%error, "systemd cannot be notified; it is tried again");
                } else {
                    tracing::info!("systemd is notified again");
                }
            });
        }
        is_sent
    }

    fn try_send(&self, message: &str) -> io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        // A manager that is busy must not stop a thread of the runtime.
        socket.set_nonblocking(true)?;
        socket.send_to_addr(message.as_bytes(), &self.address)?;
        Ok(())
    }
}
