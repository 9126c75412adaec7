//! Who may have which levels run, and who sees details: policies, and the rules that they are put together with.
//!
//! [`Access`] holds a policy for every level. It is the key `access` of [`health_endpoint!`](crate::health_endpoint), and
//! [`EndpointBuilder::access`](crate::EndpointBuilder::access).
//!
//! ```
//! # #[cfg(feature = "credentials")] {
//! use health_runtime::{
//!     EndpointBuilder,
//!     access::{Access, AccessKey, User, access_key, any_of, basic, public},
//! };
//!
//! # fn from_the_environment(_: &str) -> String { "correct horse battery".to_owned() }
//! let people = basic("health", [User::new("ada", from_the_environment("ADA"))]);
//! let machines = access_key([AccessKey::new("prometheus-2026", from_the_environment("KEY")).levels(3..=5)]);
//! let access = Access::new().levels(4..=5, public()).levels(1..=3, any_of([people, machines]));
//! let endpoint = EndpointBuilder::new().access(access).build()?;
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

#[cfg(feature = "address")]
mod address;
mod ask;
mod asking;
mod attempt;
mod audit;
#[cfg(feature = "credentials")]
mod authorization;
#[cfg(feature = "credentials")]
mod basic;
mod caller;
#[cfg(feature = "tls")]
mod client_certificate;
#[cfg(any(feature = "address", feature = "limits"))]
mod complaint;
mod compose;
mod decision;
mod entry;
#[cfg(feature = "address")]
mod forwarded;
mod gate;
#[cfg(feature = "credentials")]
mod grants;
#[cfg(feature = "hashed-passwords")]
mod hashed;
#[cfg(feature = "hashed-passwords")]
mod hashing;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "credentials")]
mod keys;
#[cfg(feature = "limits")]
mod limits;
mod network;
#[cfg(feature = "credentials")]
mod nonces;
#[cfg(feature = "credentials")]
mod password;
mod peer;
mod policy;
#[cfg(feature = "address")]
mod proxies;
mod refusal;
mod refusals;
#[cfg(feature = "openapi")]
mod requirement;
mod rules;
#[cfg(feature = "credentials")]
mod secret;
mod sight;
#[cfg(feature = "credentials")]
mod signed;
mod soon;
#[cfg(not(feature = "limits"))]
mod unlimited;
mod vary;
mod visible;
#[cfg(feature = "limits")]
mod visitors;

#[cfg(feature = "address")]
pub use address::address;
pub(super) use ask::Ask;
#[cfg(feature = "credentials")]
pub use basic::{User, basic};
pub use caller::Caller;
#[cfg(feature = "tls")]
pub use client_certificate::{Client, client_certificate};
pub use compose::{all_of, any_of, closed, not, public};
pub use decision::Decision;
#[cfg(feature = "openapi")]
pub(super) use decision::Schemes;
pub(super) use gate::Gate;
#[cfg(feature = "jwt")]
pub(super) use jwt::Token;
#[cfg(feature = "jwt")]
pub use jwt::{Jwt, JwtAlgorithm, JwtKeys, Tokens, jwt};
#[cfg(feature = "credentials")]
pub use keys::{AccessKey, access_key};
#[cfg(feature = "limits")]
pub use limits::Limits;
#[cfg(feature = "events")]
pub(super) use network::network;
#[cfg(feature = "serve")]
pub(super) use peer::OverUnixSocket;
#[cfg(feature = "events")]
pub(super) use peer::Peer;
pub use peer::PeerAddress;
pub(super) use peer::original_uri;
pub use policy::{AnyPolicy, Policy};
#[cfg(feature = "address")]
pub use proxies::Proxies;
#[cfg(feature = "jwt")]
pub(super) use refusal::Refusal;
pub use refusals::Refusals;
#[cfg(feature = "openapi")]
pub(super) use requirement::Requirement;
pub use rules::Access;
#[cfg(feature = "credentials")]
pub use signed::{Signed, signed};
pub(super) use soon::Soon;
