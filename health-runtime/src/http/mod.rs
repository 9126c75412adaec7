//! The endpoint: the only place that names axum.

pub mod access;
mod answer;
mod answering;
mod cache;
mod endpoint;
mod handler;
#[cfg(feature = "serve")]
mod home;
mod paths;
mod problem;
mod query;
mod router;
#[cfg(feature = "serve")]
mod serve;
mod show_details;
mod status_code;
mod target;
#[cfg(feature = "jwt")]
mod token;

pub use endpoint::{Endpoint, EndpointBuilder};
pub use paths::LevelsPath;
pub use query::View;
#[cfg(all(feature = "serve", unix))]
pub use serve::UnixSocket;
#[cfg(feature = "tls")]
pub use serve::{ClientCertificate, Tls, serve_tls};
#[cfg(feature = "serve")]
pub use serve::{IsolatedServer, RunningServer, Server, serve_isolated};
pub use show_details::ShowDetails;
pub use status_code::StatusCodes;
