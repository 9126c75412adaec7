//! `probes::nats` through `async_nats` on a real server.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, Request, RequestError, connection::State};
use health_drivers::{CANARY, OFFLINE, Server, TIMEOUT, WRITEABLE, assert_facts, eventually};
use health_runtime::{
    Status,
    probes::{self, BrokerProbe},
};
use tokio::time::{Instant, sleep};

#[no_implicit_prelude]
mod without_prelude {
    use ::async_nats;
    use ::health_runtime::{
        ask,
        probes::{self, BrokerProbe},
    };

    pub(super) fn probe(client: &async_nats::Client) -> BrokerProbe {
        probes::nats(ask!(async_nats: client)).timeout(::health_drivers::TIMEOUT)
    }
}

fn options(user: &str) -> ConnectOptions {
    ConnectOptions::with_user_and_password(user.to_owned(), CANARY.to_owned())
}

async fn connect(options: ConnectOptions, server: &Server) -> (Client, BrokerProbe) {
    let client = options.connect(format!("127.0.0.1:{}", server.port)).await.expect("a connection");
    let probe = without_prelude::probe(&client);
    (client, probe)
}

#[tokio::test]
#[ignore = "needs NATS: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::nats();
    let (client, probe) = connect(options("app").client_capacity(16), &server).await;
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;

    server.freeze();
    assert_facts(&probe, Status::Fail, "no answer came within 1.8s: the server is frozen", OFFLINE).await;
    server.thaw();
    eventually(&probe, Status::Pass, "").await;

    server.stop();
    eventually(&probe, Status::Fail, "").await;
    let start = Instant::now();
    // More than the client would queue up.
    for _ in 0..100 {
        assert_facts(&probe, Status::Fail, "the client is disconnected, and reconnects", OFFLINE).await;
    }
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
    let publish = client.publish("orders", "order".into());
    tokio::time::timeout(TIMEOUT, publish).await.expect("a queue with room").expect("a message");
    server.start();
    eventually(&probe, Status::Pass, "").await;

    let (_, denied) = connect(options("guest"), &server).await;
    assert_facts(&denied, Status::Fail, "or the user may not publish and subscribe to its inbox", OFFLINE).await;
}

#[tokio::test]
#[ignore = "needs NATS: scripts/peers"]
async fn lame_duck_mode_is_known_through_a_closure() {
    let mut server = Server::nats();
    let is_lame_duck = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_lame_duck);
    let options = options("app").event_callback(move |event| {
        match event {
            Event::LameDuckMode => flag.store(true, Ordering::Relaxed),
            Event::Connected => flag.store(false, Ordering::Relaxed),
            _ => {}
        }
        async {}
    });
    let (client, without_events) = connect(options, &server).await;
    // As the documentation of the probe has it.
    let probe = probes::nats(move |statement| {
        let (client, is_lame_duck) = (client.clone(), is_lame_duck.load(Ordering::Relaxed));
        async move {
            match (statement, client.connection_state()) {
                ("STATE", State::Connected) if is_lame_duck => Ok("lame duck".to_owned()),
                ("STATE", state) => Ok::<_, RequestError>(state.to_string()),
                _ => {
                    let inbox = client.new_inbox();
                    client.send_request(inbox.clone(), Request::new().inbox(inbox)).await.map(|_| String::new())
                }
            }
        }
    });
    let probe = probe.timeout(TIMEOUT);
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;

    server.enter_lame_duck_mode();
    eventually(&probe, Status::Warn, "").await;
    assert_facts(&probe, Status::Warn, "the server is in lame duck mode", WRITEABLE).await;
    assert_facts(&without_events, Status::Pass, "", WRITEABLE).await;
    eventually(&probe, Status::Fail, "").await;
    assert_facts(&probe, Status::Fail, "the client is disconnected", OFFLINE).await;
    server.stop();
    server.start();
    eventually(&probe, Status::Pass, "").await;
}

#[tokio::test]
#[ignore = "needs NATS: scripts/peers"]
async fn runs_without_an_answer_leave_nothing_in_the_server() {
    let server = Server::nats();
    let (_client, probe) = connect(options("app"), &server).await;
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
    sleep(Duration::from_millis(100)).await;
    let before = server.nats_counts();
    server.freeze();
    let impatient = probe.timeout(Duration::from_millis(50));
    for _ in 0..20 {
        assert_eq!(impatient.observe().await.status(), Status::Fail);
    }
    server.thaw();
    sleep(Duration::from_millis(200)).await;
    assert_eq!(server.nats_counts(), before);
}
