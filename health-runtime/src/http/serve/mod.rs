//! A server for the endpoint alone, on a thread of its own.

mod connection;
mod isolated;
mod place;
mod server;
mod serving;
mod stream;

#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;

pub use isolated::{IsolatedServer, serve_isolated};
pub use server::{RunningServer, Server};
#[cfg(unix)]
pub use unix::UnixSocket;
#[cfg(feature = "tls")]
pub use {
    isolated::serve_tls,
    tls::{ClientCertificate, Tls},
};
