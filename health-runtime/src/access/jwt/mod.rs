//! `Authorization: Bearer` with a JSON Web Token (RFC 6750, RFC 7519).

mod claims;
mod key_ring;
mod keys;
mod policy;
mod tokens;

pub use keys::{JwtAlgorithm, JwtKeys};
pub use policy::{Jwt, jwt};
pub(crate) use tokens::Token;
pub use tokens::Tokens;
