//! The endpoint: routes, negotiation, responses.

mod accept;
mod cache;
mod cached_response;
mod endpoint;
mod endpoint_builder;
#[cfg(feature = "events")]
mod event_stream;
mod handler;
mod load_balancers;
mod negotiate;
#[cfg(any(feature = "grpc", feature = "systemd"))]
mod offer;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(feature = "page")]
mod page;
mod paths;
mod peer;
mod post;
mod problem;
mod query;
mod request;
mod respond;
mod router;
mod routes;
mod service;
mod start_log;

pub use endpoint::Endpoint;
pub use endpoint_builder::EndpointBuilder;
#[cfg(feature = "haproxy-agent")]
pub use load_balancers::HaproxyAgent;
pub use load_balancers::{EnvoyHeaders, StatusCodes};
#[cfg(any(feature = "grpc", feature = "systemd"))]
pub(crate) use offer::Offer;
pub use paths::LevelsPath;
#[cfg(feature = "server")]
pub(crate) use problem::ProblemDetails;
pub use query::View;
pub use respond::ResponseBody;
#[cfg(feature = "haproxy-agent")]
pub(crate) use service::Service;
