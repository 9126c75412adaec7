//! The probes of brokers, caches and directories on real servers.

use std::fs;

use health_runtime::{
    Status,
    probes::{self, ConnectProbe},
};

use super::{
    LONG_TIMEOUT, becomes, local, message, observe_all_states,
    servers::{
        MakeCommand, Server, authority_of, memcached, memcached_over_tls, mosquitto, mosquitto_with, nats,
        nats_over_tls, redis_over_tls, slapd, slapd_with, start,
    },
    state,
};

#[tokio::test]
#[ignore = "needs mosquitto: scripts/peers"]
async fn mosquitto_is_seen_in_every_state() {
    observe_all_states(start(mosquitto), |address| probes::mqtt(address), "accepting").await;
}

#[tokio::test]
#[ignore = "needs nats-server: scripts/peers"]
async fn nats_is_seen_in_every_state() {
    observe_all_states(start(nats), |address| probes::nats_at(address), "accepting").await;
}

#[tokio::test]
#[ignore = "needs memcached: scripts/peers"]
async fn memcached_is_seen_in_every_state() {
    observe_all_states(start(memcached), |address| probes::memcached_at(address), "accepting").await;
}

#[tokio::test]
#[ignore = "needs slapd: scripts/peers"]
async fn slapd_is_seen_in_every_state() {
    observe_all_states(start(slapd), |address| probes::ldap(address), "accepting").await;
}

/// Runs a probe several times. Returns the lines that each run adds to the log.
async fn log_of_runs(server: &Server, probe: ConnectProbe) -> Vec<String> {
    let probe = probe.timeout(LONG_TIMEOUT);
    becomes(probe.clone(), "accepting").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let before = server.log();
    for _ in 0..3 {
        let outcome = probe.observe().await;
        assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{outcome:?}");
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    server.log()[before.len()..].lines().map(str::to_owned).collect()
}

#[tokio::test]
#[ignore = "needs mosquitto, nats-server, memcached and slapd: scripts/peers"]
async fn logs_have_the_lines_of_the_documentation() {
    let server = start(mosquitto);
    let lines = log_of_runs(&server, probes::mqtt(local(server.port))).await;
    assert_eq!(lines.len(), 9, "{lines:#?}");
    for (line, part) in lines.iter().zip(["New connection from ", "New client connected from ", "Client auto-"]) {
        assert!(line.contains(part), "{lines:#?}");
    }
    assert!(lines[2].ends_with(" disconnected."), "{lines:#?}");
    let server = start(nats);
    assert_eq!(log_of_runs(&server, probes::nats_at(local(server.port))).await, [""; 0]);
    let server = start(memcached);
    assert_eq!(log_of_runs(&server, probes::memcached_at(local(server.port))).await, [""; 0]);
    let server = start(slapd);
    let lines = log_of_runs(&server, probes::ldap(local(server.port))).await;
    for part in ["ACCEPT from", "BIND dn=\"\"", "err=0", "SRCH base=\"\"", "SEARCH RESULT", "UNBIND", "closed"] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
    }
}

#[tokio::test]
#[ignore = "needs mosquitto, nats-server, memcached and slapd: scripts/peers"]
async fn login_is_not_needed() {
    let mosquitto: MakeCommand =
        |folder, port| mosquitto_with(folder, &format!("listener {port} 127.0.0.1\nallow_anonymous false\n"));
    let nats: MakeCommand = |folder, port| {
        let mut command = nats(folder, port);
        command.args(["--user", "app", "--pass", "secret"]);
        command
    };
    let memcached: MakeCommand = |folder, port| {
        fs::write(folder.join("users"), "app:secret\n").expect("users");
        let mut command = memcached(folder, port);
        command.arg("-Y").arg(folder.join("users"));
        command
    };
    let slapd: MakeCommand =
        |folder, port| slapd_with(folder, &format!("ldap://127.0.0.1:{port}"), "disallow bind_anon\n");
    let probes: [(MakeCommand, super::MakeProbe); 4] = [
        (mosquitto, |address| probes::mqtt(address)),
        (nats, |address| probes::nats_at(address)),
        (memcached, |address| probes::memcached_at(address)),
        (slapd, |address| probes::ldap(address)),
    ];
    for (command, make) in probes {
        let server = start(command);
        let outcome = becomes(make(&local(server.port)).timeout(LONG_TIMEOUT), "login_required").await;
        assert_eq!(outcome.status(), Status::Pass);
        assert!(message(&outcome).contains(" answers, and "), "{outcome:?}");
    }
}

#[tokio::test]
#[ignore = "needs mosquitto, nats-server, redis-server, memcached and slapd: scripts/peers"]
async fn servers_are_asked_over_tls() {
    let mosquitto: MakeCommand = |folder, port| {
        let path = folder.display();
        let files = format!("certfile {path}/certificate.pem\nkeyfile {path}/key.pem\n");
        mosquitto_with(folder, &format!("listener {port} 127.0.0.1\nallow_anonymous true\n{files}"))
    };
    let slapd: MakeCommand = |folder, port| slapd_with(folder, &format!("ldaps://127.0.0.1:{port}"), "");
    let probes: [(MakeCommand, super::MakeProbe); 5] = [
        (mosquitto, |address| probes::mqtt(address)),
        (nats_over_tls, |address| probes::nats_at(address)),
        (redis_over_tls, |address| probes::redis_at(address)),
        (memcached_over_tls, |address| probes::memcached_at(address)),
        (slapd, |address| probes::ldap(address)),
    ];
    for (command, make) in probes {
        let server = start(command);
        let authority = authority_of(&server);
        let probe = make(&local(server.port)).tls().timeout(LONG_TIMEOUT);
        becomes(probe.clone().root_certificates(&authority), "accepting").await;
        let outcome = probe.observe().await;
        assert_eq!((state(&outcome), outcome.status()), ("tls_failed", Status::Fail), "{outcome:?}");
        assert!(message(&outcome).contains("fails in TLS: invalid peer certificate"), "{outcome:?}");
    }
}

#[tokio::test]
#[ignore = "needs nats-server: scripts/peers"]
async fn nats_wants_or_lacks_tls() {
    let server = start(nats);
    let outcome = becomes(probes::nats_at(local(server.port)).tls().timeout(LONG_TIMEOUT), "no_tls").await;
    assert_eq!(outcome.status(), Status::Fail);
    let server = start(nats_over_tls);
    let outcome = becomes(probes::nats_at(local(server.port)).timeout(LONG_TIMEOUT), "tls_required").await;
    assert_eq!(outcome.status(), Status::Pass);
}
