//! Servers over TLS, each with a certificate of an authority of its own.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{CANARY, Server, brokers, process::run};

impl Server {
    /// Starts PostgreSQL with a certificate for 127.0.0.1. Returns its authority's, in PEM. So do the others.
    pub fn postgres_with_tls() -> (Self, Vec<u8>) {
        Self::with_tls(|folder| Self::postgres_in(folder, CANARY))
    }

    /// Starts MariaDB.
    pub fn mariadb_with_tls() -> (Self, Vec<u8>) {
        Self::with_tls(Self::mariadb_in)
    }

    /// Starts Redis, over TLS alone.
    pub fn redis_with_tls() -> (Self, Vec<u8>) {
        Self::with_tls(Self::redis_in)
    }

    /// Starts NATS, over TLS alone.
    pub fn nats_with_tls() -> (Self, Vec<u8>) {
        Self::with_tls(Self::nats_in)
    }

    fn with_tls(start_in: impl FnOnce(TempDir) -> Self) -> (Self, Vec<u8>) {
        let folder = TempDir::new().expect("a folder");
        let authority = certify(folder.path());
        (start_in(folder), authority)
    }

    /// Starts the server again with a certificate of another authority.
    pub fn change_authority(&mut self) {
        self.stop();
        certify(self.folder());
        self.start();
    }
}

impl brokers::RabbitMq {
    /// Starts it over TLS as well. Returns the port and the authority's certificate.
    pub fn start_with_tls() -> (Self, u16, Vec<u8>) {
        let folder = TempDir::new().expect("a folder");
        let authority = certify(folder.path());
        let port = crate::free_port();
        (Self::start_in(folder, Some(port)), port, authority)
    }
}

/// Makes a new authority with `ca.crt`, and a certificate for 127.0.0.1 with `server.crt` and `server.key`. Returns the authority's.
fn certify(folder: &Path) -> Vec<u8> {
    let openssl = |arguments: &str| run(Command::new("openssl").args(arguments.split(' ')).current_dir(folder));
    let new = "-nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1";
    openssl(&format!("req -x509 {new} -keyout ca.key -out ca.crt -days 2 -subj /CN=authority"));
    openssl(&format!(
        "req {new} -keyout server.key -out server.csr -subj /CN=server -addext subjectAltName=IP:127.0.0.1"
    ));
    openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out server.crt",
    );
    fs::read(folder.join("ca.crt")).expect("a certificate")
}

/// Returns whether the server in this folder has a certificate.
pub(crate) fn is_certified(folder: &Path) -> bool {
    folder.join("server.crt").exists()
}
