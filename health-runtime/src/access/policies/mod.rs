//! The ready-made policies. Each declares the credentials that it reads as a `Scheme`.

#[cfg(feature = "access-credentials")]
mod access_key;
#[cfg(feature = "access-address")]
mod address;
#[cfg(feature = "access-credentials")]
mod basic;
#[cfg(feature = "server-tls")]
mod certificate;
mod compose;
#[cfg(feature = "access-credentials")]
mod signed;

#[cfg(feature = "access-address")]
pub use address::address;
#[cfg(feature = "server-tls")]
pub use certificate::{CertificateMatcher, ClientCertificate, client_certificate};
pub(super) use compose::ask_each;
pub use compose::{all_of, any_of, closed, not, public};
#[cfg(feature = "access-credentials")]
pub use {
    access_key::access_key,
    basic::{User, basic},
    signed::{Signed, signed},
};
