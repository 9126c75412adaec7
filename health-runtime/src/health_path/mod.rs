//! Requests for health between services: the services that a request has passed (`Health-Path`), the time that is left
//! for it (`Health-Budget`), and the run for which a check asks another service.
//!
//! Inbound, [`RequestOrigin`] reads the headers of a request, and [`LoopGuard`] stops one that goes in a circle. A run keeps the origin of the request that
//! started it in its [`RunContext`], from which the requests that the check sends get their headers. A probe that asks
//! another service takes them by [`headers_until`] right before it sends the request, on each attempt, with the end of
//! its own time:
//!
//! ```ignore
//! headers.extend(health_path::headers_until(deadline.end));
//! ```
//!
//! Outside a run, as in `observe` of a probe, there are none. Taking them notes that the run asks another service, so
//! that no request from there waits for this run: both would wait in vain. [`note_response_headers`] takes the headers of the response.

mod budget;
#[cfg(feature = "probe-http")]
mod distances;
mod instance;
mod loop_guard;
mod path;
mod request_origin;
mod run_context;
mod trace_context;

#[cfg(feature = "probe-http")]
pub(crate) use distances::Distances;
pub(crate) use instance::Instance;
pub(crate) use loop_guard::{LoopGuard, StopReason};
pub(crate) use request_origin::RequestOrigin;
pub(crate) use run_context::{RequestingCheck, RunContext};
#[cfg(feature = "probe-http")]
pub(crate) use run_context::{current_check, headers_until};
pub use run_context::{note_response_headers, outgoing_headers};

/// The services that a request has passed.
const PATH_HEADER: http::HeaderName = http::HeaderName::from_static("health-path");

/// Stands in a response that shows less than another caller may learn, because of the path of its request.
pub(crate) const LIMITED_HEADER: http::HeaderName = http::HeaderName::from_static("health-limited");

/// The time that is left for an answer, in milliseconds.
const BUDGET_HEADER: http::HeaderName = http::HeaderName::from_static("health-budget");
