//! Whom the probes for `https://` trust.

use super::request::Http;
use crate::probes::Probe;

impl<Q> Probe<Http<Q>> {
    /// Trusts the certificate authorities in this PEM text, besides those that this host trusts. May be
    /// called more than once. A text without a legal certificate is a start-up error.
    ///
    /// The host's own are read once in the life of the process: those of the operating system, or of the
    /// file that `SSL_CERT_FILE` names. So a company's authority that is installed on the host needs no call
    /// of this, and nothing that expires is built into the program. A host that trusts nobody, such as an
    /// empty container, is a start-up error unless this adds somebody.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// let probe = health_runtime::probes::http("https://billing.internal/readyz")
    ///     .with_root_certificates(std::fs::read("/etc/ssl/internal-ca.pem")?);
    /// # Ok(()) }
    /// ```
    pub fn with_root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.kind.trust.add(pem.as_ref());
        self
    }
}
