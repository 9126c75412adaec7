//! Real servers on free ports of this machine, each with a certificate in its folder.

#[path = "../drivers/src/process.rs"]
#[allow(dead_code, unreachable_pub, reason = "tests of drivers use all of it")]
mod process;

use std::{fs, path::Path, process::Command};

pub(crate) use process::Server;
use process::{free_port, run};
use tempfile::TempDir;

use super::certificates::write_certificate;

pub(crate) type MakeCommand = fn(&Path, u16) -> Command;

/// Services of Postfix besides the one that talks to clients.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// Starts a server with a certificate.
pub(crate) fn start(command: MakeCommand) -> Server {
    let folder = TempDir::new().expect("a folder");
    write_certificate(folder.path());
    Server::start_in(folder, command)
}

/// Returns the authority that vouches for the certificate of a server.
pub(crate) fn authority_of(server: &Server) -> Vec<u8> {
    fs::read(server.folder().join("authority.pem")).expect("an authority")
}

/// Starts PostgreSQL, whose only user `app` needs the password `secret`.
pub(crate) fn postgres() -> Server {
    Server::postgres_in(TempDir::new().expect("a folder"), "secret")
}

/// Starts PostgreSQL with a certificate.
pub(crate) fn postgres_over_tls() -> Server {
    let folder = TempDir::new().expect("a folder");
    write_certificate(folder.path());
    for (from, to) in [("certificate.pem", "server.crt"), ("key.pem", "server.key")] {
        fs::copy(folder.path().join(from), folder.path().join(to)).expect("a copy");
    }
    run(Command::new("chmod").arg("600").arg(folder.path().join("server.key")));
    Server::postgres_in(folder, "secret")
}

pub(crate) fn redis(folder: &Path, port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--save", "", "--port", &port.to_string(), "--dir"]).arg(folder);
    command
}

pub(crate) fn redis_over_tls(folder: &Path, port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", "", "--tls-auth-clients", "no", "--tls-port", &port.to_string()]);
    for (option, file) in [("cert", "certificate"), ("key", "key"), ("ca-cert", "authority")] {
        command.arg(format!("--tls-{option}-file")).arg(folder.join(format!("{file}.pem")));
    }
    command
}

pub(crate) fn mosquitto_with(folder: &Path, settings: &str) -> Command {
    let path = folder.join("mosquitto.conf");
    fs::write(&path, format!("user root\n{settings}")).expect("settings");
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(path);
    command
}

pub(crate) fn mosquitto(folder: &Path, port: u16) -> Command {
    mosquitto_with(folder, &format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))
}

/// The port of its monitoring stands in the file `monitor`.
pub(crate) fn nats(folder: &Path, port: u16) -> Command {
    let monitor = free_port().to_string();
    fs::write(folder.join("monitor"), &monitor).expect("a file");
    let mut command = Command::new("nats-server");
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--http_port", &monitor, "--pid"]);
    command.arg(folder.join("pid"));
    command
}

pub(crate) fn nats_over_tls(folder: &Path, port: u16) -> Command {
    let mut command = nats(folder, port);
    command.arg("--tls").arg("--tlscert").arg(folder.join("certificate.pem"));
    command.arg("--tlskey").arg(folder.join("key.pem"));
    command
}

pub(crate) fn memcached(_: &Path, port: u16) -> Command {
    let mut command = Command::new("memcached");
    command.args(["-u", "root", "-l", "127.0.0.1", "-p", &port.to_string()]);
    command
}

pub(crate) fn memcached_over_tls(folder: &Path, port: u16) -> Command {
    let mut command = memcached(folder, port);
    let files = ["ssl_chain_cert=", "/certificate.pem,ssl_key=", "/key.pem"];
    command.arg("-Z").arg("-o").arg(files.join(&folder.display().to_string()).trim_end_matches(','));
    command
}

/// Without a certificate, it has no TLS.
pub(crate) fn slapd_with(folder: &Path, url: &str, settings: &str) -> Command {
    let path = folder.join("slapd.conf");
    let own = folder.display();
    let certificate = if folder.join("certificate.pem").exists() {
        format!(
            "TLSCACertificateFile {own}/authority.pem\nTLSCertificateFile {own}/certificate.pem\nTLSCertificateKeyFile {own}/key.pem\n"
        )
    } else {
        String::new()
    };
    fs::write(&path, format!("pidfile {}\n{certificate}{settings}", folder.join("pid").display())).expect("settings");
    let mut command = Command::new("slapd");
    // Level `stats`, on standard error.
    command.arg("-f").arg(path).args(["-h", url, "-d", "256"]);
    command
}

pub(crate) fn slapd(folder: &Path, port: u16) -> Command {
    slapd_with(folder, &format!("ldap://127.0.0.1:{port}"), "")
}

/// A mail server, Postfix, which needs root.
pub(crate) struct MailServer(pub(crate) Server);

impl MailServer {
    /// Starts it with these settings, and with options of the service that talks to clients.
    pub(crate) fn start(settings: &str, options: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().display().to_string();
        for name in ["queue", "data"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        write_certificate(folder.path());
        run(Command::new("chown").arg("postfix").arg(folder.path().join("data")));
        // Postfix looks through the folder as another user.
        run(Command::new("chmod").arg("755").arg(folder.path()));
        let settings = format!(
            "compatibility_level = 3.6\nqueue_directory = {path}/queue\ndata_directory = {path}/data\n\
             maillog_file = /dev/stdout\ninet_interfaces = 127.0.0.1\nmyhostname = mail.internal\nalias_maps =\n\
             alias_database =\nsmtpd_peername_lookup = no\nsmtpd_tls_security_level = may\n\
             smtpd_tls_cert_file = {path}/certificate.pem\nsmtpd_tls_key_file = {path}/key.pem\n{settings}"
        );
        fs::write(folder.path().join("main.cf"), settings).expect("settings");
        fs::write(folder.path().join("options"), options).expect("options");
        Self(Server::start_in(folder, |folder: &Path, port| {
            let options = fs::read_to_string(folder.join("options")).expect("options");
            let services = format!("127.0.0.1:{port} inet n - n - - smtpd {options}\n{SERVICES}");
            fs::write(folder.join("master.cf"), services).expect("services");
            let mut command = Command::new("postfix");
            command.arg("-c").arg(folder).arg("start-fg");
            command
        }))
    }
}

impl Drop for MailServer {
    /// Stops Postfix, whose master is not a child of this process.
    fn drop(&mut self) {
        let _ = Command::new("postfix").arg("-c").arg(self.0.folder()).arg("stop").output();
    }
}
