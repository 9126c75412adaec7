//! Access: which callers may run which levels and see details. Policies decide, and rules assign them to levels.
//!
//! [`Access`] holds a policy for every level. It is the key `access` of [`health_endpoint!`](crate::health_endpoint), and
//! [`EndpointBuilder::access`](crate::EndpointBuilder::access).
//!
//! ```
//! # #[cfg(feature = "access-credentials")] {
//! use health_runtime::{
//!     Endpoint, Level,
//!     access::{Access, AccessKey, User, access_key, any_of, basic, public},
//! };
//!
//! # fn from_the_environment(_: &str) -> String { "correct horse battery".to_owned() }
//! let people = basic("health", [User::new("ada", from_the_environment("ADA"))]);
//! let machines = access_key([AccessKey::new("prometheus-2026", from_the_environment("KEY")).levels(Level::L3..=Level::L5)]);
//! let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, any_of([people, machines]));
//! let endpoint = Endpoint::builder().access(access).build()?;
//! # }
//! # Ok::<(), health_runtime::Error>(())
//! ```
//!
//! A policy decides three things for a caller: the levels that it may run, those on which it sees details, and those
//! whose checks it may operate.
//!
//! # The audit
//!
//! Each refusal is one `tracing` event with the target `health_runtime::access` and the fields `address` (or `peer`,
//! for a proxy that does not report the address), `caller` (the name of a user or the id of a key, if known), `method`,
//! `route`, `reason`, `explanation` and `status`. It is `INFO` for a caller without credentials, else `WARN`. Nothing else
//! that a caller sent is logged. With [`Limits`], a client that disconnects before the decision is an event, too,
//! without a route.
//!
//! Each [operation](AnyPolicy::may_operate) is one event, too: `health check operated by a caller`, with `address` or
//! `peer`, `caller`, `operation`, `check`, `until` and `reason`.
//!
//! The first five refusals of one kind, address and minute are logged like this. One event at the end of the minute,
//! `more access refusals within a minute`, has the numbers of the others by kind; an IPv6 /64 counts as one address. Up
//! to 128 addresses have an event of their own, the others share one with the address `others`.
//! [`Endpoint::refusals`](crate::Endpoint::refusals) counts all of them.

#[cfg(all(feature = "access-jwt", feature = "mcp"))]
mod accepted_tokens;
#[cfg(feature = "access-address")]
mod address_ranges;
mod audit;
mod authorizer;
#[cfg(feature = "access-limits")]
mod bounded_store;
mod caller;
#[cfg(feature = "access-credentials")]
mod credentials;
mod decision;
#[cfg(feature = "openapi")]
mod description;
#[cfg(feature = "access-jwt")]
mod jwt;
#[cfg(feature = "access-limits")]
mod limits;
mod optional;
mod policies;
mod policy;
#[cfg(feature = "access-address")]
mod proxies;
mod refusal;
mod request;
mod requirement;
mod rules;
mod schemes;
#[cfg(feature = "access-jwt")]
mod token_issuer;
mod visibility;

#[cfg(all(feature = "access-jwt", feature = "mcp"))]
pub(crate) use accepted_tokens::AcceptedTokens;
pub(crate) use audit::Operator;
pub(crate) use authorizer::Authorizer;
pub(crate) use caller::PeerSocket;
#[cfg(feature = "events")]
pub(crate) use caller::network;
pub use caller::{Caller, PeerAddress};
#[cfg(feature = "access-credentials")]
pub use credentials::AccessKey;
pub use decision::Decision;
#[cfg(feature = "access-jwt")]
pub(crate) use jwt::Token;
#[cfg(feature = "access-jwt")]
pub use jwt::{Jwt, JwtAlgorithm, JwtKeys, Tokens, jwt};
#[cfg(feature = "access-limits")]
pub use limits::Limits;
pub use policies::*;
pub use policy::{AnyPolicy, Policy, PolicyValue};
#[cfg(feature = "access-address")]
pub use proxies::Proxies;
pub(crate) use refusal::Refusal;
pub use refusal::RefusalCounts;
pub(crate) use request::AccessRequest;
pub use rules::Access;
#[doc(hidden)]
pub use rules::AccessValue;
#[cfg(feature = "openapi")]
pub(crate) use {
    requirement::Requirement,
    schemes::{Carrier, Scheme, SchemePart, Schemes},
};
