//! A process that keeps systemd informed: the example `systemd_unit`, its unit file, and a real systemd.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod manager;
mod unit;

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr as UnixAddress, UnixDatagram},
    },
    path::Path,
    process::{Command, Stdio, id},
    sync::OnceLock,
    time::Duration,
};

use health_tests::{Example, example, request};
use tokio::time::Instant;

/// Generous, because the machine may be busy.
const LATEST: Duration = Duration::from_secs(30);

/// Returns the path of the example.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<std::ffi::OsString> = OnceLock::new();
    Path::new(PROGRAM.get_or_init(|| example("systemd_unit").get_program().to_owned()))
}

/// A service with these variables.
struct Service {
    example: Example,
    address: SocketAddr,
}

impl Service {
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program());
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            command.env_remove(name);
        }
        command.envs([("HEALTH_ADDRESS", "127.0.0.1:0"), ("STARTUP_MS", "300")]).envs(variables.iter().copied());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the example starts");
        let mut example = Example(child);
        let mut line = String::new();
        BufReader::new(example.0.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.trim().trim_start_matches("http://").trim_end_matches("/health");
        Self { address: address.parse().expect("an address"), example }
    }

    fn send(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.example.0.id().to_string()]).status();
        assert!(status.expect("there is a `kill`").success());
    }

    /// Ends it, and returns its log.
    fn log(mut self) -> String {
        let _ = self.example.0.kill();
        let mut log = String::new();
        self.example.0.stderr.take().expect("a pipe").read_to_string(&mut log).expect("text");
        log
    }
}

/// Binds the other end, and returns it with the value of `NOTIFY_SOCKET`.
fn bind(name: &str) -> (UnixDatagram, String) {
    let name = format!("health-tests-{}-{name}", id());
    let address = UnixAddress::from_abstract_name(&name).expect("a name");
    (UnixDatagram::bind_addr(&address).expect("a free name"), format!("@{name}"))
}

/// Receives messages until one contains a text. Returns all of them.
fn receive_until(socket: &UnixDatagram, text: &str) -> Vec<String> {
    socket.set_read_timeout(Some(LATEST)).expect("a socket");
    let (began, mut messages, mut buffer) = (Instant::now(), Vec::<String>::new(), [0; 4096]);
    loop {
        assert!(began.elapsed() < LATEST, "no {text}: {messages:?}");
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {text}: {error}; {messages:?}"));
        messages.push(String::from_utf8(buffer[..length].to_vec()).expect("UTF-8"));
        if messages.last().is_some_and(|message| message.contains(text)) {
            return messages;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn service_reports_its_whole_life() {
    let (socket, name) = bind("life");
    let service = Service::start(&[("NOTIFY_SOCKET", &name), ("WATCHDOG_USEC", "1000000")]);
    let started = receive_until(&socket, "READY=1");
    assert!(started[..started.len() - 1].iter().all(|message| !message.contains("READY")), "{started:?}");
    assert!(started.iter().any(|message| message.contains("STATUS=starting; fail: migrations")), "{started:?}");
    receive_until(&socket, "WATCHDOG=1");
    receive_until(&socket, "WATCHDOG=1");

    service.send("-TERM");
    let stopping = receive_until(&socket, "STOPPING=1");
    // The delay of 5 s, and 30 s.
    let expected = "STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000\nSTATUS=draining";
    assert_eq!(stopping.last().expect("a message"), expected);
    let log = service.log();
    assert!(log.contains("systemd is notified watchdog_sec=1"), "{log}");
    assert!(!log.contains("cannot be notified") && !log.contains("setting of systemd"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn watchdog_starves_once_the_worker_is_gone() {
    let (socket, name) = bind("starves");
    let service = Service::start(&[("NOTIFY_SOCKET", &name), ("WATCHDOG_USEC", "1000000")]);
    receive_until(&socket, "WATCHDOG=1");
    assert_eq!(request(service.address, "POST", "/break").await.status, 200);
    // Its status is sent by itself.
    receive_until(&socket, "fail: worker");
    // A message that was sent before may still wait.
    socket.set_read_timeout(Some(Duration::from_secs(3))).expect("a socket");
    let (mut buffer, mut late) = ([0; 4096], 0);
    while socket.recv(&mut buffer).is_ok() {
        late += 1;
        assert!(late < 5, "the watchdog is fed on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_of_the_file_system_is_found_as_well() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("notify-{}", id()));
    let socket = UnixDatagram::bind(&path).expect("a free path");
    let other = (id() + 1).to_string();
    let path = path.to_str().expect("UTF-8");
    let _service = Service::start(&[("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", &other)]);
    let started = receive_until(&socket, "READY=1");
    // The watchdog is that of another process.
    assert!(started.iter().all(|message| !message.contains("WATCHDOG")), "{started:?}");
    std::fs::remove_file(path).expect("the socket");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_logged_and_the_service_runs() {
    let (_socket, name) = bind("mistakes");
    for (variables, expected) in [
        (&[("NOTIFY_SOCKET", "vsock:2:9999")][..], &["setting of systemd ignored", "out of a virtual machine"][..]),
        (&[("NOTIFY_SOCKET", "notify")], &["setting of systemd ignored", "`notify` is not a valid socket"]),
        (&[("NOTIFY_SOCKET", &name), ("WATCHDOG_USEC", "30s")], &["WATCHDOG_USEC: `30s` is not a valid number"]),
        (&[("NOTIFY_SOCKET", "/nowhere/notify")], &["systemd cannot be notified; it is tried again"]),
        (&[("WATCHDOG_USEC", "1000000")], &[]),
    ] {
        let service = Service::start(variables);
        let answer = health_tests::get(service.address, "/livez").await;
        assert_eq!(answer.status, 200);
        let log = service.log();
        for part in expected {
            assert!(log.contains(part), "{variables:?}: {log}");
        }
        assert_eq!(log.contains("ystemd"), !expected.is_empty(), "{variables:?}: {log}");
    }
}
