use std::{path::PathBuf, time::Duration};

/// What HTTPS is served with: a certificate and its key, and whose client certificates are accepted.
///
/// ```
/// use health_runtime::Tls;
///
/// let tls = Tls::new("/etc/tls/tls.crt", "/etc/tls/tls.key")
///     .with_optional_clients("/etc/tls/clients.pem");
/// # let _ = tls;
/// ```
///
/// TLS 1.2 and 1.3 are spoken, with rustls's choice of ciphers, and HTTP/1.1 and 1.0 over it. A handshake has 10 s.
///
/// Handshakes run on threads named `health-tls`, half as many as there are cores, from 2 to 4 for each place, so that they delay
/// no other place. Use a key of ECDSA or Ed25519: a signature with an RSA key of 4,096 bits takes about 5 ms of a core, 50 times
/// as long, and any stranger can ask for one by beginning a handshake.
///
/// # Files
///
/// All are PEM. The certificate's file holds the certificate of the server first, then those of the authorities between
/// it and the root; the key's file holds one key without a passphrase, PKCS#8, PKCS#1 or SEC1, of RSA, ECDSA or Ed25519. Both
/// may be one file.
///
/// They are read again every ten seconds ([`with_reload_interval`](Self::with_reload_interval)), and used from then on if
/// anything in them has changed: it is the content that counts, so it makes no difference whether a file is written
/// anew, renamed, or behind a symbolic link, as in Kubernetes' volumes. What cannot be used (a key that belongs to another
/// certificate, a file that is half-written or gone) is logged once, and the previous files stay in use.
///
/// A certificate of the server that has expired is served all the same, and logged as a warning: clients tell.
///
/// # Client certificates
///
/// A client's certificate has to lead to one of the given roots, be made for clients (extended key usage `clientAuth`), and
/// be neither expired nor revoked; a client with another one gets no answer at all. Requests
/// over such a connection carry a [`ClientCertificate`](crate::access::ClientCertificate) as an extension.
///
/// Sessions are not resumed where clients have certificates, so that each connection is verified anew; and when the files change,
/// connections from before are closed, after the answer that is under way. So is a connection whose client's certificate
/// expires.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tls {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) clients: Option<Clients>,
    pub(super) revoked: Option<PathBuf>,
    pub(super) reload_interval: Duration,
}

/// Whose client certificates are accepted.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) roots: PathBuf,
    pub(super) are_required: bool,
}

impl Tls {
    /// The certificate with its chain, and its key.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            clients: None,
            revoked: None,
            reload_interval: Duration::from_secs(10),
        }
    }

    /// Asks clients for a certificate that one of these roots vouches for; a client without one is served, too, and an
    /// access policy may tell them apart. Default: clients are not asked.
    pub fn with_optional_clients(self, roots: impl Into<PathBuf>) -> Self {
        self.with_clients(roots.into(), false)
    }

    /// Serves only clients with a certificate that one of these roots vouches for. A kubelet has none, so its probes need
    /// another place.
    pub fn with_required_clients(self, roots: impl Into<PathBuf>) -> Self {
        self.with_clients(roots.into(), true)
    }

    fn with_clients(mut self, roots: PathBuf, are_required: bool) -> Self {
        self.clients = Some(Clients { roots, are_required });
        self
    }

    /// Refuses the client certificates that these revocation lists name. There has to be a list of each authority from the
    /// client's certificate up to the root: what no list tells of is refused, too. A list's own date does not count. Default:
    /// nothing is revoked.
    pub fn with_revoked_clients(mut self, lists: impl Into<PathBuf>) -> Self {
        self.revoked = Some(lists.into());
        self
    }

    /// Sets how often the files are read. Default: 10 s. Not zero.
    pub const fn with_reload_interval(mut self, interval: Duration) -> Self {
        self.reload_interval = interval;
        self
    }
}
