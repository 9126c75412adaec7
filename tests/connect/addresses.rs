//! Addresses, names and lookups.

use std::net::TcpListener as BlockingListener;

use health_runtime::{Check, Level, Status, probes};

use super::{LONG_TIMEOUT, PROBES, SHORT_TIMEOUT, faults, local, message, state};

fn name(check: impl Into<Check>) -> String {
    check.into().spec().name().to_owned()
}

#[test]
fn name_and_level_come_from_the_address() {
    assert_eq!(name(probes::tcp("queue.internal:9092")), "tcp_queue.internal_9092");
    assert_eq!(name(probes::tcp("[fd00::1]:9092")), "tcp_fd00__1_9092");
    assert_eq!(name(probes::redis_at("cache")), "redis_cache");
    assert_eq!(name(probes::postgres_at("db:1").name("db")), "db");
    assert_eq!(name(probes::resolve("db.internal")), "resolve_db.internal");
    assert_eq!(Check::from(probes::redis_at("cache")).spec().level(), Level::L3);
}

#[test]
fn invalid_address_is_a_start_up_error() {
    for (_, make) in PROBES {
        let faults = faults(make("redis://user:secret@host"));
        assert!(
            faults.len() == 1 && faults[0].contains("without scheme") && !faults[0].contains("secret"),
            "{faults:?}"
        );
        assert!(super::faults(make("host")).is_empty());
    }
    assert_eq!(faults(probes::tcp("host")), ["its address `host` has no port; write for example `host:8080`"]);
}

#[test]
fn port_of_mysql_is_refused() {
    for address in ["db:3306", "127.0.0.1:3306", "[::1]:3306"] {
        let faults = faults(probes::tcp(address));
        let [fault] = &*faults else { panic!("one fault was expected: {faults:?}") };
        assert!(fault.contains("error 1129") && fault.contains("`probes::mysql`"), "{fault}");
    }
    assert!(faults(probes::tcp("db:33060")).is_empty());
}

#[test]
fn settings_of_tls_that_have_no_effect_are_start_up_errors() {
    assert_eq!(faults(probes::tcp("host:1").tls()), ["TCP has no TLS, so `tls` has no effect"]);
    assert_eq!(faults(probes::tcp("host:1").starttls()), ["TCP has no TLS, so `tls` has no effect"]);
    assert_eq!(faults(probes::mqtt("host").starttls()), ["MQTT has no `starttls`; write `tls`"]);
    assert_eq!(faults(probes::smtp("host").tls_first()), ["SMTP has no `tls_first`; write `tls`"]);
    assert_eq!(faults(probes::nats_at("host").starttls()), ["NATS has no `starttls`; write `tls`"]);
    let fault = "`root_certificates` has no effect on a connection that is not encrypted; write `tls` as well";
    assert_eq!(faults(probes::redis_at("host").root_certificates("no PEM")), [fault]);
    assert!(faults(probes::redis_at("host").tls().root_certificates("no PEM"))[0].contains("contains no certificate"));
    let valid = [
        probes::smtp("host").starttls(),
        probes::smtp("host").tls(),
        probes::ldap("host").starttls(),
        probes::nats_at("host").tls(),
        probes::nats_at("host").tls_first(),
    ];
    assert!(valid.into_iter().all(|probe| faults(probe).is_empty()));
}

#[test]
fn only_names_are_resolved() {
    for (host, part) in [
        ("127.0.0.1", "is an address, which needs no lookup"),
        ("::1", "is an address"),
        ("db.internal:5432", "is not a valid host name; write one without port"),
        ("", "is not a valid host name"),
    ] {
        let faults = faults(probes::resolve(host));
        assert!(faults.len() == 1 && faults[0].contains(part), "{host}: {faults:?}");
    }
}

#[tokio::test]
async fn name_is_resolved() {
    let outcome = probes::resolve("localhost").observe().await;
    assert_eq!(outcome.status(), Status::Pass);
    let data = outcome.data().expect("data");
    let addresses = data["addresses"].as_array().expect("addresses");
    assert!(addresses.iter().any(|address| address == "127.0.0.1" || address == "::1"), "{data}");
    assert!(data["lookup_ms"].is_f64(), "{data}");
}

#[tokio::test]
async fn unknown_name_is_unresolved() {
    // RFC 2606 reserves the name, so it does not exist.
    let outcome = probes::resolve("nowhere.invalid").timeout(SHORT_TIMEOUT).observe().await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(message(&outcome).starts_with("nowhere.invalid is not resolved"), "{outcome:?}");
    assert_eq!(outcome.data().expect("data")["addresses"].as_array().map(Vec::len), Some(0));
    let outcome = probes::tcp("nowhere.invalid:80").timeout(SHORT_TIMEOUT).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("unresolved", Status::Fail));
    assert!(message(&outcome).starts_with("nowhere.invalid:80 is not resolved"), "{outcome:?}");
}

#[tokio::test]
async fn open_port_accepts_and_closed_port_refuses() {
    let listener = BlockingListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    // `localhost` may be `::1` as well, where nobody listens.
    for address in [local(port), format!("localhost:{port}")] {
        let outcome = probes::tcp(&address).timeout(LONG_TIMEOUT).observe().await;
        assert_eq!((state(&outcome), outcome.status()), ("accepting", Status::Pass), "{outcome:?}");
        assert_eq!(outcome.message(), None);
        assert_eq!(outcome.data().expect("data")["address"], local(port));
    }
    drop(listener);
    let outcome = probes::tcp(local(port)).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("refused", Status::Fail));
    assert_eq!(message(&outcome), format!("127.0.0.1:{port} refuses connections"));
    let outcome = probes::tcp(format!("localhost:{port}")).observe().await;
    assert!(message(&outcome).starts_with(&format!("localhost:{port} refuses connections")), "{outcome:?}");
}

#[tokio::test]
async fn full_queue_of_connections_is_reported_as_late() {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(SHORT_TIMEOUT, tokio::net::TcpStream::connect(address)).await {
        queued.push(stream);
    }
    let outcome = probes::tcp(address.to_string()).timeout(SHORT_TIMEOUT).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("no_connection", Status::Fail));
    assert_eq!(message(&outcome), format!("{address} accepts no connection within 450ms"));
}
