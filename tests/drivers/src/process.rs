//! The process of a server on a free port of this machine. The tests of the package `health-tests` include this file as well.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// A server that ends with this value.
pub struct Server {
    pub port: u16,
    child: Option<Child>,
    folder: TempDir,
    command: fn(&Path, u16) -> Command,
}

impl Server {
    /// Starts the server that this command runs in a folder, on a port.
    pub fn start_in(folder: TempDir, command: fn(&Path, u16) -> Command) -> Self {
        let mut server = Self { port: free_port(), child: None, folder, command };
        server.start();
        server
    }

    /// Starts PostgreSQL with the user `app`, who has this password.
    pub fn postgres_in(folder: TempDir, password: &str) -> Self {
        let file = folder.path().join("password");
        fs::write(&file, password).expect("a file");
        hand_to_postgres(folder.path());
        run(as_postgres("initdb")
            .args(["--username=app", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .arg(format!("--pwfile={}", file.display()))
            .arg(format!("--pgdata={}", folder.path().join("data").display())));
        Self::start_in(folder, postgres)
    }

    /// Returns the folder in which it runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns all that it has written since its first start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts the server again on its port, and waits until it listens.
    pub fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = (self.command)(self.folder.path(), self.port);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a handle")).stderr(log);
        self.child = Some(command.spawn().expect("the server is installed: scripts/peers"));
        for tried in 0.. {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                break;
            }
            assert!(tried < 2_400, "the server does not listen: {}", self.log());
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
        signal_all(child.id(), "KILL");
        let _ = child.wait();
        // A stale file would keep PostgreSQL from starting if its number is in use again.
        let _ = fs::remove_file(self.folder.path().join("data/postmaster.pid"));
    }

    /// Stops all its processes: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        for process in signal_all(self.id(), "STOP") {
            // The signal reaches threads on other processors a moment later.
            let tasks = format!("/proc/{process}/task");
            let is_running = |stat: &str| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with(['T', 'Z']));
            let stats = || fs::read_dir(&tasks).into_iter().flatten().flatten().map(|task| task.path().join("stat"));
            while stats().any(|stat| fs::read_to_string(stat).is_ok_and(|stat| is_running(&stat))) {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        signal_all(self.id(), "CONT");
    }

    /// Asks the server to end.
    pub fn terminate(&self) {
        run(Command::new("kill").arg("-TERM").arg(self.id().to_string()));
    }

    /// Returns the main process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("a server that runs").id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Sends a signal to a process and its children, and returns all of them.
pub fn signal_all(parent: u32, signal: &str) -> Vec<String> {
    let mut processes = vec![parent.to_string()];
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name in parentheses may contain spaces.
        let parent_of = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        if parent_of == Some(&parent.to_string()) {
            processes.push(process.file_name().to_string_lossy().into_owned());
        }
    }
    let _ = Command::new("kill").arg(format!("-{signal}")).args(&processes).stderr(Stdio::null()).status();
    processes
}

/// Returns the command of PostgreSQL, over TLS as well if the folder has a certificate.
pub fn postgres(folder: &Path, port: u16) -> Command {
    let mut command = as_postgres("postgres");
    command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string());
    for option in ["fsync=off", "listen_addresses=127.0.0.1", "max_connections=20", "unix_socket_directories="] {
        command.arg("-c").arg(option);
    }
    let certificate = folder.join("server.crt");
    if certificate.exists() {
        command.args(["-c", "ssl=on", "-c"]).arg(format!("ssl_cert_file={}", certificate.display()));
        command.arg("-c").arg(format!("ssl_key_file={}", folder.join("server.key").display()));
    }
    command
}

/// Returns a command of PostgreSQL.
pub fn as_postgres(program: &str) -> Command {
    as_user_postgres(&postgres_folder().join(program))
}

/// Returns a command of a program that refuses to run as root.
pub fn as_user_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

/// Gives a folder to the user as whom PostgreSQL runs.
pub fn hand_to_postgres(folder: &Path) {
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

/// Runs a command to its end.
pub fn run(command: &mut Command) {
    let output = command.output().expect("the program is installed: scripts/peers");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
