//! HTTPS, on rustls.

mod files;
mod handshakes;
mod identity;
mod settings;

pub(super) use crate::access::ClientCertificate;
pub(super) use identity::Identity;
pub use settings::Tls;
