//! One run for a fleet over real stores, Redis, NATS `JetStream` and PostgreSQL, with the faults of a store and of a leader.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use async_nats::{
    ConnectOptions,
    jetstream::{self, kv, stream},
};
use health_drivers::{CANARY, Server};
use health_runtime::{
    Check, CheckResult, Fleet, FleetRole, Level, Monitor, Registry, Selection, Status, ask, probes::Ask,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::time::{Instant, sleep};

const INTERVAL: Duration = Duration::from_secs(1);

/// Time after which a run in progress counts as dead: the timeout and that of the store.
const LEASE: Duration = Duration::from_secs(6);

/// Names the store, its port and the instance of a process that this test starts of itself.
const MEMBER: &str = "HEALTH_FLEET_MEMBER";

fn redis_url(port: u16) -> String {
    format!("redis://:{CANARY}@127.0.0.1:{port}")
}

async fn redis_manager(port: u16) -> redis::aio::ConnectionManager {
    let client = redis::Client::open(redis_url(port)).expect("a URL");
    client.get_connection_manager().await.expect("a connection")
}

async fn bucket(port: u16) -> kv::Store {
    let options = ConnectOptions::with_user_and_password("app".to_owned(), CANARY.to_owned());
    let client = options.connect(format!("127.0.0.1:{port}")).await.expect("a connection");
    let context = jetstream::new(client);
    // Made as by `create_key_value`, which cannot read the account of the old server that Debian has.
    let config = stream::Config {
        name: "KV_health".to_owned(),
        subjects: vec!["$KV.health.>".to_owned()],
        max_messages_per_subject: 1,
        discard: stream::DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: 1,
        ..stream::Config::default()
    };
    context.get_or_create_stream(config).await.expect("a stream");
    context.get_key_value("health").await.expect("a bucket")
}

fn postgres_url(port: u16) -> String {
    format!("postgres://app:{CANARY}@127.0.0.1:{port}/postgres")
}

fn pool(port: u16) -> PgPool {
    PgPoolOptions::new().max_connections(2).connect_lazy(&postgres_url(port)).expect("a pool")
}

/// Returns the fleet of an instance with a connection of its own.
async fn fleet(store: &str, port: u16) -> Fleet {
    match store {
        "redis" => Fleet::redis("orders", ask!(redis: redis_manager(port).await)),
        "nats" => Fleet::nats("orders", ask!(async_nats_kv: bucket(port).await)),
        _ => Fleet::postgres("orders", ask!(sqlx: pool(port))),
    }
}

fn start_server(store: &str) -> Server {
    match store {
        "redis" => Server::redis(false),
        "nats" => Server::nats_with_jetstream(),
        _ => Server::postgres(),
    }
}

/// Returns all that the fleet left behind in the store, by key, and the text of the newest entry.
async fn contents(store: &str, port: u16) -> (Vec<String>, String) {
    match store {
        "redis" => {
            let mut manager = redis_manager(port).await;
            let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut manager).await.expect("keys");
            let text = redis::cmd("GET").arg(&keys[0]).query_async(&mut manager).await.expect("a text");
            (keys, text)
        }
        "nats" => {
            let bucket = bucket(port).await;
            let count = bucket.status().await.expect("a status").values();
            let entry = bucket.entry(KEY).await.expect("an answer").expect("an entry");
            let text = String::from_utf8(entry.value.to_vec()).expect("UTF-8");
            (vec![KEY.to_owned(); usize::try_from(count).expect("a number")], text)
        }
        _ => {
            let rows: Vec<(String, String)> =
                sqlx::query_as("SELECT key, value FROM health_fleet").fetch_all(&pool(port)).await.expect("rows");
            (rows.iter().map(|(key, _)| key.clone()).collect(), rows[0].1.clone())
        }
    }
}

const KEY: &str = "health.v1.orders.lag";

