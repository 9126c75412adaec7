//! `probes::amqp` through lapin on a real `RabbitMQ`.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_drivers::{Breaker, CANARY, OFFLINE, READ_ONLY, RabbitMq, WRITEABLE, assert_facts, eventually};
use health_runtime::Status;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, options::BasicPublishOptions};
use tokio::{
    spawn,
    time::{sleep, timeout},
};

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

async fn connect(port: u16, properties: ConnectionProperties) -> Arc<Connection> {
    let url = format!("amqp://app:{CANARY}@127.0.0.1:{port}/%2f");
    Arc::new(Connection::connect(&url, properties).await.expect("a connection"))
}

fn count_channels(broker: &RabbitMq) -> usize {
    broker.control(&["list_channels", "--no-table-headers"]).lines().count()
}

async fn publish(channel: &Channel) -> lapin::Result<()> {
    let options = BasicPublishOptions::default();
    channel.basic_publish("".into(), "nowhere".into(), options, b"order", BasicProperties::default()).await?.await?;
    Ok(())
}

/// Breaks the connection of a program whose probe runs all the time. A probe that opened a channel in each run kept lapin from
/// restoring those of the program, in one of seven breaks.
async fn program_gets_its_channels_back(broker: &RabbitMq) {
    let breaker = Breaker::start(broker.server.port).await;
    let connection = connect(breaker.port, ConnectionProperties::default().enable_auto_recover()).await;
    let channel = connection.create_channel().await.expect("a channel");
    let probe = without_prelude::probe(&connection);
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
    let channels = count_channels(broker);
    for after in 0..15 {
        let busy = probe.clone();
        let busy = spawn(async move {
            loop {
                busy.observe().await;
                sleep(Duration::from_millis(1)).await;
            }
        });
        sleep(Duration::from_micros(500 * after)).await;
        breaker.break_connections();
        eventually(&probe, Status::Fail, "").await;
        eventually(&probe, Status::Pass, "").await;
        let restored = timeout(Duration::from_secs(30), async {
            // Lapin restores one channel after the other.
            while publish(&channel).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        });
        restored.await.expect("lapin restores the channel of the program");
        busy.abort();
    }
    assert_eq!(count_channels(broker), channels, "a channel is left");
}

// One server for all, because its start takes seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs RabbitMQ: scripts/peers"]
async fn states_of_a_broker_are_told_apart() {
    let mut broker = RabbitMq::start();
    let lasting = connect(broker.server.port, ConnectionProperties::default().enable_auto_recover()).await;
    let plain = connect(broker.server.port, ConnectionProperties::default()).await;
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
    assert_eq!(count_channels(&broker), probes.len(), "each probe keeps one");

    // An alarm blocks a connection that publishes.
    let limit = |limit: &str| broker.control(&["set_vm_memory_high_watermark", limit]);
    limit("0");
    let channel = lasting.create_channel().await.expect("a channel");
    publish(&channel).await.expect("a message");
    eventually(&probes[0], Status::Warn, "").await;
    assert_facts(&probes[0], Status::Warn, "publishers are blocked", READ_ONLY).await;
    assert_facts(&probes[0].clone().blocked_as(Status::Fail), Status::Fail, "publishers are blocked", READ_ONLY).await;
    assert_facts(&probes[1], Status::Pass, "", WRITEABLE).await;
    limit("0.4");
    eventually(&probes[0], Status::Pass, "").await;

    program_gets_its_channels_back(&broker).await;

    broker.server.stop();
    eventually(&probes[0], Status::Fail, "").await;
    eventually(&probes[1], Status::Fail, "").await;
    assert_facts(&probes[0], Status::Fail, "connecting", OFFLINE).await;
    assert_facts(&probes[1], Status::Fail, "the client is disconnected by an error", OFFLINE).await;
    broker.server.start();
    eventually(&probes[0], Status::Pass, "").await;
    assert_facts(&probes[1], Status::Fail, "the client is disconnected by an error", OFFLINE).await;
}
