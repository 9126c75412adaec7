//! `probes::postgres_at` on real servers.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use health_runtime::{Status, probes};

use super::{
    LONG_TIMEOUT, becomes, local, message, observe_all_states,
    servers::{self, authority_of},
    state,
};

const LOGIN: &[u8] = b"\0\0\0\x17\0\x03\0\0user\0somebody\0\0";

/// Begins a login, and keeps it open.
fn begin_login(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(LONG_TIMEOUT)).expect("a timeout");
    stream.write_all(LOGIN).expect("a request");
    assert!(stream.read(&mut [0; 64]).expect("an answer") > 0);
    stream
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn postgres_is_seen_in_every_state() {
    observe_all_states(servers::postgres(), |address| probes::postgres_at(address), "accepting").await;
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn password_is_not_needed_and_nothing_is_logged() {
    let server = servers::postgres();
    let probe = probes::postgres_at(local(server.port)).timeout(LONG_TIMEOUT);
    becomes(probe.clone(), "accepting").await;
    let log = server.log();
    // More than the server has connections: none is left open.
    for _ in 0..100 {
        let outcome = probe.observe().await;
        assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{outcome:?}");
    }
    assert_eq!(server.log(), log);
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn trusted_login_is_logged_if_there_is_no_such_user() {
    let mut server = servers::postgres();
    server.stop();
    fs::write(server.folder().join("data/pg_hba.conf"), "host all all 127.0.0.1/32 trust\n").expect("rules");
    server.start();
    let probe = probes::postgres_at(local(server.port)).timeout(LONG_TIMEOUT);
    let outcome = becomes(probe, "accepting").await;
    assert_eq!(outcome.status(), Status::Pass);
    // The only user is `app`.
    assert!(
        message(&outcome).contains("but not the one of this probe: role \"postgres\" does not exist"),
        "{outcome:?}"
    );
    assert!(server.log().contains("FATAL:  role \"postgres\" does not exist"), "{}", server.log());
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn rejected_host_still_sees_a_server_that_accepts() {
    let mut server = servers::postgres();
    server.stop();
    fs::write(server.folder().join("data/pg_hba.conf"), "host all all 127.0.0.1/32 reject\n").expect("rules");
    server.start();
    let outcome = becomes(probes::postgres_at(local(server.port)).timeout(LONG_TIMEOUT), "accepting").await;
    assert!(message(&outcome).contains("accepts logins, but not the one of this probe: "), "{outcome:?}");
    assert!(server.log().contains("FATAL:  pg_hba.conf rejects connection"), "{}", server.log());
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn full_server_is_full() {
    let server = servers::postgres();
    let probe = probes::postgres_at(local(server.port)).timeout(LONG_TIMEOUT);
    becomes(probe.clone(), "accepting").await;
    // As many as `max_connections`.
    let logins: Vec<_> = (0..20).map(|_| begin_login(server.port)).collect();
    let outcome = probe.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("full", Status::Fail), "{outcome:?}");
    assert!(message(&outcome).contains("has too many clients: sorry, too many clients already"), "{outcome:?}");
    drop(logins);
    becomes(probe, "accepting").await;
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn stopping_server_is_stopping() {
    let server = servers::postgres();
    let probe = probes::postgres_at(local(server.port)).timeout(LONG_TIMEOUT);
    becomes(probe.clone(), "accepting").await;
    // A server waits for its clients before it stops.
    let _login = begin_login(server.port);
    server.terminate();
    let outcome = becomes(probe, "stopping").await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(message(&outcome).ends_with("does not accept logins: the database system is shutting down"), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn recovering_server_is_starting() {
    let mut server = servers::postgres();
    server.stop();
    let data = server.folder().join("data");
    let settings = fs::read_to_string(data.join("postgresql.conf")).expect("settings");
    fs::write(data.join("postgresql.conf"), settings + "\nrestore_command = 'sleep 60'\n").expect("settings");
    fs::write(data.join("recovery.signal"), "").expect("a file");
    server.start();
    let outcome = becomes(probes::postgres_at(local(server.port)).timeout(LONG_TIMEOUT), "starting").await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(message(&outcome).ends_with("does not accept logins: the database system is starting up"), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs postgresql: scripts/peers"]
async fn postgres_is_asked_over_tls() {
    let server = servers::postgres();
    let address = format!("localhost:{}", server.port);
    let probe = probes::postgres_at(&address).tls().timeout(LONG_TIMEOUT);
    let outcome = becomes(probe.clone(), "no_tls").await;
    assert_eq!(message(&outcome), format!("{address} has no TLS"));
    drop(server);
    let server = servers::postgres_over_tls();
    let probe = probes::postgres_at(format!("localhost:{}", server.port)).tls().timeout(LONG_TIMEOUT);
    let authority = authority_of(&server);
    becomes(probe.clone().root_certificates(authority), "accepting").await;
    let outcome = probe.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("tls_failed", Status::Fail), "{outcome:?}");
}
