//! Servers for the endpoint, each on its own thread: HTTP, HTTPS, and the line for HAProxy.

#[cfg(feature = "server")]
mod binding;
#[cfg(feature = "server")]
mod connection;
mod handle;
#[cfg(feature = "haproxy-agent")]
mod haproxy_agent;
#[cfg(feature = "server")]
mod http_server;
mod listening;
#[cfg(feature = "server")]
mod served_routes;
#[cfg(feature = "server")]
mod stream;
mod tcp_address;
// TLS, or types without values.
#[cfg(feature = "server")]
#[cfg_attr(not(feature = "server-tls"), path = "no_tls.rs")]
mod tls;
#[cfg(all(feature = "server", unix))]
mod unix_socket;

pub use handle::ServerHandle;
#[cfg(feature = "haproxy-agent")]
pub use haproxy_agent::serve_agent;
#[cfg(feature = "server")]
pub use http_server::{Server, serve_isolated};
#[cfg(feature = "server")]
pub use served_routes::ServedRoutes;
pub use tcp_address::TcpAddress;
#[cfg(all(feature = "server", unix))]
pub use unix_socket::UnixSocket;
#[cfg(feature = "server-tls")]
pub use {http_server::serve_tls, tls::Tls};
