//! Brokers of messages, and memcached.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{CANARY, Server, free_port, process::signal_all, tls::is_certified};

impl Server {
    /// Starts NATS with the users `app` and `guest`, who have the password. `guest` may not publish to inboxes.
    pub fn nats() -> Self {
        Self::nats_in(TempDir::new().expect("a folder"))
    }

    /// Starts NATS with the same users, and `JetStream`.
    pub fn nats_with_jetstream() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("jetstream")).expect("a folder");
        Self::nats_in(folder)
    }

    pub(crate) fn nats_in(folder: TempDir) -> Self {
        let guest = r#"permissions: { publish: { deny: "_INBOX.>" } }"#;
        let file = |name: &str| folder.path().join(name).display().to_string();
        let tls = match is_certified(folder.path()) {
            true => format!("tls {{ cert_file: {:?}, key_file: {:?} }}\n", file("server.crt"), file("server.key")),
            false => String::new(),
        };
        let streams = match folder.path().join("jetstream").exists() {
            true => format!("jetstream {{ store_dir: {:?} }}\n", file("jetstream")),
            false => String::new(),
        };
        let options = format!(
            "http: \"127.0.0.1:{}\"\nlame_duck_duration: \"30s\"\nlame_duck_grace_period: \"2s\"\n\
             authorization {{ users: [\n  {{ user: app, password: \"{CANARY}\" }}\n  \
             {{ user: guest, password: \"{CANARY}\", {guest} }}\n] }}\n{tls}{streams}",
            free_port(),
        );
        fs::write(folder.path().join("options"), options).expect("a file");
        Self::start_in(folder, |folder, port| {
            let mut command = Command::new("nats-server");
            command.arg("--config").arg(folder.join("options")).args(["--addr", "127.0.0.1"]);
            command.arg("--port").arg(port.to_string());
            command
        })
    }

    /// Starts memcached, which knows no password.
    pub fn memcached() -> Self {
        Self::start_in(TempDir::new().expect("a folder"), |_, port| {
            let mut command = Command::new("memcached");
            command.args(["--user=root", "--listen=127.0.0.1", "--port"]).arg(port.to_string());
            command
        })
    }

    /// Starts memcached with the least memory. It refuses items when that is full, instead of evicting others.
    pub fn memcached_without_eviction() -> Self {
        Self::start_in(TempDir::new().expect("a folder"), |_, port| {
            let mut command = Command::new("memcached");
            command.args(["--user=root", "--listen=127.0.0.1", "-M", "-m", "2", "--port"]).arg(port.to_string());
            command
        })
    }

    /// Returns the numbers of connections and of items that memcached has.
    pub fn memcached_counts(&self) -> (u64, u64) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.write_all(b"stats\r\nquit\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let number = |key: &str| {
            let line = answer.lines().find_map(|line| line.strip_prefix(&format!("STAT {key} ")));
            line.and_then(|number| number.trim().parse().ok()).expect("a number")
        };
        (number("curr_connections"), number("curr_items"))
    }

    /// Tells the server of NATS to close its connections and to end.
    pub fn enter_lame_duck_mode(&self) {
        signal_all(self.id(), "USR2");
    }

    /// Returns the numbers of connections and of subscriptions that the server of NATS has.
    pub fn nats_counts(&self) -> (u64, u64) {
        (self.nats_variable("connections"), self.nats_variable("subscriptions"))
    }

    /// Returns the number of messages that clients have sent to the server of NATS.
    pub fn nats_messages(&self) -> u64 {
        self.nats_variable("in_msgs")
    }

    fn nats_variable(&self, key: &str) -> u64 {
        let options = fs::read_to_string(self.folder().join("options")).expect("the options");
        let address = options.split('"').nth(1).expect("an address");
        let mut stream = TcpStream::connect(address).expect("the monitoring port");
        stream.write_all(b"GET /varz HTTP/1.0\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let rest = answer.split(&format!("\"{key}\": ")).nth(1).expect("a value");
        rest.split([',', '\n']).next().and_then(|number| number.trim().parse().ok()).expect("a number")
    }
}

/// A server of `RabbitMQ` with the user `app`, who has the password.
pub struct RabbitMq {
    pub server: Server,
    names: Child,
}

impl RabbitMq {
    pub fn start() -> Self {
        Self::start_in(TempDir::new().expect("a folder"), None)
    }

    /// Starts it over TLS as well, if there is a port for that.
    pub(crate) fn start_in(folder: TempDir, tls_port: Option<u16>) -> Self {
        let mut options = format!("loopback_users = none\ndefault_user = app\ndefault_pass = {CANARY}\n");
        if let Some(port) = tls_port {
            options += &format!("listeners.ssl.1 = 127.0.0.1:{port}\n");
            for (option, file) in [("cacertfile", "ca.crt"), ("certfile", "server.crt"), ("keyfile", "server.key")] {
                options += &format!("ssl_options.{option} = {}\n", folder.path().join(file).display());
            }
        }
        fs::write(folder.path().join("rabbitmq.conf"), options).expect("a file");
        fs::write(folder.path().join("plugins"), "[].").expect("a file");
        let names_port = free_port();
        fs::write(folder.path().join("ports"), format!("{names_port} {}", free_port())).expect("a file");
        // The server would start one that stays.
        let mut names = Command::new("epmd");
        names.args(["-address", "127.0.0.1", "-port"]).arg(names_port.to_string());
        let names = names.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("Erlang is installed");
        let server = Server::start_in(folder, |folder, port| {
            let mut command = rabbitmq(folder, "rabbitmq-server");
            command.env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1").env("RABBITMQ_NODE_PORT", port.to_string());
            command
        });
        Self { server, names }
    }

    /// Runs a command of `rabbitmqctl` and returns its output.
    pub fn control(&self, arguments: &[&str]) -> String {
        let mut command = rabbitmq(self.server.folder(), "rabbitmqctl");
        let output = command.arg("--quiet").args(arguments).output().expect("rabbitmqctl is installed: scripts/peers");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        let _ = self.names.kill();
        let _ = self.names.wait();
    }
}

/// Returns a program of `RabbitMQ` with all its files in the folder. Debian's own scripts change the user.
fn rabbitmq(folder: &Path, program: &str) -> Command {
    let ports = fs::read_to_string(folder.join("ports")).expect("the ports");
    let (names, peers) = ports.split_once(' ').expect("two ports");
    let mut command = Command::new(Path::new("/usr/lib/rabbitmq/bin").join(program));
    command.env("HOME", folder).env("ERL_EPMD_PORT", names).env("ERL_EPMD_ADDRESS", "127.0.0.1");
    command.env("RABBITMQ_DIST_PORT", peers).env("RABBITMQ_NODENAME", "health@localhost");
    for (variable, file) in [
        ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
        ("RABBITMQ_LOG_BASE", "logs"),
        ("RABBITMQ_MNESIA_BASE", "data"),
        ("RABBITMQ_PID_FILE", "pid"),
    ] {
        command.env(variable, folder.join(file));
    }
    command
}
