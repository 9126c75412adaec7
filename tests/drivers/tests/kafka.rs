//! `probes::kafka` through rdkafka, on a stand-in: the mock brokers of librdkafka, which speak the protocol over TCP.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_drivers::{OFFLINE, READ_ONLY, TIMEOUT, WRITEABLE, assert_facts, eventually};
use health_runtime::Status;
use rdkafka::{ClientConfig, consumer::BaseConsumer, mocking::MockCluster, producer::FutureProducer};
use tokio::runtime::Runtime;

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, BrokerProbe},
    };
    use ::rdkafka::{self as kafka};

    pub(super) fn by_consumer(consumer: &::std::sync::Arc<kafka::consumer::BaseConsumer>, topic: &str) -> BrokerProbe {
        probes::kafka(ask!(rdkafka: consumer, topic: topic)).timeout(::health_drivers::TIMEOUT)
    }

    pub(super) fn by_producer(producer: &kafka::producer::FutureProducer) -> BrokerProbe {
        probes::kafka(ask!(rdkafka as kafka: producer, topic: "orders")).timeout(::health_drivers::TIMEOUT)
    }
}

fn config(servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    // Their defaults are seconds, which the test would wait for.
    config.set("bootstrap.servers", servers).set("reconnect.backoff.max.ms", "200");
    config
}

fn consumer(servers: &str) -> Arc<BaseConsumer> {
    Arc::new(config(servers).set("group.id", "health").create().expect("a consumer"))
}

#[test]
fn states_of_mock_brokers_are_told_apart() {
    let cluster = MockCluster::new(2).expect("brokers");
    cluster.create_topic("orders", 3, 2).expect("a topic");
    let servers = cluster.bootstrap_servers();
    let consumer = consumer(&servers);
    let producer: FutureProducer = config(&servers).create().expect("a producer");
    let probe = without_prelude::by_consumer(&consumer, "orders");

    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
        assert_facts(&without_prelude::by_producer(&producer), Status::Pass, "", WRITEABLE).await;

        cluster.partition_leader("orders", 1, None).expect("a change");
        let text = "1 of 3 partitions of topic `orders` have no leader: 1";
        assert_facts(&probe, Status::Fail, text, READ_ONLY).await;
        assert_facts(&probe.clone().blocked_as(Status::Warn), Status::Warn, text, READ_ONLY).await;
        cluster.partition_leader("orders", 1, Some(1)).expect("a change");
        assert_facts(&probe, Status::Pass, "", WRITEABLE).await;

        let missing = without_prelude::by_consumer(&consumer, "payments");
        assert_facts(&missing, Status::Fail, "topic `payments`: UnknownTopic", OFFLINE).await;

        let all = [1, 2];
        let delay = |delay| all.map(|broker| cluster.broker_round_trip_time(broker, delay).expect("a change"));
        delay(Duration::from_secs(5));
        assert_facts(&probe, Status::Fail, "Timed out", OFFLINE).await;
        delay(Duration::ZERO);
        eventually(&probe, Status::Pass, "").await;

        let _ = all.map(|broker| cluster.broker_down(broker).expect("a change"));
        eventually(&probe, Status::Fail, "").await;
        assert_facts(&probe, Status::Fail, "Broker transport failure", OFFLINE).await;
        // A run that is dropped leaves no thread that blocks for longer than the run would have.
        let _ = tokio::time::timeout(Duration::from_millis(50), probe.observe()).await;
    });
    let start = std::time::Instant::now();
    // Waits for the blocking pool.
    drop(runtime);
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());

    Runtime::new().expect("a runtime").block_on(async {
        let _ = [1, 2].map(|broker| cluster.broker_up(broker).expect("a change"));
        eventually(&probe, Status::Pass, "").await;
    });
}
