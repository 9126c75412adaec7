//! Ten thousand runs of each probe of a broker. A process of its own, because its memory is measured.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_drivers::{CANARY, RabbitMq, Server, TIMEOUT, assert_flat};
use health_runtime::{ask, probes};
use lapin::{Connection, ConnectionProperties};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
};

#[tokio::test]
#[ignore = "needs RabbitMQ and NATS: scripts/peers"]
async fn ten_thousand_runs_leave_nothing_behind() {
    let server = Server::nats();
    let options = async_nats::ConnectOptions::with_user_and_password("app".to_owned(), CANARY.to_owned());
    let client = options.connect(format!("127.0.0.1:{}", server.port)).await.expect("a connection");
    let contents = async || {
        // The server learns of an end a moment later.
        tokio::time::sleep(Duration::from_millis(100)).await;
        format!("{:?}", server.nats_counts())
    };
    assert_flat("NATS", &[server.port], &probes::nats(ask!(async_nats: client)), contents).await;

    let broker = RabbitMq::start();
    let port = broker.server.port;
    let url = format!("amqp://app:{CANARY}@127.0.0.1:{port}/%2f");
    let connection = Arc::new(Connection::connect(&url, ConnectionProperties::default()).await.expect("a connection"));
    let contents = async || {
        let lists = [
            ["list_connections", "pid", "channels"].as_slice(),
            &["list_channels"],
            &["list_queues"],
            &["list_exchanges"],
        ];
        lists.map(|list| broker.control(list)).join("\n")
    };
    assert_flat("RabbitMQ", &[port], &probes::amqp(ask!(lapin: connection)), contents).await;

    // A stand-in, which is a part of this process: its memory and its descriptors are flat as well.
    let cluster = MockCluster::new(2).expect("brokers");
    cluster.create_topic("orders", 3, 2).expect("a topic");
    let servers = cluster.bootstrap_servers();
    let ports: Vec<u16> = servers.split(',').filter_map(|address| address.rsplit(':').next()?.parse().ok()).collect();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &servers).set("group.id", "health");
    let consumer: Arc<BaseConsumer> = Arc::new(config.create().expect("a consumer"));
    let contents = async || {
        let metadata = consumer.fetch_metadata(None, TIMEOUT).expect("metadata");
        metadata.topics().iter().map(|topic| format!("{} {}", topic.name(), topic.partitions().len())).collect()
    };
    assert_flat("Kafka", &ports, &probes::kafka(ask!(rdkafka: consumer, topic: "orders")), contents).await;
}
