use std::{path::PathBuf, sync::Arc};

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
};

use crate::failure::Failure;

/// The files of the command line that are about TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsFiles {
    /// Trusted authorities, in the place of those of the host.
    pub(crate) roots: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read or used, or there is no trusted authority.
    pub(super) fn config(&self) -> Result<ClientConfig, Failure> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::usage(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(self.roots()?);
        match (&self.client_certificate, &self.client_key) {
            (Some(certificate), key) => {
                let chain = certificates(certificate)?;
                // One file may hold both.
                let key = key.as_ref().unwrap_or(certificate);
                let private_key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
                builder.with_client_auth_cert(chain, private_key).map_err(|error| {
                    let (certificate, key) = (certificate.display(), key.display());
                    Failure::usage(format!(
                        "`{certificate}` and `{key}` are not a valid certificate with its key: {error}"
                    ))
                })
            }
            (None, _) => Ok(builder.with_no_client_auth()),
        }
    }

    fn roots(&self) -> Result<RootCertStore, Failure> {
        let mut roots = RootCertStore::empty();
        match &self.roots {
            Some(path) => {
                roots.add_parsable_certificates(certificates(path)?);
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            let place = self.roots.as_ref().map_or("this host".to_owned(), |path| format!("`{}`", path.display()));
            return Err(Failure::usage(format!(
                "{place} has no certificate of a trusted authority; name a file in PEM by `--root-file FILE`, or install \
                 `ca-certificates`"
            )));
        }
        Ok(roots)
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    certificates.map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &std::path::Path, error: &pem::Error) -> Failure {
    Failure::usage(format!("`{}` cannot be read as PEM: {error}", path.display()))
}
