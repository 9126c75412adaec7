//! The endpoint: the only place that names axum.

mod access;
mod answer;
mod answering;
mod cache;
mod endpoint;
mod handler;
mod paths;
mod problem;
mod query;
mod router;
mod status_code;
mod target;

pub use access::ShowDetails;
pub use endpoint::{Endpoint, EndpointBuilder};
pub use paths::LevelsPath;
pub use query::View;
pub use status_code::StatusCodes;
