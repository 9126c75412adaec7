//! The endpoint: the only place that names axum.

mod accept;
pub mod access;
#[cfg(feature = "agent")]
mod agent;
#[cfg(feature = "agent")]
mod agent_server;
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
#[cfg(feature = "serve")]
mod home;
#[cfg(any(feature = "agent", feature = "serve"))]
mod listening;
mod negotiate;
#[cfg(feature = "grpc")]
mod offer;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(feature = "openapi")]
mod openapi_answer;
#[cfg(any(feature = "agent", feature = "serve"))]
mod own_thread;
#[cfg(feature = "page")]
mod page;
mod paths;
mod problem;
mod query;
mod respond;
mod response_body;
mod retry;
mod router;
#[cfg(feature = "serve")]
mod serve;
mod start_log;
mod status_code;
mod target;
#[cfg(feature = "jwt")]
mod token;

#[cfg(feature = "grpc")]
pub(crate) use access::Decision;
#[cfg(feature = "agent")]
pub use agent::Agent;
#[cfg(feature = "agent")]
pub use agent_server::{AgentServer, serve_agent};
pub use endpoint::{Endpoint, EndpointBuilder};
pub use envoy::EnvoyHeaders;
#[cfg(feature = "grpc")]
pub(crate) use offer::Offer;
pub use paths::LevelsPath;
pub use query::View;
pub use response_body::ResponseBody;
#[cfg(all(feature = "serve", unix))]
pub use serve::UnixSocket;
#[cfg(feature = "tls")]
pub use serve::{ClientCertificate, Tls, serve_tls};
#[cfg(feature = "serve")]
pub use serve::{IsolatedServer, RunningServer, Server, serve_isolated};
pub use status_code::StatusCodes;
