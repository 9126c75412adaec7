//! Takes the place of TLS without the feature `probe-connect-tls`.

use std::future::{Ready, ready};

use crate::byte_stream::ByteStream;

/// No connection is encrypted.
#[derive(Clone, Debug, Default)]
pub(super) struct Encryption(());

impl Encryption {
    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) const fn is_wanted(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) const fn starts_later(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) const fn starts_first(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) const fn fault(&self) -> Option<String> {
        None
    }

    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) fn secure(&self, _: ByteStream, _: &str) -> Ready<Result<ByteStream, String>> {
        ready(Err("it needs the feature `probe-connect-tls` of `health-runtime`".to_owned()))
    }
}
