//! Requests to services: over TCP, TLS and Unix sockets, as HTTP/1.1 and as gRPC.

mod connect;
mod deadline;
mod events;
mod grpc;
mod http;
mod tls;

use std::sync::{Arc, OnceLock};

use connect::Stream;
pub(crate) use deadline::Deadline;
pub(crate) use events::EventParser;
pub(crate) use http::{HttpAnswer, Method};
pub(crate) use tls::TlsFiles;
use tokio_rustls::{TlsConnector, rustls::ClientConfig};

use crate::{credentials::Credentials, failure::Failure, target::Target};

/// A client with the credentials and certificates of the command line.
pub(crate) struct Client {
    credentials: Credentials,
    tls_files: TlsFiles,
    /// Read with the first address that needs it, because the roots of a host take longer than the rest of the program.
    tls: OnceLock<ClientConfig>,
}

impl Client {
    pub(crate) const fn new(credentials: Credentials, tls_files: TlsFiles) -> Self {
        Self { credentials, tls_files, tls: OnceLock::new() }
    }

    pub(crate) const fn has_credentials(&self) -> bool {
        !matches!(self.credentials, Credentials::None)
    }

    /// Connects to a service.
    ///
    /// # Errors
    /// The service cannot be reached in time, its certificate is not valid, or a file cannot be read.
    async fn connect(&self, target: &Target, deadline: Deadline) -> Result<Box<dyn Stream>, Failure> {
        if !target.is_tls() {
            return connect::connect(target, None, deadline).await;
        }
        let tls = if let Some(tls) = self.tls.get() {
            tls
        } else {
            let tls = self.tls_files.config()?;
            self.tls.get_or_init(|| tls)
        };
        let protocol = if target.is_grpc { "h2" } else { "http/1.1" };
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![protocol.into()];
        connect::connect(target, Some(&TlsConnector::from(Arc::new(tls))), deadline).await
    }
}
