//! `probes::redis` through five clients, in two versions of the crate `redis`, on Redis and on Valkey.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use deadpool_redis::sentinel::{SentinelNodeConnectionInfo, SentinelServerType};
use fred::{
    clients::Client,
    interfaces::ClientLike,
    types::{RespVersion, config::Config},
};
use health_drivers::{CANARY, Clients, Server, TIMEOUT, WRITEABLE, assert, assert_facts, eventually, observe};
use health_runtime::{
    Status, ask,
    probes::{self, Asking, DatabaseProbe, DatabaseState},
};

fn url(user: &str, password: &str, port: u16) -> String {
    format!("redis://{user}:{password}@127.0.0.1:{port}/")
}

async fn manager(url: String) -> redis::aio::ConnectionManager {
    let client = redis::Client::open(url).expect("a URL");
    client.get_connection_manager().await.expect("a connection")
}

async fn probe(url: String) -> DatabaseProbe {
    probes::redis(ask!(redis: manager(url).await)).timeout(TIMEOUT)
}

async fn probe_of_0(url: String) -> DatabaseProbe {
    probes::redis(ask!(redis as redis0: manager_of_0(url).await))
}

async fn manager_of_0(url: String) -> redis0::aio::ConnectionManager {
    let client = redis0::Client::open(url).expect("a URL");
    // Its own delays grow up to minutes.
    let config = redis0::aio::ConnectionManagerConfig::new().set_max_delay(500).set_connection_timeout(TIMEOUT);
    client.get_connection_manager_with_config(config).await.expect("a connection")
}

fn deadpool(url: &str) -> deadpool_redis::Pool {
    let manager = deadpool_redis::Manager::new(url).expect("a URL");
    deadpool_redis::Pool::builder(manager).max_size(2).build().expect("a pool")
}

fn bb8(url: &str) -> bb8_redis::bb8::Pool<bb8_redis::RedisConnectionManager> {
    let manager = bb8_redis::RedisConnectionManager::new(url).expect("a URL");
    bb8_redis::bb8::Pool::builder().max_size(2).build_unchecked(manager)
}

async fn fred(url: &str) -> Client {
    fred_with(Config::from_url(url).expect("a URL")).await
}

async fn fred_with(config: Config) -> Client {
    let policy = fred::types::config::ReconnectPolicy::new_constant(0, 100);
    let client = Client::new(config, None, None, Some(policy));
    client.init().await.expect("a connection");
    client
}

async fn clients(port: u16) -> Clients {
    let url = url("default", CANARY, port);
    Clients::new([
        ("redis 1", probe(url.clone()).await),
        ("redis 0.32", probe_of_0(url.clone()).await),
        ("deadpool", probes::redis(ask!(deadpool_redis: deadpool(&url)))),
        ("fred", probes::redis(ask!(fred: fred(&url).await))),
        ("bb8", probes::redis(ask!(bb8_redis: bb8(&url)))),
    ])
}

/// Returns the text in the answer.
async fn command(server: &Server, command: &str) -> String {
    fn text_of(value: redis::Value) -> String {
        match value {
            redis::Value::Array(values) => values.into_iter().map(text_of).collect::<Vec<_>>().join(" "),
            value => redis::from_redis_value(value).unwrap_or_default(),
        }
    }
    let mut manager = manager(url("default", CANARY, server.port)).await;
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().expect("a command"));
    words.for_each(|word| {
        command.arg(word);
    });
    text_of(command.query_async(&mut manager).await.expect("an answer"))
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn states_of_redis_are_told_apart() {
    assert_states(Server::redis(false)).await;
}

#[tokio::test]
#[ignore = "needs Valkey: scripts/peers"]
async fn states_of_valkey_are_told_apart() {
    assert_states(Server::valkey()).await;
}

