//! The endpoint: the only place that names axum.

mod accept;
mod access;
#[cfg(feature = "agent")]
mod agent;
#[cfg(feature = "agent")]
mod agent_server;
mod answer;
mod answering;
mod cache;
mod endpoint;
mod envoy;
#[cfg(feature = "openapi")]
mod etag;
mod handler;
#[cfg(feature = "serve")]
mod home;
#[cfg(feature = "serve")]
mod isolated;
mod negotiate;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(feature = "openapi")]
mod openapi_answer;
mod paths;
mod problem;
mod query;
mod router;
mod status_code;
mod target;

pub use access::ShowDetails;
#[cfg(feature = "agent")]
pub use agent::Agent;
#[cfg(feature = "agent")]
pub use agent_server::{AgentServer, serve_agent};
pub use endpoint::{Endpoint, EndpointBuilder};
pub use envoy::EnvoyHeaders;
#[cfg(feature = "serve")]
pub use isolated::{IsolatedServer, serve_isolated};
pub use paths::LevelsPath;
pub use query::View;
pub use status_code::StatusCodes;
