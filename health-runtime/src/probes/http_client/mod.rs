//! HTTP client of the probes: each request on a connection of its own.

mod client;
mod connection;
mod headers;
mod proxy;
mod redirect;
mod reloaded;
mod settings;
// TLS, or an error that names its feature.
#[cfg_attr(not(feature = "probe-https"), path = "no_tls.rs")]
mod tls;
mod url;

pub(super) use client::{HttpClient, StreamedResponse};
pub(super) use proxy::ProxyChoice;
pub(super) use settings::http_settings;
#[cfg(feature = "probe-connect-tls")]
pub(super) use tls::host_roots;
