//! Stands where TLS would, without the feature `probe-https`.

use std::future::Ready;

use tokio::net::TcpStream;

use super::stream::Stream;

/// Nothing to trust.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust(());

/// There is none.
pub(super) enum Connector {}

impl Trust {
    #[expect(clippy::unused_self, reason = "the shape of its counterpart with TLS")]
    pub(super) fn connector(&self) -> Result<Connector, String> {
        Err("`https://` needs the feature `probe-https` of `health-runtime`".to_owned())
    }
}

impl Connector {
    pub(super) fn secure(&self, _: TcpStream, _: &str) -> Ready<Result<Stream, String>> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::{error::Problem, probes, registry::Registry};

    #[test]
    fn https_without_its_feature_is_a_start_up_error_that_names_it() {
        for url in ["https://billing.internal/", "HTTPS://billing.internal/"] {
            let error = Registry::builder().check(probes::http(url)).build().expect_err("a fault");
            let [Problem::Misconfigured { fault, .. }] = error.problems() else {
                panic!("another problem: {error}");
            };
            assert!(fault.contains("the feature `probe-https`"), "{fault}");
        }
    }
}
