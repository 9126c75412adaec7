use std::{path::PathBuf, time::Duration};

/// Settings of HTTPS: the server's certificate and key, and the client certificates that it accepts.
///
/// ```
/// use health_runtime::Tls;
///
/// let tls = Tls::new("/etc/tls/tls.crt", "/etc/tls/tls.key")
///     .with_optional_clients("/etc/tls/clients.pem");
/// # let _ = tls;
/// ```
///
/// The server speaks TLS 1.2 and 1.3 with rustls's choice of ciphers, and HTTP/1.1 and 1.0. A handshake may take 10 s.
///
/// Handshakes run on threads named `health-tls`, half as many as there are cores, from 2 to 4 for each address, so that they do
/// not delay other addresses. Use a key of ECDSA or Ed25519: a signature with an RSA key of 4,096 bits takes about 5 ms of a
/// core, 50 times as long, and any stranger can cause one by beginning a handshake.
///
/// # Files
///
/// All files are PEM. The certificate's file holds the server's certificate first, then those of the authorities between
/// it and the root. The key's file holds one key without a passphrase: PKCS#8, PKCS#1 or SEC1, with RSA, ECDSA or Ed25519. Both
/// may be one file.
///
/// They are read again every ten seconds ([`with_reload_interval`](Self::with_reload_interval)), and used from then on if
/// their content has changed, whether a file was written anew, renamed, or replaced behind a symbolic link, as in Kubernetes'
/// volumes. Files that are not usable (a key for another certificate, a file that is half-written or gone) are logged once, and
/// the previous files stay in use.
///
/// An expired certificate of the server is still served, and logged as a warning: clients decide about it.
///
/// # Its own check
///
/// While an [`Endpoint`](crate::Endpoint) is served, it has a check of the certificate in use, so that nobody learns of its end from
/// clients: `tls_certificate` at level 3, in no group, for a second address `tls_certificate_2`. It warns from 21 days before
/// the end, and fails if the certificate has expired or is not valid yet. Its data are `names`, `issuer`, `valid_from`,
/// `valid_until` and `days_left`, as in `probes::certificate`. A router hides its endpoint, so that it gets no check; neither does
/// one [without](Self::without_certificate_check).
///
/// # Client certificates
///
/// A client's certificate has to lead to one of the given roots, allow the extended key usage `clientAuth`, and
/// be neither expired nor revoked; the handshake with any other certificate fails. Requests over such a connection carry a
/// [`ClientCertificate`](crate::access::ClientCertificate) as an extension.
///
/// If clients have certificates, sessions are not resumed, so that each connection is verified anew. When the files change or
/// the client's certificate expires, existing connections are closed after the response in progress.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tls {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) clients: Option<Clients>,
    pub(super) revoked: Option<PathBuf>,
    pub(super) reload_interval: Duration,
    pub(super) checks_certificate: bool,
}

/// Settings of client certificates.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) roots: PathBuf,
    pub(super) are_required: bool,
}

impl Tls {
    /// Serves with the certificate, its chain and its key in these files.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            clients: None,
            revoked: None,
            reload_interval: Duration::from_secs(10),
            checks_certificate: true,
        }
    }

    /// Asks clients for a certificate from one of these roots. A client without one is served as well, and an access policy
    /// can distinguish them. Default: clients are not asked.
    pub fn with_optional_clients(self, roots: impl Into<PathBuf>) -> Self {
        self.with_clients(roots.into(), false)
    }

    /// Serves only clients with a certificate from one of these roots. A kubelet has none, so its probes need another address.
    pub fn with_required_clients(self, roots: impl Into<PathBuf>) -> Self {
        self.with_clients(roots.into(), true)
    }

    fn with_clients(mut self, roots: PathBuf, are_required: bool) -> Self {
        self.clients = Some(Clients { roots, are_required });
        self
    }

    /// Refuses the client certificates on these revocation lists. Every authority from the client's certificate up to the root
    /// needs a list: without one, its certificates are refused as well. The date of a list is ignored. The file has at most
    /// 128 MiB; others of TLS have 1 MiB. Default: nothing is revoked.
    pub fn with_revoked_clients(mut self, lists: impl Into<PathBuf>) -> Self {
        self.revoked = Some(lists.into());
        self
    }

    /// Serves without the check of the certificate. Default: the endpoint has one, see [Its own check](Self#its-own-check).
    pub const fn without_certificate_check(mut self) -> Self {
        self.checks_certificate = false;
        self
    }

    /// Sets the interval at which the files are read. Default: 10 s. Zero is a start-up error.
    pub const fn with_reload_interval(mut self, interval: Duration) -> Self {
        self.reload_interval = interval;
        self
    }
}
