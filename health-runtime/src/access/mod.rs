//! Who may have which levels run, and who sees details: policies, and the rules that they are put together with.
//!
//! [`Access`] holds a policy for every level. It is the key `access` of [`health_endpoint!`](crate::health_endpoint), and
//! [`EndpointBuilder::access`](crate::EndpointBuilder::access).
//!
//! ```
//! # #[cfg(feature = "access-credentials")] {
//! use health_runtime::{
//!     Endpoint,
//!     access::{Access, AccessKey, User, access_key, any_of, basic, public},
//! };
//!
//! # fn from_the_environment(_: &str) -> String { "correct horse battery".to_owned() }
//! let people = basic("health", [User::new("ada", from_the_environment("ADA"))]);
//! let machines = access_key([AccessKey::new("prometheus-2026", from_the_environment("KEY")).levels(3..=5)]);
//! let access = Access::new().levels(4..=5, public()).levels(1..=3, any_of([people, machines]));
//! let endpoint = Endpoint::builder().access(access).build()?;
//! # }
//! # Ok::<(), health_runtime::Error>(())
//! ```
//!
//! Each policy says two things of a caller: which levels it may have run, and on which of them it sees details.
//!
//! # The audit
//!
//! Each refusal is one `tracing` event with the target `health_runtime::access`: `address` (or `peer`, of a proxy that does
//! not tell the address), `who` (the name of a user or the id of a key, if it is known), `method`, `route`, `why`,
//! `because`, `status`. It is `INFO` for a caller without credentials, and `WARN` else. Nothing else that a caller sent is
//! logged. With [`Limits`], a caller that hangs up before it is told is an event, too, without a route.
//!
//! The first five refusals of one kind, address and minute are logged like this. One event at the end of the minute,
//! `more access refusals within a minute`, has the numbers of the others by kind; of IPv6, a /64 counts as one address.
//! Up to 128 addresses have an event of their own, the others share one with the address `others`.
//! [`Endpoint::refusals`](crate::Endpoint::refusals) counts all of them.

#[cfg(feature = "access-address")]
mod address;
mod asking;
mod attempt;
mod audit;
#[cfg(feature = "access-credentials")]
mod authorization;
mod authorizer;
#[cfg(feature = "access-credentials")]
mod basic;
mod caller;
#[cfg(feature = "server-tls")]
mod certificate;
#[cfg(feature = "server-tls")]
mod client_certificate;
#[cfg(any(feature = "access-address", feature = "access-limits"))]
mod complaint;
mod compose;
mod decision;
mod entry;
#[cfg(feature = "access-address")]
mod forwarded;
#[cfg(feature = "access-credentials")]
mod grants;
#[cfg(feature = "access-hashed-passwords")]
mod hashed;
#[cfg(feature = "access-hashed-passwords")]
mod hashing;
#[cfg(feature = "access-jwt")]
mod jwt;
#[cfg(feature = "access-credentials")]
mod keys;
#[cfg(feature = "access-limits")]
mod limits;
mod network;
#[cfg(feature = "access-credentials")]
mod nonces;
#[cfg(feature = "access-credentials")]
mod password;
mod peer;
mod policy;
#[cfg(feature = "access-address")]
mod proxies;
mod refusal;
mod refusals;
mod request;
#[cfg(feature = "openapi")]
mod requirement;
mod rules;
#[cfg(feature = "access-credentials")]
mod secret;
#[cfg(feature = "access-credentials")]
mod signed;
#[cfg(not(feature = "access-limits"))]
mod unlimited;
mod visibility;
mod visible;
#[cfg(feature = "access-limits")]
mod visitors;

#[cfg(feature = "access-address")]
pub use address::address;
pub(crate) use authorizer::Authorizer;
#[cfg(feature = "access-credentials")]
pub use basic::{User, basic};
pub use caller::Caller;
#[cfg(feature = "server-tls")]
pub use certificate::{CertificateMatcher, client_certificate};
#[cfg(feature = "server-tls")]
pub use client_certificate::ClientCertificate;
pub use compose::{all_of, any_of, closed, not, public};
pub use decision::Decision;
#[cfg(feature = "openapi")]
pub(crate) use decision::Schemes;
#[cfg(feature = "access-jwt")]
pub(crate) use jwt::Token;
#[cfg(feature = "access-jwt")]
pub use jwt::{Jwt, JwtAlgorithm, JwtKeys, Tokens, jwt};
#[cfg(feature = "access-credentials")]
pub use keys::{AccessKey, access_key};
#[cfg(feature = "access-limits")]
pub use limits::Limits;
#[cfg(feature = "events")]
pub(crate) use network::network;
pub use peer::PeerAddress;
pub(crate) use peer::PeerSocket;
pub use policy::{AnyPolicy, Policy};
#[cfg(feature = "access-address")]
pub use proxies::Proxies;
pub(crate) use refusal::Refusal;
pub use refusals::RefusalCounts;
pub(crate) use request::AccessRequest;
#[cfg(feature = "openapi")]
pub(crate) use requirement::Requirement;
pub use rules::Access;
#[cfg(feature = "access-credentials")]
pub use signed::{Signed, signed};
