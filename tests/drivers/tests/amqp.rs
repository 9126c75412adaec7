//! `probes::amqp` through lapin on a real `RabbitMQ`.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_drivers::{CANARY, RabbitMq};
use health_runtime::{Outcome, Status, probes::BrokerProbe};
use lapin::{BasicProperties, Connection, ConnectionProperties, options::BasicPublishOptions};
use tokio::time::{Instant, sleep};

const TIMEOUT: Duration = Duration::from_secs(2);

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, BrokerProbe},
    };
    use ::lapin;

    pub(super) fn probe(connection: &::std::sync::Arc<lapin::Connection>) -> BrokerProbe {
        probes::amqp(ask!(lapin: connection)).timeout(super::TIMEOUT)
    }
}

async fn connect(broker: &RabbitMq, properties: ConnectionProperties) -> Arc<Connection> {
    let url = format!("amqp://app:{CANARY}@127.0.0.1:{}/%2f", broker.server.port);
    Arc::new(Connection::connect(&url, properties).await.expect("a connection"))
}

/// Observes within the timeout, and without the password in any text.
async fn observe(probe: &BrokerProbe) -> Outcome {
    let start = Instant::now();
    let outcome = probe.observe().await;
    assert!(start.elapsed() < TIMEOUT, "{:?} {outcome:?}", start.elapsed());
    assert!(!format!("{probe:?} {outcome:?}").contains(CANARY), "{outcome:?}");
    outcome
}

async fn assert_is(probe: &BrokerProbe, status: Status, text: &str, data: [bool; 2]) {
    let outcome = observe(probe).await;
    assert_eq!(outcome.status(), status, "{outcome:?}");
    assert!(outcome.message().unwrap_or_default().contains(text), "{outcome:?}");
    let found = outcome.data().map(|data| [&data["is_broker_online"], &data["takes_messages"]]);
    assert_eq!(found, Some([&data[0].into(), &data[1].into()]), "{outcome:?}");
}

/// Observes until the status is this one.
async fn assert_becomes(probe: &BrokerProbe, status: Status) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let outcome = observe(probe).await;
        if outcome.status() == status {
            return;
        }
        assert!(Instant::now() < end, "{outcome:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

// One server for all, because its start takes seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs RabbitMQ: scripts/peers"]
async fn states_of_a_broker_are_told_apart() {
    let mut broker = RabbitMq::start();
    let lasting = connect(&broker, ConnectionProperties::default().enable_auto_recover()).await;
    let plain = connect(&broker, ConnectionProperties::default()).await;
    let probes = [without_prelude::probe(&lasting), without_prelude::probe(&plain)];
    for probe in &probes {
        assert_is(probe, Status::Pass, "", [true, true]).await;
    }

    let before = (broker.control(&["list_queues"]), broker.control(&["list_exchanges"]));
    for _ in 0..1_000 {
        let outcome = probes[1].observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    }
    broker.server.freeze();
    let impatient = probes[0].clone().timeout(Duration::from_millis(50));
    for _ in 0..10 {
        assert_eq!(impatient.observe().await.status(), Status::Fail);
    }
    assert_is(&probes[0], Status::Fail, "no answer came within 1.8s", [false, false]).await;
    broker.server.thaw();
    assert_becomes(&probes[0], Status::Pass).await;
    assert_eq!(broker.control(&["list_channels"]), "", "a channel is left");
    assert_eq!((broker.control(&["list_queues"]), broker.control(&["list_exchanges"])), before);

    // An alarm blocks a connection that publishes.
    let limit = |limit: &str| broker.control(&["set_vm_memory_high_watermark", limit]);
    limit("0");
    let channel = lasting.create_channel().await.expect("a channel");
    let publish = channel.basic_publish(
        "".into(),
        "nowhere".into(),
        BasicPublishOptions::default(),
        b"order",
        BasicProperties::default(),
    );
    publish.await.expect("a message");
    assert_becomes(&probes[0], Status::Warn).await;
    assert_is(&probes[0], Status::Warn, "publishers are blocked", [true, false]).await;
    assert_is(&probes[0].clone().blocked_as(Status::Fail), Status::Fail, "publishers are blocked", [true, false]).await;
    assert_is(&probes[1], Status::Pass, "", [true, true]).await;
    limit("0.4");
    assert_becomes(&probes[0], Status::Pass).await;

    broker.server.stop();
    assert_becomes(&probes[0], Status::Fail).await;
    assert_becomes(&probes[1], Status::Fail).await;
    assert_is(&probes[0], Status::Fail, "connecting", [false, false]).await;
    assert_is(&probes[1], Status::Fail, "the client is disconnected by an error", [false, false]).await;
    broker.server.start();
    assert_becomes(&probes[0], Status::Pass).await;
    assert_is(&probes[1], Status::Fail, "the client is disconnected by an error", [false, false]).await;
}
