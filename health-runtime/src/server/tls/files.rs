//! Reads the files for TLS. Errors never quote a file: it may be a key.

use std::{fs, io, path::Path, sync::Arc};

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::{
    Error as TlsError, InconsistentKeys, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::settings::{Clients, Tls};
use crate::{
    error::Problem,
    log::{self, Topic},
};

/// Contents of all files for TLS at one time.
pub(super) struct TlsFiles {
    certificate: PemFile,
    key: PemFile,
    roots: Option<PemFile>,
    revoked: Option<PemFile>,
}

/// A file's contents, or the error from reading it.
struct PemFile {
    path: String,
    bytes: Result<Vec<u8>, Arc<io::Error>>,
}

/// Hash that shows whether the contents have changed, without keeping a key.
pub(super) type Fingerprint = [u8; 32];

impl TlsFiles {
    pub(super) fn read(tls: &Tls) -> Self {
        Self {
            certificate: PemFile::read(&tls.certificate),
            key: PemFile::read(&tls.key),
            roots: tls.clients.as_ref().map(|clients| PemFile::read(&clients.roots)),
            revoked: tls.revoked.as_deref().map(PemFile::read),
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for file in [Some(&self.certificate), Some(&self.key), self.roots.as_ref(), self.revoked.as_ref()] {
            let each = file.map(|file| match &file.bytes {
                Ok(bytes) => Sha256::digest(bytes),
                Err(fault) => Sha256::digest(format!("not read: {fault}")),
            });
            hash.update(each.unwrap_or_default());
        }
        hash.finalize().into()
    }

    /// Returns the configuration for rustls.
    ///
    /// # Errors
    /// All problems of all files.
    pub(super) fn configuration(&self, tls: &Tls) -> Result<ServerConfig, Vec<Problem>> {
        // Not the process's default provider, which may be unset or ambiguous.
        let provider = Arc::new(ring::default_provider());
        let mut problems = Vec::new();
        let identity = self.identity(&provider, &mut problems);
        let verifier = self.verifier(tls, &provider, &mut problems);
        let (Some(identity), Some(verifier), true) = (identity, verifier, problems.is_empty()) else {
            return Err(problems);
        };
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12]);
        let config = config.map_err(|error| vec![self.certificate.problem(error.to_string())])?;
        let mut config =
            config.with_client_cert_verifier(verifier).with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        // rustls picks the first of these that the client offers.
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        if tls.clients.is_some() {
            // A resumed session would keep a certificate that has expired since.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(config)
    }

    /// Returns the certificate with its key.
    fn identity(&self, provider: &CryptoProvider, problems: &mut Vec<Problem>) -> Option<CertifiedKey> {
        let chain = self.certificate.all::<CertificateDer<'static>>("certificate");
        let key = self.key.key().and_then(|key| {
            let key = provider.key_provider.load_private_key(key);
            key.map_err(|_| {
                "its key has an unsupported type; use RSA with 2048 bits or more, ECDSA P-256 or P-384, or Ed25519"
                    .to_owned()
            })
        });
        let chain = chain.map_err(|fault| problems.push(self.certificate.problem(fault))).ok();
        let key = key.map_err(|fault| problems.push(self.key.problem(fault))).ok();
        let identity = CertifiedKey::new(chain?, key?);
        match identity.keys_match() {
            // Some signing keys do not reveal their public half, so they cannot be compared.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Some(identity),
            Err(TlsError::InconsistentKeys(_)) => {
                let fault = format!("its key does not belong to the certificate in `{}`", self.certificate.path);
                problems.push(self.key.problem(fault));
                None
            }
            Err(error) => {
                problems.push(self.certificate.problem(format!("its first certificate cannot be read: {error}")));
                None
            }
        }
    }

    /// Returns the verifier of client certificates.
    fn verifier(
        &self,
        tls: &Tls,
        provider: &Arc<CryptoProvider>,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<dyn ClientCertVerifier>> {
        let lists = self.revoked.as_ref().map(|file| {
            let lists = file.all::<CertificateRevocationListDer<'static>>("revocation list");
            lists.map_err(|fault| problems.push(file.problem(fault))).ok()
        });
        let (Some(Clients { are_required, .. }), Some(file)) = (&tls.clients, &self.roots) else {
            let fault = "it revokes client certificates, but clients are not asked for one";
            problems.extend(self.revoked.as_ref().map(|file| file.problem(fault.to_owned())));
            return Some(WebPkiClientVerifier::no_client_auth());
        };
        let roots = file.roots().map_err(|fault| problems.push(file.problem(fault))).ok();
        let lists = lists.unwrap_or(Some(Vec::new()));
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots?), Arc::clone(provider)).with_crls(lists?);
        let verifier = if *are_required { verifier } else { verifier.allow_unauthenticated() };
        let file = self.revoked.as_ref().unwrap_or(file);
        verifier.build().map_err(|error| problems.push(file.problem(error.to_string()))).ok()
    }

    /// Logs a warning if the server's certificate is expired or not valid yet.
    pub(super) fn warn_if_expired(&self) {
        let Ok(chain) = self.certificate.all::<CertificateDer<'static>>("certificate") else { return };
        let first = chain.first().and_then(|first| X509Certificate::from_der(first).ok());
        if let Some((_, certificate)) = first.filter(|(_, certificate)| !certificate.validity().is_valid()) {
            let (from, until) = (&certificate.validity().not_before, &certificate.validity().not_after);
            let (from, until) = (from.to_string(), until.to_string());
            let file = self.certificate.path.clone();
            log::write(Topic::Server, move || {
                tracing::warn!(file, %from, %until, "certificate of the health endpoint is expired or not valid yet");
            });
        }
    }
}

impl PemFile {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).map_err(Arc::new);
        Self { path: path.display().to_string(), bytes }
    }

    fn problem(&self, fault: String) -> Problem {
        match &self.bytes {
            Ok(_) => Problem::unusable_tls(&self.path, fault),
            Err(error) => Problem::unusable_tls(&self.path, Arc::clone(error)),
        }
    }

    fn bytes(&self) -> Result<&[u8], String> {
        self.bytes.as_deref().map_err(ToString::to_string)
    }

    /// Parses all sections of one kind.
    ///
    /// # Errors
    /// There is none, or one is malformed.
    fn all<T: PemObject>(&self, kind: &str) -> Result<Vec<T>, String> {
        let all: Vec<T> = T::pem_slice_iter(self.bytes()?).collect::<Result<_, _>>().map_err(|error| fault(&error))?;
        if all.is_empty() { Err(format!("it contains no {kind} in PEM")) } else { Ok(all) }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, String> {
        let bytes = self.bytes()?;
        PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
            pem::Error::NoItemsFound if contains(bytes, b"BEGIN ENCRYPTED PRIVATE KEY") => {
                "its key is encrypted; store it without a passphrase, readable only for the service".to_owned()
            }
            pem::Error::NoItemsFound => "it contains no private key in PEM".to_owned(),
            error => fault(&error),
        })
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        for certificate in self.all("certificate")? {
            roots.add(certificate).map_err(|error| format!("one of its certificates cannot be a root: {error}"))?;
        }
        Ok(roots)
    }
}

/// Describes an error without the library's text, which quotes the malformed line.
fn fault(error: &pem::Error) -> String {
    let fault = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end; the file may be half-written",
        pem::Error::IllegalSectionStart { .. } => "the first line of a section is malformed",
        pem::Error::Base64Decode(_) => "a section is not valid base64",
        _ => "it is not valid PEM",
    };
    fault.to_owned()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
