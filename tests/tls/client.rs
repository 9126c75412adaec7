//! A TLS client with its own roots and certificate.

use std::{io, net::SocketAddr, sync::Arc};

use health_tests::{Answer, exchange};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
        version::{TLS12, TLS13},
    },
};

use super::authority::{Authority, Issued};

pub(super) const TLS_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

pub(super) struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    pub(super) fn trusting(authority: &Authority) -> Self {
        Self::new(authority, None, TLS_VERSIONS)
    }

    pub(super) fn new(
        authority: &Authority,
        own: Option<&Issued>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&authority.pem())).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots);
        let config = match own {
            Some(own) => {
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("a key");
                config.with_client_auth_cert(vec![certificate(&own.certificate)], key).expect("a pair")
            }
            None => config.with_no_client_auth(),
        };
        Self { config: Arc::new(config) }
    }

    /// Offers these protocols over the connection.
    pub(super) fn speaking(&self, protocols: &[&str]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Self { config: Arc::new(config) }
    }

    pub(super) async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::clone(&self.config)).connect(ServerName::from(address.ip()), stream).await
    }

    pub(super) async fn get(&self, address: SocketAddr, target: &str) -> Answer {
        exchange(self.connect(address).await.expect("a connection"), &request(target)).await
    }

    /// Returns whether the server answers. With TLS 1.3 a client learns after its handshake that it was refused.
    pub(super) async fn is_let_in(&self, address: SocketAddr) -> bool {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let Ok(mut stream) = self.connect(address).await else { return false };
        let mut answer = Vec::new();
        let _ = stream.write_all(request("/livez").as_bytes()).await;
        let _ = stream.read_to_end(&mut answer).await;
        answer.starts_with(b"HTTP/1.1 200 OK")
    }

    /// Returns the server's certificate.
    pub(super) async fn server_certificate(&self, address: SocketAddr) -> io::Result<Vec<u8>> {
        let stream = self.connect(address).await?;
        Ok(stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec())
    }
}

pub(super) fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}
