//! `probes::memcached` through the crate memcache on a real server.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_drivers::{Facts, OFFLINE, READ_ONLY, Server, WRITEABLE, assert_facts, eventually};
use health_runtime::Status;
use memcache::Client;
use tokio::time::{Instant, sleep};

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, DatabaseProbe},
    };
    use ::memcache;

    pub(super) fn probe(client: &memcache::Client) -> DatabaseProbe {
        probes::memcached(ask!(memcache: client)).timeout(::health_drivers::TIMEOUT)
    }
}

/// Whether it takes writes is not known.
const ONLINE: Facts = [Some(true), None];

#[tokio::test]
#[ignore = "needs memcached: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::memcached();
    let connect = |options: &str| Client::connect(format!("memcache://127.0.0.1:{}{options}", server.port));
    let client = connect("?connect_timeout=1&timeout=1").expect("a client");
    let patient = without_prelude::probe(&connect("").expect("a client"));
    let probe = without_prelude::probe(&client);
    assert_facts(&probe, Status::Pass, "", ONLINE).await;
    assert_facts(&patient, Status::Pass, "", ONLINE).await;

    server.freeze();
    assert_facts(&probe, Status::Fail, "", OFFLINE).await;
    for _ in 0..2 {
        assert_facts(&patient, Status::Fail, "no answer came within 1.8s", OFFLINE).await;
    }
    server.thaw();
    eventually(&probe, Status::Pass, "").await;
    eventually(&patient, Status::Pass, "").await;

    server.stop();
    assert_facts(&probe, Status::Fail, "", OFFLINE).await;
    server.start();
    eventually(&probe, Status::Pass, "").await;
}

#[tokio::test]
#[ignore = "needs memcached: scripts/peers"]
async fn write_on_request_detects_a_full_server_and_expires() {
    let server = Server::memcached_without_eviction();
    let connect = |protocol: &str| {
        let options = format!("connect_timeout=1&timeout=1&protocol={protocol}");
        Client::connect(format!("memcache://127.0.0.1:{}?{options}", server.port)).expect("a client")
    };
    let clients = ["ascii", "binary"].map(connect);
    let writing = clients.each_ref().map(|client| without_prelude::probe(client).write_key("health:probe"));
    for (client, probe) in clients.iter().zip(&writing) {
        assert_facts(probe, Status::Pass, "", WRITEABLE).await;
        assert_eq!(client.get::<String>("health:probe").expect("an answer").as_deref(), Some("health_runtime"));
        client.delete("health:probe").expect("an answer");
    }
    assert_facts(&writing[0], Status::Pass, "", WRITEABLE).await;
    let written = Instant::now();
    assert_eq!(server.memcached_counts().1, 1);
    while clients[0].get::<String>("health:probe").expect("an answer").is_some() {
        assert!(written.elapsed() < Duration::from_secs(12), "the key does not expire");
        sleep(Duration::from_millis(200)).await;
    }
    assert!(written.elapsed() > Duration::from_secs(5), "{:?}", written.elapsed());
    assert_eq!(server.memcached_counts().1, 0);

    // Items of one size share their memory.
    let is_full = (0..100_000).any(|number| clients[0].set(&format!("item{number:08}"), "health_runtime", 0).is_err());
    assert!(is_full);
    for (client, probe) in clients.iter().zip(&writing) {
        let text = "a write fails: SERVER_ERROR out of memory storing object";
        assert_facts(probe, Status::Fail, text, READ_ONLY).await;
        assert_facts(&without_prelude::probe(client), Status::Pass, "", ONLINE).await;
    }
    clients[0].flush().expect("an answer");
    assert_facts(&writing[0], Status::Pass, "", WRITEABLE).await;
}

#[tokio::test]
#[ignore = "needs memcached: scripts/peers"]
async fn late_answer_is_not_taken_for_that_of_the_program() {
    for protocol in ["ascii", "binary"] {
        let server = Server::memcached();
        let url = format!("memcache://127.0.0.1:{}?connect_timeout=1&timeout=1&protocol={protocol}", server.port);
        let client = Client::connect(url).expect("a client");
        let probe = without_prelude::probe(&client).write_key("health:probe");
        for number in 0..4 {
            client.set(&format!("key{number}"), format!("value{number}"), 0).expect("an answer");
        }
        assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
        server.freeze();
        assert_facts(&probe, Status::Fail, "", OFFLINE).await;
        server.thaw();
        sleep(Duration::from_millis(200)).await;
        for number in 0..8 {
            let answer = client.get::<String>(&format!("key{}", number % 4)).expect("an answer");
            assert_eq!(answer, Some(format!("value{}", number % 4)), "{protocol}");
        }
        eventually(&probe, Status::Pass, "").await;
    }
}
