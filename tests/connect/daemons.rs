//! The probes of brokers, caches and directories on real servers.

use std::{fs, path::Path, process::Command};

use health_runtime::{
    Status,
    probes::{self, ConnectProbe},
};
use tempfile::TempDir;

use super::{
    LONG_TIMEOUT, becomes, certificates::write_certificate, local, message, observe_all_states, servers::Server, state,
};

type MakeCommand = fn(&Path, u16) -> Command;

fn start(command: MakeCommand) -> Server {
    let folder = TempDir::new().expect("a folder");
    write_certificate(folder.path());
    Server::start_in(folder, command)
}

fn mosquitto_with(folder: &Path, settings: &str) -> Command {
    let path = folder.join("mosquitto.conf");
    fs::write(&path, format!("user root\n{settings}")).expect("settings");
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(path);
    command
}

fn mosquitto(folder: &Path, port: u16) -> Command {
    mosquitto_with(folder, &format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))
}

fn nats(folder: &Path, port: u16) -> Command {
    let mut command = Command::new("nats-server");
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--pid"]).arg(folder.join("pid"));
    command
}

fn memcached(_: &Path, port: u16) -> Command {
    let mut command = Command::new("memcached");
    command.args(["-u", "root", "-l", "127.0.0.1", "-p", &port.to_string()]);
    command
}

fn slapd_with(folder: &Path, url: &str, settings: &str) -> Command {
    let path = folder.join("slapd.conf");
    let own = folder.display();
    let certificate = format!(
        "TLSCACertificateFile {own}/authority.pem\nTLSCertificateFile {own}/certificate.pem\nTLSCertificateKeyFile {own}/key.pem\n"
    );
    fs::write(&path, format!("pidfile {}\n{certificate}{settings}", folder.join("pid").display())).expect("settings");
    let mut command = Command::new("slapd");
    // Level `stats`, on standard error.
    command.arg("-f").arg(path).args(["-h", url, "-d", "256"]);
    command
}

fn slapd(folder: &Path, port: u16) -> Command {
    slapd_with(folder, &format!("ldap://127.0.0.1:{port}"), "")
}

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
#[ignore = "needs mosquitto, nats-server, redis-server and slapd: scripts/peers"]
async fn servers_are_asked_over_tls() {
    let mosquitto: MakeCommand = |folder, port| {
        let path = folder.display();
        let files = format!("certfile {path}/certificate.pem\nkeyfile {path}/key.pem\n");
        mosquitto_with(folder, &format!("listener {port} 127.0.0.1\nallow_anonymous true\n{files}"))
    };
    let nats: MakeCommand = |folder, port| {
        let mut command = nats(folder, port);
        command.arg("--tls").arg("--tlscert").arg(folder.join("certificate.pem"));
        command.arg("--tlskey").arg(folder.join("key.pem"));
        command
    };
    let redis: MakeCommand = |folder, port| {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--tls-auth-clients", "no", "--tls-port", &port.to_string()]);
        for (option, file) in [("cert", "certificate"), ("key", "key"), ("ca-cert", "authority")] {
            command.arg(format!("--tls-{option}-file")).arg(folder.join(format!("{file}.pem")));
        }
        command
    };
    let slapd: MakeCommand = |folder, port| slapd_with(folder, &format!("ldaps://127.0.0.1:{port}"), "");
    let probes: [(MakeCommand, super::MakeProbe); 4] = [
        (mosquitto, |address| probes::mqtt(address)),
        (nats, |address| probes::nats_at(address)),
        (redis, |address| probes::redis_at(address)),
        (slapd, |address| probes::ldap(address)),
    ];
    for (command, make) in probes {
        let server = start(command);
        let authority = fs::read(server.folder().join("authority.pem")).expect("an authority");
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
    let server = start(|folder, port| {
        let mut command = nats(folder, port);
        command.arg("--tls").arg("--tlscert").arg(folder.join("certificate.pem"));
        command.arg("--tlskey").arg(folder.join("key.pem"));
        command
    });
    let outcome = becomes(probes::nats_at(local(server.port)).timeout(LONG_TIMEOUT), "tls_required").await;
    assert_eq!(outcome.status(), Status::Pass);
}
