//! Verdicts in the words of load balancers: status codes, headers, agent checks.

mod envoy;
#[cfg(feature = "haproxy-agent")]
mod haproxy;
mod status_codes;

pub use envoy::EnvoyHeaders;
pub(super) use envoy::ValidEnvoyHeaders;
#[cfg(feature = "haproxy-agent")]
pub use haproxy::HaproxyAgent;
#[cfg(feature = "haproxy-agent")]
pub(crate) use haproxy::ValidAgent;
pub use status_codes::StatusCodes;
pub(crate) use status_codes::ValidStatusCodes;
pub(super) use status_codes::demanded;
