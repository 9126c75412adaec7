//! HTTP client of the probes: one request on one connection.

mod client;
// TLS, or an error that names its feature.
#[cfg_attr(not(feature = "probe-https"), path = "no_tls.rs")]
mod tls;
mod url;

pub(super) use client::{HttpClient, StreamedResponse};
pub(super) use url::redact_location;

/// Gives a probe with a field `client` the settings of requests.
macro_rules! http_settings {
    ($probe:ident) => {
        impl $probe {
            /// Sends this header with the request, in place of any other of that name. Its value is never shown. An invalid
            /// name or value, or a header that belongs to the connection, is a start-up error.
            ///
            /// ```
            /// # fn token() -> &'static str { "t" }
            /// let probe = health_runtime::probes::http("http://billing.internal/readyz")
            ///     .header("authorization", format!("Bearer {}", token()));
            /// ```
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
                self.client.set_header(name.as_ref(), value.as_ref());
                self
            }

            /// Sets the longest time for connecting: name lookup, TCP and TLS together. Default: 2 s, within
            /// [`timeout`](Self::timeout). Zero is a start-up error.
            pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.client.connect_timeout = timeout;
                self
            }

            /// Trusts the certificate authorities in this PEM text, besides those that this host trusts. May be
            /// called more than once. A text without a valid certificate is a start-up error.
            ///
            /// The host's own authorities are read once in the life of the process: those of the operating system, or of the
            /// file that `SSL_CERT_FILE` names. So a company's authority that is installed on the host needs no call
            /// of this, and nothing that expires is built into the program. A host that trusts no authority, such as an
            /// empty container, is a start-up error unless this adds one.
            ///
            /// ```no_run
            /// # fn main() -> std::io::Result<()> {
            /// let probe = health_runtime::probes::http("https://billing.internal/readyz")
            ///     .root_certificates(std::fs::read("/etc/ssl/internal-ca.pem")?);
            /// # Ok(()) }
            /// ```
            #[cfg(feature = "probe-https")]
            pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
                self.client.trust.add(pem.as_ref());
                self
            }
        }
    };
}

pub(super) use http_settings;
