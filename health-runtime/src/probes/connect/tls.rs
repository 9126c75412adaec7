//! TLS of connections that a probe opens itself.

use std::sync::Arc;

use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::{
    byte_stream::ByteStream,
    file::{FileContent, pem},
    probes::{http_client::host_roots, probe::text_with_sources},
};

/// Whether a connection is encrypted, and the authorities that may vouch for the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Encryption {
    begin: Begin,
    pub(super) roots: Roots,
}

/// Certificate authorities that are trusted besides those of the host, in PEM.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots(Vec<FileContent>);

impl Roots {
    pub(super) fn add(&mut self, pem: &[u8]) {
        self.0.push(FileContent { path: "root_certificates".to_owned(), bytes: Ok(pem.to_vec()) });
    }

    /// Returns these authorities and those of the host.
    ///
    /// # Errors
    /// A certificate is not valid, or there is none.
    pub(super) fn store(&self) -> Result<RootCertStore, String> {
        let mut roots = host_roots()?.clone();
        for file in &self.0 {
            pem::add_roots(&mut roots, file).map_err(|fault| format!("`{}` is not usable: {fault}", file.path))?;
        }
        if roots.is_empty() {
            return Err("this host trusts no certificate authority; add one by `root_certificates`".to_owned());
        }
        Ok(roots)
    }
}

/// The moment from which on a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begin {
    #[default]
    Never,
    /// As the protocol wants it.
    ByProtocol,
    /// After a plain greeting.
    Later,
    /// Before the greeting, in a protocol that has a plain one by default.
    First,
}

impl Encryption {
    pub(super) const fn begin_by_protocol(&mut self) {
        self.begin = Begin::ByProtocol;
    }

    pub(super) const fn begin_later(&mut self) {
        self.begin = Begin::Later;
    }

    pub(super) const fn begin_first(&mut self) {
        self.begin = Begin::First;
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.begin != Begin::Never
    }

    pub(super) fn starts_later(&self) -> bool {
        self.begin == Begin::Later
    }

    pub(super) fn starts_first(&self) -> bool {
        self.begin == Begin::First
    }

    /// Returns why the settings can never work.
    pub(super) fn fault(&self) -> Option<String> {
        if self.is_wanted() {
            return self.roots.store().err();
        }
        let text = "`root_certificates` has no effect on a connection that is not encrypted; write `tls` as well";
        (!self.roots.0.is_empty()).then(|| text.to_owned())
    }

    /// Encrypts a connection.
    ///
    /// # Errors
    /// The handshake failed; the text is for a person.
    pub(super) async fn secure(&self, stream: ByteStream, host: &str) -> Result<ByteStream, String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| text_with_sources(&error))?;
        // Not the process's default provider, which may be unset or ambiguous. No ALPN: not every server knows these protocols.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| text_with_sources(&error))?
            .with_root_certificates(self.roots.store()?)
            .with_no_client_auth();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        Ok(Box::new(stream.map_err(|error| text_with_sources(&error))?))
    }
}
