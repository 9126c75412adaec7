//! Reads the files for TLS. Errors never quote a file: it may be a key.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::{
    Error as TlsError, InconsistentKeys, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, CertificateRevocationListDer},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};

use super::settings::{Clients, Tls};
use crate::{
    error::Problem,
    file::{FileContent, MAX_FILE_BYTES, MAX_LIST_BYTES, ReadFile, pem},
    log::{self, Topic},
    model::Status,
    probes::certificate_facts::CertificateFacts,
};

/// Contents of all files for TLS at one time.
pub(super) struct TlsFiles {
    certificate: FileContent,
    key: FileContent,
    roots: Option<FileContent>,
    revoked: Option<FileContent>,
}

/// Hash that shows whether the contents have changed, without keeping a key.
pub(super) type Fingerprint = [u8; 32];

impl TlsFiles {
    pub(super) fn read(tls: &Tls, read: ReadFile) -> Self {
        Self {
            certificate: read(&tls.certificate, MAX_FILE_BYTES),
            key: read(&tls.key, MAX_FILE_BYTES),
            roots: tls.clients.as_ref().map(|clients| read(&clients.roots, MAX_FILE_BYTES)),
            revoked: tls.revoked.as_deref().map(|path| read(path, MAX_LIST_BYTES)),
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
        let config = config.map_err(|error| vec![problem(&self.certificate, error.to_string())])?;
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
        let chain = pem::sections::<CertificateDer<'static>>(&self.certificate, "certificate");
        let key = pem::key(&self.key).and_then(|key| {
            let key = provider.key_provider.load_private_key(key);
            key.map_err(|_| {
                "its key has an unsupported type; use RSA with 2048 bits or more, ECDSA P-256 or P-384, or Ed25519"
                    .to_owned()
            })
        });
        let chain = chain.map_err(|fault| problems.push(problem(&self.certificate, fault))).ok();
        let key = key.map_err(|fault| problems.push(problem(&self.key, fault))).ok();
        let identity = CertifiedKey::new(chain?, key?);
        match identity.keys_match() {
            // Some signing keys do not reveal their public half, so they cannot be compared.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Some(identity),
            Err(TlsError::InconsistentKeys(_)) => {
                let fault = format!("its key does not belong to the certificate in `{}`", self.certificate.path);
                problems.push(problem(&self.key, fault));
                None
            }
            Err(error) => {
                problems.push(problem(&self.certificate, format!("its first certificate cannot be read: {error}")));
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
            let lists = pem::sections::<CertificateRevocationListDer<'static>>(file, "revocation list");
            lists.map_err(|fault| problems.push(problem(file, fault))).ok()
        });
        let (Some(Clients { are_required, .. }), Some(file)) = (&tls.clients, &self.roots) else {
            let fault = "it revokes client certificates, but clients are not asked for one";
            problems.extend(self.revoked.as_ref().map(|file| problem(file, fault.to_owned())));
            return Some(WebPkiClientVerifier::no_client_auth());
        };
        let mut roots = RootCertStore::empty();
        let added = pem::add_roots(&mut roots, file).map_err(|fault| problems.push(problem(file, fault))).ok();
        let lists = lists.unwrap_or(Some(Vec::new()));
        let verifier =
            WebPkiClientVerifier::builder_with_provider(added.map(|()| Arc::new(roots))?, Arc::clone(provider))
                .with_crls(lists?);
        let verifier = if *are_required { verifier } else { verifier.allow_unauthenticated() };
        let file = self.revoked.as_ref().unwrap_or(file);
        verifier.build().map_err(|error| problems.push(problem(file, error.to_string()))).ok()
    }

    /// Returns facts about the server's certificate, if it is readable.
    pub(super) fn certificate(&self) -> Option<CertificateFacts> {
        let chain = pem::sections::<CertificateDer<'static>>(&self.certificate, "certificate").ok()?;
        CertificateFacts::parse(chain.first()?).ok()
    }

    /// Logs a warning if the server's certificate is expired or not valid yet.
    pub(super) fn warn_if_expired(&self) {
        let Some(certificate) = self.certificate() else { return };
        if certificate.judge(SystemTime::now(), Duration::ZERO).0 == Status::Fail {
            let file = self.certificate.path.clone();
            log::write(Topic::Server, move || {
                let (from, until) = certificate.dates();
                tracing::warn!(file, from, until, "certificate of the health endpoint is expired or not valid yet");
            });
        }
    }
}

fn problem(file: &FileContent, fault: String) -> Problem {
    match &file.bytes {
        Ok(_) => Problem::unusable_tls(&file.path, fault),
        Err(error) => Problem::unusable_tls(&file.path, Arc::clone(error)),
    }
}
