//! Takes the place of TLS without the feature `probe-https`.

use std::{error::Error, future::Ready};

use crate::{byte_stream::ByteStream, probes::deadline::Deadline};

/// Trusts no certificate authority.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust(());

/// Connectors that cannot exist.
pub(super) enum Connectors {}

#[expect(clippy::unused_self, reason = "same signatures as with TLS")]
impl Trust {
    pub(super) const fn is_set(&self) -> bool {
        false
    }

    pub(super) const fn has_client(&self) -> bool {
        false
    }

    pub(super) fn faults(&self) -> Vec<String> {
        vec!["`https://` needs the feature `probe-https` of `health-runtime`".to_owned()]
    }

    #[expect(clippy::unused_async, reason = "same signature as with TLS")]
    pub(super) async fn connectors(&self, _: Deadline, _: &mut Vec<String>) -> Result<Box<Connectors>, String> {
        Err(self.faults().remove(0))
    }
}

impl Connectors {
    pub(super) fn secure(&self, _: ByteStream, _: &str, _: bool) -> Ready<Result<ByteStream, String>> {
        match *self {}
    }
}

/// Returns `None`: no error is one of TLS.
pub(super) const fn tls_failure(_: &(dyn Error + 'static)) -> Option<String> {
    None
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
