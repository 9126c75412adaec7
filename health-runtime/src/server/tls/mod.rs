//! HTTPS, on rustls.

mod client_certificate;
mod files;
mod handshakes;
mod identity;
mod settings;

pub use client_certificate::ClientCertificate;
pub(super) use identity::Identity;
pub use settings::Tls;
