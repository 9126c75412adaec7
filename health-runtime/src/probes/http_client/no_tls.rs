//! Takes the place of TLS without the feature `probe-https`.

use std::future::Ready;

use tokio::net::TcpStream;

use crate::byte_stream::ByteStream;

/// Trusts no certificate authority.
#[derive(Clone, Debug, Default)]
pub(in crate::probes) struct Trust(());

/// A connector that cannot exist.
pub(super) enum Connector {}

impl Trust {
    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) fn connector(&self) -> Result<Connector, String> {
        Err("`https://` needs the feature `probe-https` of `health-runtime`".to_owned())
    }
}

impl Connector {
    pub(super) fn secure(&self, _: TcpStream, _: &str) -> Ready<Result<ByteStream, String>> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::{error::Problem, probes, registry::Registry};

    #[test]
    fn https_without_feature_is_a_start_up_error_that_names_it() {
        for url in ["https://billing.internal/", "HTTPS://billing.internal/"] {
            let error = Registry::builder().check(probes::http(url)).build().expect_err("a fault");
            let [Problem::Misconfigured { fault, .. }] = error.problems() else {
                panic!("another problem: {error}");
            };
            assert!(fault.contains("the feature `probe-https`"), "{fault}");
        }
    }
}
