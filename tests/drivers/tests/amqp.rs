//! `probes::amqp` through lapin on a real `RabbitMQ`.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_drivers::{CANARY, OFFLINE, READ_ONLY, RabbitMq, WRITEABLE, assert_facts, eventually};
use health_runtime::Status;
use lapin::{BasicProperties, Connection, ConnectionProperties, options::BasicPublishOptions};

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, BrokerProbe},
    };
    use ::lapin;

    pub(super) fn probe(connection: &::std::sync::Arc<lapin::Connection>) -> BrokerProbe {
        probes::amqp(ask!(lapin: connection)).timeout(::health_drivers::TIMEOUT)
    }
}

async fn connect(broker: &RabbitMq, properties: ConnectionProperties) -> Arc<Connection> {
    let url = format!("amqp://app:{CANARY}@127.0.0.1:{}/%2f", broker.server.port);
    Arc::new(Connection::connect(&url, properties).await.expect("a connection"))
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
        assert_facts(probe, Status::Pass, "", WRITEABLE).await;
    }

    broker.server.freeze();
    let impatient = probes[0].clone().timeout(Duration::from_millis(50));
    for _ in 0..10 {
        assert_eq!(impatient.observe().await.status(), Status::Fail);
    }
    assert_facts(&probes[0], Status::Fail, "no answer came within 1.8s", OFFLINE).await;
    broker.server.thaw();
    eventually(&probes[0], Status::Pass, "").await;
    assert_eq!(broker.control(&["list_channels"]), "", "a channel is left");

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
    eventually(&probes[0], Status::Warn, "").await;
    assert_facts(&probes[0], Status::Warn, "publishers are blocked", READ_ONLY).await;
    assert_facts(&probes[0].clone().blocked_as(Status::Fail), Status::Fail, "publishers are blocked", READ_ONLY).await;
    assert_facts(&probes[1], Status::Pass, "", WRITEABLE).await;
    limit("0.4");
    eventually(&probes[0], Status::Pass, "").await;

    broker.server.stop();
    eventually(&probes[0], Status::Fail, "").await;
    eventually(&probes[1], Status::Fail, "").await;
    assert_facts(&probes[0], Status::Fail, "connecting", OFFLINE).await;
    assert_facts(&probes[1], Status::Fail, "the client is disconnected by an error", OFFLINE).await;
    broker.server.start();
    eventually(&probes[0], Status::Pass, "").await;
    assert_facts(&probes[1], Status::Fail, "the client is disconnected by an error", OFFLINE).await;
}