/// Writes a text into the entry, as a program that knows nothing of fleets would.
async fn poison(store: &str, port: u16, text: &'static str) {
    match store {
        "redis" => {
            let mut manager = redis_manager(port).await;
            let () = redis::cmd("SET").arg(KEY).arg(text).query_async(&mut manager).await.expect("a write");
        }
        "nats" => {
            bucket(port).await.put(KEY, text.into()).await.expect("a write");
        }
        _ => {
            let query = sqlx::query("UPDATE health_fleet SET value = $1").bind(text);
            query.execute(&pool(port)).await.expect("a write");
        }
    }
}

/// Instances that share a store, and the number of their runs.
struct Instances {
    monitors: Vec<Monitor>,
    runs: Arc<AtomicU64>,
}

fn monitor(fleet: Fleet, run_time: Duration, began: impl Fn() + Clone + Send + Sync + 'static) -> Monitor {
    let run = move || {
        began();
        sleep(run_time)
    };
    let check = Check::new("lag", Level::L2, run).interval(INTERVAL).timeout(Duration::from_secs(1)).fleet(true);
    Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"))
}

impl Instances {
    fn start(fleets: Vec<Fleet>) -> Self {
        let runs = Arc::<AtomicU64>::default();
        let start = |(index, fleet): (usize, Fleet)| {
            let runs = Arc::clone(&runs);
            let count = move || {
                runs.fetch_add(1, Ordering::Relaxed);
            };
            monitor(fleet.instance(format!("pod-{index}")), Duration::from_millis(5), count)
        };
        Self { monitors: fleets.into_iter().enumerate().map(start).collect(), runs }
    }

