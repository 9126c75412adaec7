//! `probes::kafka` through rdkafka, on a stand-in: the mock brokers of librdkafka, which speak the protocol over TCP.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_runtime::{Outcome, Status, probes::BrokerProbe};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
    producer::FutureProducer,
};
use tokio::{
    runtime::Runtime,
    time::{Instant, sleep},
};

const TIMEOUT: Duration = Duration::from_secs(2);

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, BrokerProbe},
    };
    use ::rdkafka::{self, self as kafka};

    pub(super) fn by_consumer(consumer: &::std::sync::Arc<kafka::consumer::BaseConsumer>, topic: &str) -> BrokerProbe {
        probes::kafka(ask!(rdkafka: consumer, topic: topic)).timeout(super::TIMEOUT)
    }

    pub(super) fn by_producer(producer: &kafka::producer::FutureProducer) -> BrokerProbe {
        probes::kafka(ask!(rdkafka as kafka: producer, topic: "orders")).timeout(super::TIMEOUT)
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

async fn observe(probe: &BrokerProbe) -> Outcome {
    let start = Instant::now();
    let outcome = probe.observe().await;
    assert!(start.elapsed() < TIMEOUT, "{:?} {outcome:?}", start.elapsed());
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
    let end = Instant::now() + Duration::from_secs(20);
    while observe(probe).await.status() != status {
        assert!(Instant::now() < end, "{:?}", observe(probe).await);
        sleep(Duration::from_millis(50)).await;
    }
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
        assert_is(&probe, Status::Pass, "", [true, true]).await;
        assert_is(&without_prelude::by_producer(&producer), Status::Pass, "", [true, true]).await;

        cluster.partition_leader("orders", 1, None).expect("a change");
        let text = "1 of 3 partitions of topic `orders` have no leader: 1";
        assert_is(&probe, Status::Fail, text, [true, false]).await;
        assert_is(&probe.clone().blocked_as(Status::Warn), Status::Warn, text, [true, false]).await;
        cluster.partition_leader("orders", 1, Some(1)).expect("a change");
        assert_is(&probe, Status::Pass, "", [true, true]).await;

        let missing = without_prelude::by_consumer(&consumer, "payments");
        assert_is(&missing, Status::Fail, "topic `payments`: UnknownTopic", [false, false]).await;
        for _ in 0..1_000 {
            assert_eq!(probe.observe().await.status(), Status::Pass);
        }
        let topics = consumer.fetch_metadata(None, TIMEOUT).expect("metadata");
        let names: Vec<_> = topics.topics().iter().map(|topic| topic.name()).collect();
        assert_eq!(names, ["orders"], "a topic is left");

        let all = [1, 2];
        let delay = |delay| all.map(|broker| cluster.broker_round_trip_time(broker, delay).expect("a change"));
        delay(Duration::from_secs(5));
        assert_is(&probe, Status::Fail, "Timed out", [false, false]).await;
        delay(Duration::ZERO);
        assert_becomes(&probe, Status::Pass).await;

        all.map(|broker| cluster.broker_down(broker).expect("a change"));
        assert_becomes(&probe, Status::Fail).await;
        assert_is(&probe, Status::Fail, "Broker transport failure", [false, false]).await;
        // A run that is dropped leaves no thread that blocks for longer than the run would have.
        let _ = tokio::time::timeout(Duration::from_millis(50), probe.observe()).await;
    });
    let start = std::time::Instant::now();
    // Waits for the blocking pool.
    drop(runtime);
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());

    Runtime::new().expect("a runtime").block_on(async {
        [1, 2].map(|broker| cluster.broker_up(broker).expect("a change"));
        assert_becomes(&probe, Status::Pass).await;
    });
}
