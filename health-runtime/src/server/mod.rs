//! Servers for the endpoint alone, on threads of their own: HTTP, HTTPS, and the line for HAProxy.

#[cfg(feature = "server")]
mod connection;
#[cfg(feature = "haproxy-agent")]
mod haproxy_agent;
#[cfg(feature = "server")]
mod http_server;
#[cfg(feature = "server")]
mod isolated;
mod listening;
#[cfg(feature = "server")]
mod place;
#[cfg(feature = "server")]
mod serving;
#[cfg(feature = "server")]
mod stream;
mod thread;
#[cfg(feature = "server-tls")]
mod tls;
#[cfg(all(feature = "server", unix))]
mod unix;

#[cfg(feature = "haproxy-agent")]
pub use haproxy_agent::{AgentServer, serve_agent};
#[cfg(feature = "server")]
pub use http_server::{RunningServer, Server};
#[cfg(feature = "server")]
pub use isolated::{IsolatedServer, serve_isolated};
#[cfg(all(feature = "server", unix))]
pub use unix::UnixSocket;
#[cfg(feature = "server-tls")]
pub use {isolated::serve_tls, tls::Tls};
