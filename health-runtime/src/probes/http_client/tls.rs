//! TLS for `https://`.

use std::{
    error::Error,
    io,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, UNIX_EPOCH},
};

use tokio_rustls::{
    TlsConnector,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore,
        client::Resumption,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

use super::reloaded::Reloaded;
use crate::{
    byte_stream::ByteStream,
    file::{FileContent, at_start, pem},
    probes::{
        deadline::Deadline,
        probe::{excerpt, text_with_sources},
    },
    time::timestamp_seconds,
};

/// The certificate authorities that a client trusts, and its own certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Texts in PEM, as if they were files of that name.
    texts: Vec<FileContent>,
    files: Vec<PathBuf>,
    /// Files of the client's certificate and its key.
    client: Option<[PathBuf; 2]>,
    /// Made once. Clones made later share it.
    connectors: OnceLock<Reloaded<Connectors>>,
}

/// Wraps connections in TLS.
pub(super) struct Connectors {
    /// Presents the client's certificate.
    own: TlsConnector,
    other: TlsConnector,
}

impl Trust {
    pub(crate) fn add(&mut self, pem: &[u8]) {
        self.connectors = OnceLock::new();
        self.texts.push(FileContent { path: "root_certificates".to_owned(), bytes: Ok(pem.to_vec()) });
    }

    pub(crate) fn add_file(&mut self, path: PathBuf) {
        self.connectors = OnceLock::new();
        self.files.push(path);
    }

    pub(crate) fn set_client(&mut self, certificate: PathBuf, key: PathBuf) {
        self.connectors = OnceLock::new();
        self.client = Some([certificate, key]);
    }

    /// Returns whether the user trusts more than the host does, or has a certificate.
    pub(super) fn is_set(&self) -> bool {
        !(self.texts.is_empty() && self.files.is_empty() && self.client.is_none())
    }

    pub(super) const fn has_client(&self) -> bool {
        self.client.is_some()
    }

    /// Returns the faults of the certificates, which blocks for at most three seconds for each file.
    pub(super) fn faults(&self) -> Vec<String> {
        self.reloaded().load_at_start().faults
    }

    /// Returns the connectors with the present contents of the files. Adds a note if they are unusable.
    ///
    /// # Errors
    /// A certificate is not valid, or there is none.
    pub(super) async fn connectors(
        &self,
        deadline: Deadline,
        notes: &mut Vec<String>,
    ) -> Result<Arc<Connectors>, String> {
        let (connectors, note) = self.reloaded().current(deadline).await.value()?;
        notes.extend(note);
        Ok(connectors)
    }

    fn reloaded(&self) -> &Reloaded<Connectors> {
        self.connectors.get_or_init(|| {
            let (texts, root_files) = (self.texts.clone(), self.files.len());
            let paths = self.files.iter().chain(self.client.iter().flatten()).cloned().collect();
            Reloaded::new(paths, move |contents| {
                let (roots, client) = contents.split_at(root_files);
                connectors(texts.iter().chain(roots), client)
            })
        })
    }
}

/// Returns connectors that trust the host's roots and these, one of them with the client's certificate and key.
fn connectors<'a>(
    added: impl Iterator<Item = &'a FileContent>,
    client: &[FileContent],
) -> Result<Connectors, Vec<String>> {
    let mut faults = Vec::new();
    let mut unusable =
        |file: &FileContent, fault: String| faults.push(format!("`{}` is not usable: {fault}", file.path));
    let mut roots = host_roots().map_err(|fault| vec![fault])?.clone();
    for file in added {
        if let Err(fault) = pem::add_roots(&mut roots, file) {
            unusable(file, fault);
        }
    }
    let client = match client {
        [certificate, key] => {
            let chain = pem::sections::<CertificateDer<'static>>(certificate, "certificate");
            let chain = chain.map_err(|fault| unusable(certificate, fault)).ok();
            let secret = pem::key(key).map_err(|fault| unusable(key, fault)).ok();
            chain.zip(secret).map(|(chain, secret)| (chain, secret, certificate, key))
        }
        _ => None,
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    if roots.is_empty() {
        return Err(vec!["this host trusts no certificate authority; add one by `root_certificates`".to_owned()]);
    }
    // Not the process's default provider, which may be unset or ambiguous.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| vec![text_with_sources(&error)])?
        .with_root_certificates(roots);
    let other = connector(config.clone().with_no_client_auth());
    let Some((chain, secret, certificate, key)) = client else {
        return Ok(Connectors { own: other.clone(), other });
    };
    let own = config.with_client_auth_cert(chain, secret).map_err(|error| match error {
        TlsError::InconsistentKeys(_) => {
            vec![format!("the key in `{}` does not belong to the certificate in `{}`", key.path, certificate.path)]
        }
        error => vec![format!("`{}` with `{}` is not usable: {error}", certificate.path, key.path)],
    })?;
    Ok(Connectors { own: connector(own), other })
}

fn connector(mut config: ClientConfig) -> TlsConnector {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session would keep a certificate that has expired since.
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

impl Connectors {
    /// Performs a handshake. The client's certificate is for the user's own host alone.
    ///
    /// # Errors
    /// The handshake fails; the text is for a person.
    pub(super) async fn secure(&self, stream: ByteStream, host: &str, is_own: bool) -> Result<ByteStream, String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| text_with_sources(&error))?;
        let connector = if is_own { &self.own } else { &self.other };
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| tls_failure(&error).unwrap_or_else(|| format!("TLS: {}", text_with_sources(&error))))?;
        Ok(Box::new(stream))
    }
}

/// Returns the words for a failure of TLS among an error and its sources.
pub(super) fn tls_failure(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // An error of I/O passes over the error in it, and has its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<TlsError>());
        if let Some(error) = inner.or_else(|| error.downcast_ref::<TlsError>()) {
            return Some(describe(error));
        }
        next = error.source();
    }
    None
}

fn describe(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(fault) => describe_certificate(fault),
        TlsError::InvalidMessage(_) => "it does not answer in TLS; its URL may have to begin with `http://`".to_owned(),
        TlsError::AlertReceived(AlertDescription::CertificateRequired) => {
            "it requires a client certificate; send one by `client_certificate`".to_owned()
        }
        error => format!("TLS: {error}"),
    }
}

fn describe_certificate(fault: &CertificateError) -> String {
    match fault {
        // A trusted authority of the same name has another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is from an authority that is not trusted; add the authority \
             by `root_certificates_file`"
                .to_owned()
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate expired at {}", timestamp(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}", timestamp(*not_before))
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            // The names are in the form of `DnsName("host")`.
            let names: Vec<_> = presented.iter().filter_map(|name| name.split('"').nth(1)).collect();
            let names = if names.is_empty() { "other names".to_owned() } else { excerpt(&names.join(", ")) };
            format!("its certificate is for {names}, and not for {}", expected.to_str())
        }
        fault => format!("its certificate is not valid: {fault}"),
    }
}

fn timestamp(time: UnixTime) -> String {
    timestamp_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}

/// Returns the host's authorities. Malformed certificates are skipped, because hosts have odd ones.
///
/// # Errors
/// Their files, which the environment may name, cannot be read within three seconds.
pub(in crate::probes) fn host_roots() -> Result<&'static RootCertStore, String> {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    };
    match ROOTS.get() {
        Some(roots) => Ok(roots),
        None => at_start(move || ROOTS.get_or_init(load))
            .map_err(|error| format!("the certificate authorities of this host cannot be read: {error}")),
    }
}
