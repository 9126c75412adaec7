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

pub(crate) use client::{HttpClient, StreamedResponse};
pub(crate) use proxy::ProxyChoice;
#[cfg(feature = "alerts")]
pub(crate) use reloaded::Reloaded;
pub(super) use settings::http_settings;
pub(crate) use settings::request_settings;
#[cfg(feature = "probe-connect-tls")]
pub(super) use tls::host_roots;
#[cfg(feature = "alerts")]
pub(crate) use url::ProbeUrl;
