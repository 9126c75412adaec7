//! TLS for `https://`.

use std::sync::{Arc, OnceLock};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::{byte_stream::ByteStream, probes::probe::text_with_sources};

/// The certificate authorities that a client trusts.
#[derive(Clone, Debug, Default)]
pub(in crate::probes) struct Trust {
    added: Vec<CertificateDer<'static>>,
    faults: Vec<String>,
    /// Made once. Clones made later share it.
    connector: OnceLock<Result<Connector, String>>,
}

/// Wraps a connection in TLS.
#[derive(Clone)]
pub(super) struct Connector(TlsConnector);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl Trust {
    pub(in crate::probes) fn add(&mut self, pem: &[u8]) {
        self.connector = OnceLock::new();
        match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
            Ok(certificates) if certificates.is_empty() => {
                self.faults.push("the root certificates contain no certificate in PEM".to_owned());
            }
            Ok(certificates) => self.added.extend(certificates),
            Err(error) => self.faults.push(format!("the root certificates are not valid PEM: {error}")),
        }
    }

    /// Returns the connector that trusts these authorities.
    ///
    /// # Errors
    /// A certificate is not valid, or there is none.
    pub(super) fn connector(&self) -> Result<Connector, String> {
        self.connector.get_or_init(|| self.build()).clone()
    }

    fn build(&self) -> Result<Connector, String> {
        if let Some(fault) = self.faults.first() {
            return Err(fault.clone());
        }
        let mut roots = host_roots().clone();
        for certificate in &self.added {
            roots.add(certificate.clone()).map_err(|error| format!("a root certificate is not usable: {error}"))?;
        }
        if roots.is_empty() {
            return Err("this host trusts no certificate authority; add one by `root_certificates`".to_owned());
        }
        // Not the process's default provider, which may be unset or ambiguous.
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| text_with_sources(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Connector(TlsConnector::from(Arc::new(config))))
    }
}

impl Connector {
    pub(super) async fn secure(&self, stream: TcpStream, host: &str) -> Result<ByteStream, String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| text_with_sources(&error))?;
        let stream =
            self.0.connect(name, stream).await.map_err(|error| format!("TLS: {}", text_with_sources(&error)))?;
        Ok(Box::new(stream))
    }
}

/// Returns the host's authorities. Malformed certificates are skipped, because hosts have odd ones.
fn host_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}
