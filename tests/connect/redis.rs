//! `probes::redis_at` on real servers.

use std::{
    io::{Read, Write},
    net::{TcpStream, UdpSocket},
    path::Path,
    process::Command,
    time::Duration,
};

use health_runtime::{Status, probes};
use tempfile::TempDir;

use super::{
    LONG_TIMEOUT, SHORT_TIMEOUT, becomes, local, message, observe_all_states,
    servers::{self, Server},
    state,
};

/// Starts Redis without a password; it loads slowly, and notices early that a script takes long.
fn start() -> Server {
    Server::start_in(TempDir::new().expect("a folder"), |folder: &Path, port| {
        let mut command = Command::new("redis-server");
        command.args(["--save", "", "--enable-debug-command", "local", "--maxclients", "4", "--lua-time-limit", "20"]);
        command.args(["--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024"]);
        command.arg("--dir").arg(folder).arg("--port").arg(port.to_string());
        command
    })
}

fn open(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(LONG_TIMEOUT)).expect("a timeout");
    stream
}

/// Sends a command and returns the beginning of the answer.
fn send(stream: &mut TcpStream, command: &str) -> String {
    stream.write_all(format!("{command}\r\n").as_bytes()).expect("a request");
    let mut answer = [0; 8192];
    let read = stream.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn redis_is_seen_in_every_state() {
    observe_all_states(start(), |address| probes::redis_at(address), "accepting").await;
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn password_is_not_needed() {
    let server = Server::start_in(TempDir::new().expect("a folder"), |folder: &Path, port| {
        let mut command = Command::new("redis-server");
        command.args(["--save", "", "--requirepass", "secret", "--port", &port.to_string(), "--dir"]).arg(folder);
        command
    });
    let outcome = probes::redis_at(local(server.port)).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("login_required", Status::Pass));
    let text = format!("{} answers, and wants a password, so nothing more is known", local(server.port));
    assert_eq!(message(&outcome), text);
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn loading_server_is_starting() {
    let mut server = start();
    let mut client = open(server.port);
    assert_eq!(send(&mut client, "DEBUG POPULATE 20000"), "+OK\r\n");
    assert_eq!(send(&mut client, "SAVE"), "+OK\r\n");
    server.stop();
    server.start();
    let probe = probes::redis_at(local(server.port)).timeout(LONG_TIMEOUT);
    let outcome = probe.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("starting", Status::Fail), "{outcome:?}");
    assert!(message(&outcome).contains("is loading its data: LOADING Redis is loading"), "{outcome:?}");
    becomes(probe, "accepting").await;
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn full_server_is_full() {
    let server = start();
    let mut clients: Vec<_> = (0..4).map(|_| open(server.port)).collect();
    assert_eq!(send(&mut clients[3], "PING"), "+PONG\r\n");
    let probe = probes::redis_at(local(server.port)).timeout(LONG_TIMEOUT);
    let outcome = probe.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("full", Status::Fail), "{outcome:?}");
    drop(clients);
    becomes(probe, "accepting").await;
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn server_with_a_long_script_is_busy() {
    let server = start();
    let mut client = open(server.port);
    client.write_all(b"EVAL \"while true do end\" 0\r\n").expect("a request");
    let probe = probes::redis_at(local(server.port)).timeout(LONG_TIMEOUT);
    let outcome = becomes(probe.clone(), "busy").await;
    assert_eq!(outcome.status(), Status::Fail);
    assert_eq!(send(&mut open(server.port), "SCRIPT KILL"), "+OK\r\n");
    becomes(probe, "accepting").await;
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn protected_mode_denies_other_hosts() {
    let server = start();
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    // Chooses an interface, and sends nothing.
    let route = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    let address = route.expect("an address besides the loopback").ip();
    let outcome = probes::redis_at(format!("{address}:{}", server.port)).timeout(LONG_TIMEOUT).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("denied", Status::Fail), "{outcome:?}");
    assert!(message(&outcome).contains("refuses this host: DENIED Redis is running in protected mode"), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs redis-server: scripts/peers"]
async fn another_server_at_the_port_is_named() {
    let server = servers::postgres();
    let outcome = probes::redis_at(local(server.port)).timeout(SHORT_TIMEOUT).observe().await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    let server = start();
    let outcome = probes::postgres_at(local(server.port)).timeout(Duration::from_secs(2)).observe().await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
}
