//! The endpoint: the only place that names axum.

pub mod access;
mod answer;
mod answering;
mod cache;
mod endpoint;
mod handler;
#[cfg(feature = "serve")]
mod home;
#[cfg(feature = "serve")]
mod isolated;
mod paths;
mod problem;
mod query;
mod router;
mod show_details;
mod status_code;
mod target;
#[cfg(feature = "jwt")]
mod token;

pub use endpoint::{Endpoint, EndpointBuilder};
#[cfg(feature = "serve")]
pub use isolated::{IsolatedServer, serve_isolated};
pub use paths::LevelsPath;
pub use query::View;
pub use show_details::ShowDetails;
pub use status_code::StatusCodes;