async fn assert_states(mut server: Server) {
    let wrong = url("default", "wrong", server.port);
    let pools = [
        ("deadpool", probes::redis(ask!(deadpool_redis: deadpool(&wrong)))),
        ("bb8", probes::redis(ask!(bb8_redis: bb8(&wrong)))),
    ];
    let refused = ["WRONGPASS", "authentication failed", "no connection could be opened within 1s"];
    Clients::new(pools).assert("wrong password", Status::Fail, &refused).await;

    let clients = clients(server.port).await;
    clients.assert("up", Status::Pass, &[]).await;
    // A replica of a server that does not exist, and one that refuses to answer without it.
    command(&server, "REPLICAOF 127.0.0.1 1").await;
    clients.assert("without its primary", Status::Fail, &["it is a replica without its primary"]).await;
    command(&server, "CONFIG SET replica-serve-stale-data no").await;
    // bb8 tests a connection by a PING, and keeps the reason of the failure to itself.
    let bb8 = ["no connection could be opened", "no answer came to the pool's test of an idle connection"];
    let texts = ["MASTERDOWN", bb8[0], bb8[1]];
    clients.assert("without its data", Status::Fail, &texts).await;
    command(&server, "REPLICAOF NO ONE").await;

    let frozen = [
        "timed out",
        "no answer came within 1.8s",
        "no answer came to the pool's test of an idle connection within 1s",
        "no connection could be opened within 1s",
    ];
    // The client may wait between its attempts to connect, so the reason may be an earlier one.
    let ended = [
        "refused",
        "roken pipe",
        "reset",
        "terminated",
        "closed",
        "not connected",
        "no connection could be opened",
        "no answer",
    ];
    clients.assert_outages(&mut server, &frozen, &ended).await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn client_that_keeps_commands_reports_its_lost_connection() {
    let mut server = Server::redis(false);
    let probe = probes::redis(ask!(fred: fred(&url("default", CANARY, server.port)).await)).timeout(TIMEOUT);
    assert(&probe, Status::Pass, "").await;
    server.stop();
    // The run in which it loses the connection has no answer.
    assert(&probe, Status::Fail, "").await;
    assert(&probe, Status::Fail, "the client is not connected to the server").await;
    server.start();
    eventually(&probe, Status::Pass, "").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn connection_that_was_closed_while_idle_is_not_an_outage() {
    let server = Server::redis(false);
    let clients = clients(server.port).await;
    clients.assert("up", Status::Pass, &[]).await;
    command(&server, "CLIENT KILL TYPE normal SKIPME yes").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    clients.assert("closed while idle", Status::Pass, &[]).await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn pool_in_use_is_exhausted() {
    let server = Server::redis(false);
    let url = url("default", CANARY, server.port);
    let text = "the pool is exhausted: its 2 connections are in use";
    let pool = deadpool(&url);
    let probe = probes::redis(ask!(deadpool_redis: pool)).timeout(TIMEOUT);
    let held = [pool.get().await.expect("a connection"), pool.get().await.expect("a connection")];
    assert(&probe, Status::Warn, text).await;
    drop(held);
    assert(&probe, Status::Pass, "").await;
    let pool = bb8(&url);
    let probe = probes::redis(ask!(bb8_redis: pool)).timeout(TIMEOUT);
    let held = [pool.get().await.expect("a connection"), pool.get().await.expect("a connection")];
    assert(&probe, Status::Warn, text).await;
    drop(held);
    assert(&probe, Status::Pass, "").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn write_on_request_detects_what_a_ping_does_not() {
    assert_writes(&Server::redis(false)).await;
}

#[tokio::test]
#[ignore = "needs Redis and Valkey: scripts/peers"]
async fn write_on_request_detects_what_a_ping_of_valkey_does_not() {
    assert_writes(&Server::valkey()).await;
}

async fn assert_writes(server: &Server) {
    let reading = clients(server.port).await;
    let writing = clients(server.port).await.map(|probe| probe.write_key("health:probe"));
    writing.assert("up", Status::Pass, &[]).await;
    assert_eq!(command(server, "GET health:probe").await, "health_runtime");
    assert!((1..=10_000).contains(&command(server, "PTTL health:probe").await.parse().expect("milliseconds")));

    command(server, "CONFIG SET min-replicas-to-write 1").await;
    reading.assert("too few replicas", Status::Pass, &[]).await;
    writing.assert("too few replicas", Status::Fail, &["a write fails: NOREPLICAS", "NOREPLICAS"]).await;
    command(server, "CONFIG SET min-replicas-to-write 0").await;
    command(server, "CONFIG SET maxmemory 1").await;
    writing.assert("out of memory", Status::Fail, &["OOM"]).await;
    command(server, "CONFIG SET maxmemory 0").await;
    writing.assert("up again", Status::Pass, &[]).await;

    // A user that may not ask for the role learns it from the write.
    command(server, &format!("ACL SETUSER weak on >{CANARY} +ping +client +hello +set ~health:*")).await;
    let weak = probe(url("weak", CANARY, server.port)).await.write_key("health:probe");
    assert(&weak, Status::Pass, "").await;
    assert!(observe(&weak).await.data().is_some_and(|data| data["is_db_writeable"] == true));
    let primary = Server::redis(false);
    command(server, &format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
    assert(&weak, Status::Fail, "it is a replica, which refuses the write").await;
    assert(&weak.read_only_as(Status::Pass), Status::Pass, "").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn sentinel_leads_to_the_new_primary() {
    let mut primary = Server::redis(false);
    let replica = Server::redis(false);
    command(&replica, &format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
    eventually(&probe(url("default", CANARY, replica.port)).await.read_only_as(Status::Pass), Status::Pass, "").await;
    let sentinel = primary.redis_sentinel();
    let address = url("default", CANARY, sentinel.port);
    assert(&probe(address.clone()).await, Status::Fail, "it is a sentinel").await;

    let node = SentinelNodeConnectionInfo {
        redis_connection_info: Some(deadpool_redis::RedisConnectionInfo {
            password: Some(CANARY.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let servers = vec![address];
    let manager =
        deadpool_redis::sentinel::Manager::new(servers, "main".to_owned(), Some(node), SentinelServerType::Master)
            .expect("an address");
    let pool = deadpool_redis::sentinel::Pool::builder(manager).max_size(2).build().expect("a pool");
    let probe = probes::redis(ask!(deadpool_redis: pool)).timeout(TIMEOUT).write_key("health:probe");
    eventually(&probe, Status::Pass, "").await;
    // It learns of replicas from the primary, every ten seconds.
    for _ in 0..60 {
        let known = command(&sentinel, "SENTINEL REPLICAS main").await;
        if known.contains(&replica.port.to_string()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    primary.stop();
    eventually(&probe, Status::Fail, "").await;
    eventually(&probe, Status::Pass, "").await;
    assert!(command(&replica, "ROLE").await.starts_with("master"));
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn replica_is_read_only() {
    let primary = Server::redis(false);
    let replica = Server::redis(false);
    let probe = probe(url("default", CANARY, replica.port)).await;
    command(&replica, &format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
    let reading = probe.clone().read_only_as(Status::Pass);
    eventually(&reading, Status::Pass, "").await;
    assert(&probe, Status::Fail, "it is a replica, and takes no writes").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn user_without_rights_is_enough() {
    let server = Server::redis(false);
    command(&server, &format!("ACL SETUSER weak on >{CANARY} +ping +client +hello")).await;
    let client = redis::Client::open(url("weak", CANARY, server.port)).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let outcome = probes::redis(ask!(redis: connection)).observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    assert!(outcome.data().is_some_and(|data| data["is_db_writeable"].is_null()), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn incomplete_cluster_takes_no_writes() {
    let server = Server::redis(true);
    let probe = probe(url("default", CANARY, server.port)).await;
    assert(&probe, Status::Fail, "cluster_state:fail").await;
    command(&server, "CLUSTER ADDSLOTSRANGE 0 16383").await;
    eventually(&probe, Status::Pass, "").await;
    let client = redis::cluster::ClusterClient::new([url("default", CANARY, server.port)]).expect("a URL");
    let cluster = client.get_async_connection().await.expect("a connection");
    assert(&probes::redis(ask!(redis: cluster)).timeout(TIMEOUT), Status::Pass, "").await;
    let cluster = format!("redis-cluster://default:{CANARY}@127.0.0.1:{}", server.port);
    let probe = probes::redis(ask!(fred: fred(&cluster).await)).timeout(TIMEOUT).write_key("health:probe");
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
    command(&server, "CLUSTER DELSLOTSRANGE 0 100").await;
    eventually(&probe, Status::Fail, "cluster_state:fail").await;
    drop(server);
    eventually(&probe, Status::Fail, "the client is not connected to the server").await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/peers"]
async fn answers_are_the_same_text_in_both_versions_of_the_protocol() {
    let server = Server::redis(false);
    for write in ["SADD colours red", "ZADD scores 1.5 red", "HSET hash key value"] {
        command(&server, write).await;
    }
    let plain = url("default", CANARY, server.port);
    let third = format!("{plain}?protocol=resp3");
    let mut of_fred = Config::from_url(&plain).expect("a URL");
    of_fred.version = RespVersion::RESP3;
    for ask in [
        ask!(redis: manager(plain.clone()).await),
        ask!(redis: manager(third.clone()).await),
        ask!(redis as redis0: manager_of_0(plain.clone()).await),
        ask!(redis as redis0: manager_of_0(third).await),
        ask!(fred: fred(&plain).await),
        ask!(fred: fred_with(of_fred).await),
    ] {
        let probe = probes::database(ask, |redis: Asking| async move {
            let mut answers = Vec::new();
            for statement in
                ["SMEMBERS colours", "ZSCORE scores red", "HGETALL hash", "EXISTS none", "PING", "GET none"]
            {
                answers.push(redis.ask(statement).await?);
            }
            Ok(DatabaseState::ReadOnly(answers.join("|")))
        });
        assert(&probe.timeout(TIMEOUT), Status::Fail, "red|1.5|key\nvalue|0|PONG|").await;
    }
}
