//! The endpoint: the only place that names axum.

mod accept;
#[cfg(feature = "haproxy-agent")]
mod agent;
mod answer;
mod answering;
mod cache;
mod endpoint;
mod envoy;
#[cfg(any(feature = "openapi", feature = "page"))]
mod etag;
#[cfg(feature = "events")]
mod events;
mod handler;
mod negotiate;
#[cfg(feature = "grpc")]
mod offer;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(feature = "openapi")]
mod openapi_answer;
#[cfg(feature = "page")]
mod page;
mod paths;
mod peer;
mod problem;
mod query;
mod refused;
mod respond;
mod response_body;
mod retry;
mod router;
mod start_log;
mod status_code;
mod target;
#[cfg(feature = "access-jwt")]
mod token;

#[cfg(feature = "haproxy-agent")]
pub use agent::HaproxyAgent;
pub use endpoint::{Endpoint, EndpointBuilder};
pub use envoy::EnvoyHeaders;
#[cfg(feature = "haproxy-agent")]
pub(crate) use handler::Service;
#[cfg(feature = "grpc")]
pub(crate) use offer::Offer;
pub use paths::LevelsPath;
pub(crate) use problem::ProblemDetails;
pub use query::View;
pub use response_body::ResponseBody;
pub use status_code::StatusCodes;
