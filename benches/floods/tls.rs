//! A key that takes long to sign with, and clients of the address that has it.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    client::Resumption,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::{
    Result,
    probe::{REQUEST, TIMEOUT, is_ok},
};

pub(crate) const CERTIFICATE: &str = "tls.crt";
pub(crate) const KEY: &str = "tls.key";

const HOST: &str = "localhost";

/// A certificate with a key of 4,096 bits, in a folder that is removed with this value.
pub(crate) struct Files(PathBuf);

impl Files {
    /// `None` without openssl.
    pub(crate) fn create() -> Result<Option<Self>> {
        let folder = std::env::temp_dir().join(format!("health-floods-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let files = Self(folder);
        let created = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(files.0.join(KEY))
            .arg("-out")
            .arg(files.0.join(CERTIFICATE))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match created {
            Ok(status) if status.success() => Ok(Some(files)),
            Ok(status) => Err(format!("openssl made no key: {status}").into()),
            Err(_) => Ok(None),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn client(&self) -> Result<Client> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.0.join(CERTIFICATE))?)?;
        Ok(Client(configuration(roots)))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A client without session resumption: each connection is a whole handshake.
fn configuration(roots: RootCertStore) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    /// Asks for `/livez` over a connection of its own.
    pub(crate) fn ask(&self, address: SocketAddr) -> io::Result<()> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let connection = ClientConnection::new(Arc::clone(&self.0), host()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(REQUEST)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        is_ok(&answer)
    }
}

fn host() -> ServerName<'static> {
    ServerName::DnsName(HOST.try_into().unwrap_or_else(|_| unreachable!("`{HOST}` is a name")))
}

/// The first message of a TLS client.
pub(crate) fn client_hello() -> Vec<u8> {
    let mut hello = Vec::new();
    if let Ok(mut connection) = ClientConnection::new(configuration(RootCertStore::empty()), host()) {
        // A vector takes everything.
        let _ = connection.write_tls(&mut hello);
    }
    hello
}