    async fn of(store: &str, port: u16, number: usize) -> Self {
        let mut fleets = Vec::new();
        for _ in 0..number {
            fleets.push(fleet(store, port).await);
        }
        Self::start(fleets)
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    async fn results(&self) -> Vec<CheckResult> {
        let mut results = Vec::new();
        for monitor in &self.monitors {
            let report = monitor.report(&Selection::everything()).await;
            results.push(report.entries()[0].result.as_ref().clone());
        }
        results
    }

    /// Asserts that one instance runs the check in each interval. A busy machine runs it less often, never more.
    async fn assert_one_run_per_interval(&self, state: &str) {
        let (before, began) = (self.runs(), Instant::now());
        sleep(INTERVAL * 10).await;
        let (runs, intervals) = (self.runs() - before, began.elapsed().as_secs() + 1);
        println!("{state}: {runs} runs of {} instances in {intervals} intervals", self.monitors.len());
        // A tenth of an interval is the jitter.
        assert!(runs >= 4 && runs <= intervals * 10 / 9 + 1, "{state}: {runs} runs in {intervals} intervals");
    }

    /// Waits until each instance has such a role. No status changes meanwhile.
    async fn eventually(&self, state: &str, is_role: impl Fn(FleetRole) -> bool) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(40) {
            let results = self.results().await;
            assert!(!format!("{results:?}").contains(CANARY), "{results:?}");
            let has_role = |result: &CheckResult| result.fleet().is_some_and(|run| is_role(run.role()));
            if results.iter().all(|result| has_role(result) && result.status() == Status::Pass) {
                println!("{state}: after {:?}", began.elapsed());
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
        panic!("{state}: {:?}", self.results().await);
    }
}

/// Takes a store through its faults.
async fn assert_faults(store: &str) {
    let mut server = start_server(store);
    let port = server.port;
    let instances = Instances::of(store, port, 3).await;
    let state = |state: &str| format!("{store}, {state}");
    let is_shared = |role| role != FleetRole::Alone;
    instances.eventually(&state("start"), is_shared).await;
    instances.assert_one_run_per_interval(&state("no fault")).await;

    for text in ["", "{}", "42", "{\"run\":1,\"done\":{\"token\":1,\"checked_by\":\"\\u001b[2J\"}}"] {
        poison(store, port, text).await;
        sleep(INTERVAL * 4).await;
        let (_, entry) = contents(store, port).await;
        assert!(entry.contains("\"checked_by\":\"pod-") && entry.contains("\"status\":\"pass\""), "{store}: {entry}");
    }
    instances.eventually(&state("poisoned"), is_shared).await;

    // A partition: connections stay open, and nothing answers.
    server.freeze();
    instances.eventually(&state("frozen"), |role| role == FleetRole::Alone).await;
    server.thaw();
    instances.eventually(&state("thawed"), is_shared).await;

    server.stop();
    instances.eventually(&state("killed"), |role| role == FleetRole::Alone).await;
    server.start();
    instances.eventually(&state("started again"), is_shared).await;
    instances.assert_one_run_per_interval(&state("after the faults")).await;
    assert_eq!(contents(store, port).await.0, [KEY]);
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

/// An instance in a process of its own.
struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    fn start(store: &str, port: u16) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["--exact", "member_of_another_process", "--ignored", "--nocapture"]);
        command.env(MEMBER, format!("{store} {port}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a process");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (output, all) = (child.stdout.take().expect("its output"), Arc::clone(&lines));
        thread::spawn(move || {
            let write = |line| all.lock().expect("no panic").push(line);
            BufReader::new(output).lines().map_while(Result::ok).for_each(write);
        });
        Self { child, lines }
    }

    /// Waits until the process writes one of these lines from now on.
    async fn await_line(&self, wanted: &[&str]) {
        self.lines.lock().expect("no panic").clear();
        for _ in 0..6_000 {
            if self.lines.lock().expect("no panic").iter().any(|line| wanted.contains(&line.as_str())) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{wanted:?}: {:?}", self.lines.lock().expect("no panic"));
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").arg(format!("-{signal}")).arg(id).status().expect("kill is installed");
        assert!(status.success(), "{signal}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs an instance until its process is killed. Without a parent it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of the tests below"]
async fn member_of_another_process() {
    let Ok(member) = env::var(MEMBER) else { return };
    let (store, port) = member.split_once(' ').expect("a store and a port");
    let fleet = fleet(store, port.parse().expect("a port")).await.instance("process");
    // A run that takes time, so that a signal meets it.
    let monitor = monitor(fleet, Duration::from_millis(600), || println!("began"));
    loop {
        let report = monitor.report(&Selection::everything()).await;
        if let Some(run) = report.entries()[0].result.fleet() {
            println!("{}", run.role().as_str());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// A leader stands still or dies in the middle of a run, and the others take over.
async fn assert_takeover(store: &str) {
    for signal in ["STOP", "KILL"] {
        let server = start_server(store);
        let leader = Process::start(store, server.port);
        leader.await_line(&["leader"]).await;
        let instances = Instances::of(store, server.port, 2).await;
        leader.await_line(&["began"]).await;
        leader.signal(signal);
        let (began, runs) = (Instant::now(), instances.runs());
        while instances.runs() == runs {
            assert!(began.elapsed() < LEASE + INTERVAL * 4, "{store}, {signal}: nobody takes over");
            sleep(Duration::from_millis(10)).await;
        }
        println!("{store}, {signal}: taken over after {:?}", began.elapsed());
        instances.eventually(&format!("{store}, {signal}"), |role| role != FleetRole::Alone).await;
        instances.assert_one_run_per_interval(&format!("{store}, after {signal}")).await;
        if signal == "STOP" {
            leader.signal("CONT");
            leader.await_line(&["follower"]).await;
        }
        assert_eq!(contents(store, server.port).await.0, [KEY]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn leader_is_replaced_through_redis() {
    assert_takeover("redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn leader_is_replaced_through_nats() {
    assert_takeover("nats").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn leader_is_replaced_through_postgres() {
    assert_takeover("postgres").await;
}

/// Each client leads a fleet of its own, and all of them form one fleet.
async fn assert_clients<const N: usize>(store: &str, asks: [Ask; N], fleet: fn(&str, Ask) -> Fleet) {
    let alone = asks.iter().enumerate().map(|(index, ask)| fleet(&format!("client-{index}"), ask.clone()));
    let alone = Instances::start(alone.collect());
    alone.eventually(&format!("{store}, each"), |role| role == FleetRole::Leader).await;
    sleep(INTERVAL * 4).await;
    alone.eventually(&format!("{store}, each again"), |role| role == FleetRole::Leader).await;
    let together = Instances::start(asks.map(|ask| fleet("orders", ask)).into());
    together.eventually(&format!("{store}, together"), |role| role != FleetRole::Alone).await;
    together.assert_one_run_per_interval(&format!("{store}, together")).await;
    together.eventually(&format!("{store}, together"), |role| role != FleetRole::Alone).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn every_client_of_redis_takes_part() {
    let server = Server::redis(false);
    let url = redis_url(server.port);
    let old = redis0::Client::open(url.clone()).expect("a URL").get_connection_manager().await.expect("a connection");
    let deadpool = deadpool_redis::Manager::new(url.as_str()).expect("a URL");
    let deadpool = deadpool_redis::Pool::builder(deadpool).max_size(2).build().expect("a pool");
    let bb8 = bb8_redis::RedisConnectionManager::new(url.as_str()).expect("a URL");
    let bb8 = bb8_redis::bb8::Pool::builder().max_size(2).build_unchecked(bb8);
    let config = fred::types::config::Config::from_url(&url).expect("a URL");
    let fred = fred::clients::Client::new(config, None, None, None);
    fred::interfaces::ClientLike::init(&fred).await.expect("a connection");
    let asks = [
        ask!(redis: redis_manager(server.port).await),
        ask!(redis as redis0: old),
        ask!(deadpool_redis: deadpool),
        ask!(bb8_redis: bb8),
        ask!(fred: fred),
    ];
    assert_clients("redis", asks, |name, ask| Fleet::redis(name, ask)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn every_client_of_postgres_takes_part() {
    let server = Server::postgres();
    let url = postgres_url(server.port);
    let old = sqlx08::postgres::PgPoolOptions::new().max_connections(2).connect_lazy(&url).expect("a pool");
    let orm = sea_orm::SqlxPostgresConnector::from_sqlx_postgres_pool(pool(server.port));
    let config: tokio_postgres::Config = url.parse().expect("a URL");
    let deadpool = deadpool_postgres::Manager::new(config.clone(), tokio_postgres::NoTls);
    let deadpool = deadpool_postgres::Pool::builder(deadpool).max_size(2).build().expect("a pool");
    let bb8 = bb8_postgres::PostgresConnectionManager::new(config.clone(), tokio_postgres::NoTls);
    let bb8 = bb8_postgres::bb8::Pool::builder().max_size(2).build_unchecked(bb8);
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let asks = [
        ask!(sqlx: pool(server.port)),
        ask!(sqlx as sqlx08: old),
        ask!(sea_orm: orm.get_postgres_connection_pool()),
        ask!(deadpool_postgres: deadpool),
        ask!(bb8_postgres: bb8),
        ask!(tokio_postgres: Arc::new(client)),
    ];
    // The table does not exist yet, and all of them create it at once.
    assert_clients("postgres", asks, |name, ask| Fleet::postgres(name, ask)).await;
}

/// A statement could be broken with these names. They are values, and nothing else.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis, NATS and PostgreSQL: scripts/peers"]
async fn hostile_names_are_values() {
    const NAME: &str = "'); DROP TABLE health_fleet; --\" $1 ]] .. KEYS[1]";
    for store in ["redis", "nats", "postgres"] {
        let server = start_server(store);
        let fleet = fleet(store, server.port).await.instance(NAME);
        let check =
            Check::new("lag", Level::L2, || async { health_runtime::Outcome::pass().with_message(NAME.repeat(1_000)) });
        let check = check.interval(INTERVAL).fleet(true);
        let monitor = Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"));
        sleep(INTERVAL * 4).await;
        let report = monitor.report(&Selection::everything()).await;
        assert_eq!(report.entries()[0].result.fleet().expect("of the fleet").role(), FleetRole::Leader, "{store}");
        let (keys, text) = contents(store, server.port).await;
        assert_eq!(keys, [KEY], "{store}");
        assert!(text.contains("DROP TABLE"), "{store}: {text}");
    }
}
