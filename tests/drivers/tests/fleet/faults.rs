//! Faults of a store, and of the network between it and an instance.

use health_drivers::{Proxy, Server};
use health_runtime::FleetRole;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    client::{Client, KEY, start_server},
    instances::{AcceptedResults, INTERVAL, Instances},
};

/// Takes a store through its faults.
async fn assert_faults(store: &str) {
    let mut server = start_server(store);
    let port = server.port;
    let instances = Instances::of(store, port, 3).await;
    let client = Client::connect(store, port).await;
    let state = |state: &str| format!("{store}, {state}");
    instances.eventually_shared(&state("start")).await;
    instances.assert_one_run_per_interval(&state("no fault")).await;

    for text in ["", "{}", "42", "{\"run\":1,\"done\":{\"token\":1,\"checked_by\":\"\\u001b[2J\"}}"] {
        client.poison(text.as_bytes()).await;
        sleep(INTERVAL * 4).await;
        let entry = client.entry().await.expect("an entry");
        assert!(entry.contains("\"checked_by\":\"pod-") && entry.contains("\"status\":\"pass\""), "{store}: {entry}");
    }
    instances.eventually_shared(&state("poisoned")).await;

    // A partition: connections stay open, and nothing answers.
    server.freeze();
    instances.eventually_alone(&state("frozen")).await;
    server.thaw();
    instances.eventually_shared(&state("thawed")).await;

    server.stop();
    instances.eventually_alone(&state("killed")).await;
    // A minute and more, in the proportion to the interval.
    let (runs, began) = (instances.runs(), Instant::now());
    sleep(INTERVAL * 10).await;
    let (runs, intervals) = (instances.runs() - runs, began.elapsed().as_secs() + 1);
    println!("{store}, gone: {runs} runs of 3 instances in {intervals} intervals");
    assert!(runs >= 3 * 4 && runs <= 3 * (intervals + 1), "{store}: {runs} runs in {intervals} intervals");
    server.start();
    instances.eventually_shared(&state("started again")).await;
    instances.assert_one_run_per_interval(&state("after the faults")).await;
    assert_eq!(Client::connect(store, port).await.keys().await, [KEY]);
    assert!(!server.log().contains("pod-0"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn faults_of_redis_leave_instances_alone() {
    assert_faults("redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn faults_of_nats_leave_instances_alone() {
    assert_faults("nats").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn faults_of_postgres_leave_instances_alone() {
    assert_faults("postgres").await;
}

/// Cuts one of three instances off from the store, in turns the one that is behind the proxy and leads, or does not.
async fn assert_partition(store: &str) {
    let server = start_server(store);
    let proxy = Proxy::start(server.port).await;
    let near = Instances::of(store, server.port, 2).await;
    let far = Instances::of(store, proxy.port, 1).await;
    let state = |state: &str| format!("{store}, {state}");
    near.eventually_shared(&state("near, start")).await;
    far.eventually_shared(&state("far, start")).await;

    let accepted = AcceptedResults::watch(Client::connect(store, server.port).await);
    proxy.cut(true);
    far.eventually_alone(&state("far, cut off")).await;
    near.assert_one_run_per_interval(&state("near, without it")).await;
    far.assert_one_run_per_interval(&state("far, alone")).await;
    near.eventually_shared(&state("near, meanwhile")).await;

    proxy.cut(false);
    far.eventually_shared(&state("far, healed")).await;
    near.eventually_shared(&state("near, healed")).await;
    let (before, began) = (near.runs() + far.runs(), Instant::now());
    sleep(INTERVAL * 10).await;
    let (runs, intervals) = (near.runs() + far.runs() - before, began.elapsed().as_secs() + 1);
    println!("{store}, healed: {runs} runs of 3 instances in {intervals} intervals");
    assert!(runs >= 4 && runs <= intervals + 2, "{store}: {runs} runs in {intervals} intervals");
    accepted.assert_one_per_interval(&state("all the time"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn partition_from_redis_leaves_one_instance_alone() {
    assert_partition("redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn partition_from_nats_leaves_one_instance_alone() {
    assert_partition("nats").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn partition_from_postgres_leaves_one_instance_alone() {
    assert_partition("postgres").await;
}

/// The entry is as long as the store lets it be. No instance fetches more of it than it needs to refuse it.
async fn assert_lengthy_entry(store: &str) {
    let server = start_server(store);
    let client = Client::connect(store, server.port).await;
    client.make_bucket().await;
    let proxy = Proxy::start(server.port).await;
    let instances = Instances::of(store, proxy.port, 3).await;
    instances.eventually_shared(&format!("{store}, start")).await;
    for poison in ["\u{e4}", "long", "not UTF-8"] {
        let bytes = proxy.answered_bytes();
        match poison {
            "long" => client.fill().await,
            "not UTF-8" => client.poison(b"\xff\xfe").await,
            text => client.poison(text.as_bytes()).await,
        }
        let began = Instant::now();
        while !client.entry().await.is_some_and(|entry| entry.contains("\"checked_by\":\"pod-")) {
            assert!(began.elapsed() < INTERVAL * 20, "{store}, {poison}: the entry is not replaced");
            sleep(Duration::from_millis(100)).await;
        }
        let fetched = proxy.answered_bytes() - bytes;
        println!("{store}, {poison}: replaced after {:?}, {fetched} bytes fetched", began.elapsed());
        // Each instance reads it twice or thrice. A message of NATS has at most 1 MiB, and is read once more to compare it.
        let limit = if store == "nats" { 16 << 20 } else { 3 << 20 };
        assert!(fetched < limit, "{store}, {poison}: {fetched} bytes");
        instances.eventually(&format!("{store}, {poison}"), |role| role != FleetRole::Alone).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn lengthy_entry_of_redis_is_not_fetched() {
    assert_lengthy_entry("redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn lengthy_entry_of_nats_is_replaced() {
    assert_lengthy_entry("nats").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn lengthy_entry_of_postgres_is_not_fetched() {
    assert_lengthy_entry("postgres").await;
}

/// The bucket that an instance creates refuses long values, and is made again in a server that has lost its files.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn bucket_of_nats_is_created_with_a_limit() {
    let mut server = Server::nats_with_jetstream();
    let instances = Instances::of("nats", server.port, 2).await;
    instances.eventually_shared("nats, start").await;
    let Client::Nats(context) = Client::connect("nats", server.port).await else { return };
    let bucket = context.get_key_value("health").await.expect("a bucket");
    let refused = bucket.put(KEY, vec![b'x'; 200 << 10].into()).await.expect_err("too long");
    assert!(format!("{refused:?}").contains("message size exceeds maximum allowed"), "{refused:?}");

    server.stop();
    std::fs::remove_dir_all(server.folder().join("jetstream")).expect("its files");
    server.start();
    sleep(INTERVAL * 4).await;
    instances.eventually_shared("nats, with a new bucket").await;
    assert_eq!(Client::connect("nats", server.port).await.keys().await, [KEY]);
    instances.assert_one_run_per_interval("nats, with a new bucket").await;
}

/// A client without a connection keeps what it is asked, and sends it when it has one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn server_of_nats_that_comes_back_gets_no_old_requests() {
    let mut server = Server::nats_with_jetstream();
    let client = Client::connect("nats", server.port).await;
    let instances = Instances::start((0..20).map(|_| client.fleet()).collect());
    instances.eventually_shared("nats, start").await;
    server.stop();
    instances.eventually_alone("nats, gone").await;
    sleep(INTERVAL * 20).await;
    server.start();
    let began = Instant::now();
    while server.nats_messages() == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    // Each instance opens the bucket and reads twice in an interval.
    sleep(INTERVAL / 2).await;
    let messages = server.nats_messages();
    println!("nats, back: {messages} messages of 20 instances, {:?} after its start", began.elapsed());
    assert!(messages <= 20 * 6, "{messages} messages");
    instances.eventually_shared("nats, back").await;
}
