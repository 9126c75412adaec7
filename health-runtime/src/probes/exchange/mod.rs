//! One request on one connection: what the probes that ask over HTTP share.

mod request;
#[cfg(feature = "probe-https")]
mod roots;
mod stream;
mod target;
// TLS, or a word about where it is to be had.
#[cfg_attr(not(feature = "probe-https"), path = "no_tls.rs")]
mod tls;

pub(super) use request::Answer;
pub use request::Http;
pub(super) use target::shown;
