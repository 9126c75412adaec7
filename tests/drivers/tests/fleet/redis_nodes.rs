//! Redis of several nodes: a cluster, and a failover by Sentinel.

use std::time::Duration;

use deadpool_redis::sentinel::{Manager, Pool, SentinelNodeConnectionInfo, SentinelServerType};
use health_drivers::{CANARY, Server};
use health_runtime::{Fleet, ask};
use tokio::time::sleep;

use crate::{
    client::{Client, redis_url},
    clients::assert_clients,
    instances::{AcceptedResults, INTERVAL, Instances},
};

/// Returns the answer to a command, as Rust shows it.
async fn command(server: &Server, command: &str) -> String {
    let client = redis::Client::open(redis_url(server.port)).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().expect("a command"));
    words.for_each(|word| {
        command.arg(word);
    });
    format!("{:?}", command.query_async::<redis::Value>(&mut connection).await.expect("an answer"))
}

/// Waits until the answer to a command contains a text.
async fn eventually(server: &Server, text: &str, wanted: &str) {
    for _ in 0..120 {
        if command(server, text).await.contains(wanted) {
            return;
        }
        sleep(Duration::from_millis(250)).await;
    }
    panic!("{text}: {}", command(server, text).await);
}

/// The keys of the fleets are in slots of both nodes, and so each script runs where its key is.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn cluster_of_redis_serves_every_key() {
    let nodes = [Server::redis(true), Server::redis(true)];
    command(&nodes[0], "CLUSTER ADDSLOTSRANGE 0 8191").await;
    command(&nodes[1], "CLUSTER ADDSLOTSRANGE 8192 16383").await;
    let bus = command(&nodes[1], "CONFIG GET cluster-port").await;
    let bus: String = bus.rsplit("cluster-port").next().expect("a port").chars().filter(char::is_ascii_digit).collect();
    command(&nodes[0], &format!("CLUSTER MEET 127.0.0.1 {} {bus}", nodes[1].port)).await;
    for node in &nodes {
        eventually(node, "CLUSTER INFO", "cluster_state:ok").await;
    }
    let client = redis::cluster::ClusterClient::new([redis_url(nodes[0].port)]).expect("a URL");
    let cluster = client.get_async_connection().await.expect("a connection");
    let config = format!("redis-cluster://:{CANARY}@127.0.0.1:{}", nodes[0].port);
    let config = fred::types::config::Config::from_url(&config).expect("a URL");
    let fred = fred::clients::Client::new(config, None, None, None);
    fred::interfaces::ClientLike::init(&fred).await.expect("a connection");
    assert_clients("cluster", [ask!(redis: cluster), ask!(fred: fred)], |name, ask| Fleet::redis(name, ask)).await;
    for node in &nodes {
        let keys = command(node, "KEYS *").await;
        assert!(keys.contains("health.v1."), "{keys}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn failover_by_sentinel_keeps_one_run() {
    let mut primary = Server::redis(false);
    let replica = Server::redis(false);
    command(&replica, &format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
    eventually(&replica, "INFO replication", "master_link_status:up").await;
    let sentinel = primary.redis_sentinel();
    let fleet = || {
        let password = Some(CANARY.to_owned());
        let node = deadpool_redis::RedisConnectionInfo { password, ..Default::default() };
        let node = SentinelNodeConnectionInfo { redis_connection_info: Some(node), ..Default::default() };
        let servers = vec![format!("redis://default:{CANARY}@127.0.0.1:{}/", sentinel.port)];
        let manager = Manager::new(servers, "main".to_owned(), Some(node), SentinelServerType::Master);
        let pool = Pool::builder(manager.expect("an address")).max_size(2).build().expect("a pool");
        Fleet::redis("orders", ask!(deadpool_redis: pool))
    };
    let instances = Instances::start(vec![fleet(), fleet(), fleet()]);
    instances.eventually_shared("sentinel, start").await;
    eventually(&sentinel, "SENTINEL REPLICAS main", &replica.port.to_string()).await;

    primary.stop();
    eventually(&replica, "ROLE", "master").await;
    instances.eventually_shared("sentinel, after the failover").await;
    let accepted = AcceptedResults::watch(Client::connect("redis", replica.port).await);
    sleep(INTERVAL).await;
    instances.assert_one_run_per_interval("sentinel, after the failover").await;
    instances.eventually_shared("sentinel, in the end").await;
    accepted.assert_one_per_interval("sentinel, after the failover");
}
