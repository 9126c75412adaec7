//! The endpoint: the only place that names axum.

mod accept;
mod access;
mod answer;
mod answering;
mod cache;
mod endpoint;
#[cfg(feature = "events")]
mod events;
mod handler;
#[cfg(feature = "serve")]
mod home;
#[cfg(feature = "serve")]
mod isolated;
mod negotiate;
#[cfg(feature = "page")]
mod page;
mod paths;
mod problem;
mod query;
mod router;
mod status_code;
mod target;

pub use access::ShowDetails;
pub use endpoint::{Endpoint, EndpointBuilder};
#[cfg(feature = "serve")]
pub use isolated::{IsolatedServer, serve_isolated};
pub use paths::LevelsPath;
pub use query::View;
pub use status_code::StatusCodes;
