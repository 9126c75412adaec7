//! Ten thousand runs of each probe with a connection of its own, on real servers. Alone in its process, whose descriptors, threads
//! and memory it counts.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod certificates;
#[allow(dead_code, reason = "`main` uses other parts of it")]
mod servers;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use futures_util::future::{BoxFuture, join_all};
use health_runtime::{Outcome, Status, probes};

use servers::{
    MailServer, Server, authority_of, memcached, mosquitto, nats, postgres, redis, redis_over_tls, slapd, start,
};

const RUNS: usize = 10_000;

const WARM_UP_RUNS: usize = 500;

/// Growth of all probes together: a run that leaves a hundred bytes behind exceeds it.
const MAX_GROWTH_BYTES: usize = 8 << 20;

const TIMEOUT: Duration = Duration::from_mins(1);

/// A probe, and its server.
struct Subject {
    name: &'static str,
    port: Option<u16>,
    run: Box<dyn Fn() -> BoxFuture<'static, Outcome> + Send + Sync>,
    /// Returns the number of connections as the server counts them, where it does.
    count: Option<Box<dyn Fn() -> usize + Send + Sync>>,
}

/// Makes a subject of a probe.
macro_rules! subject {
    ($name:literal, $port:expr, $probe:expr $(, $count:expr)?) => {{
        let probe = std::sync::Arc::new($probe.timeout(TIMEOUT));
        let run = move || -> BoxFuture<'static, Outcome> {
            let probe = std::sync::Arc::clone(&probe);
            Box::pin(async move { probe.observe().await })
        };
        #[allow(unused_mut, unused_assignments, reason = "not every server counts")]
        let mut count: Option<Box<dyn Fn() -> usize + Send + Sync>> = None;
        $(count = Some(Box::new($count));)?
        Subject { name: $name, port: $port, run: Box::new(run), count }
    }};
}

impl Subject {
    async fn observe(&self, runs: usize) {
        for run in 0..runs {
            let outcome = (self.run)().await;
            assert_eq!(outcome.status(), Status::Pass, "{}, run {run}: {outcome:?}", self.name);
        }
    }

    /// Returns the numbers of open connections at the server, by the kernel and by the server.
    fn connections(&self) -> (usize, usize) {
        (self.port.map_or(0, sockets), self.count.as_ref().map_or(0, |count| count()))
    }
}

/// Returns the number of sockets at this local port besides the one that listens and those that only wait for late packets.
fn sockets(port: u16) -> usize {
    let table = fs::read_to_string("/proc/net/tcp").expect("a table of sockets");
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        let is_at_port = fields.next().is_some_and(|local| local.ends_with(&format!(":{port:04X}")));
        is_at_port && fields.nth(1).is_some_and(|state| state != "0A" && state != "06")
    };
    table.lines().filter(is_open).count()
}

/// Sends a request, and returns the answer up to its end or to this text.
fn ask(port: u16, request: &str, end: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("a request");
    let (mut answer, mut buffer) = (String::new(), [0; 8192]);
    while !answer.contains(end) {
        match stream.read(&mut buffer).expect("an answer") {
            0 => break,
            read => answer.push_str(&String::from_utf8_lossy(&buffer[..read])),
        }
    }
    answer
}

/// Returns the number behind a word.
fn number_after(text: &str, word: &str) -> usize {
    let rest = text.split_once(word).unwrap_or_else(|| panic!("no {word}: {text}")).1.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).expect("a number")
}

/// Returns the clients of PostgreSQL besides the one that asks.
fn clients_of_postgres(port: u16) -> usize {
    let statement = "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let output = Command::new("psql")
        .env("PGPASSWORD", "secret")
        .args(["-h", "127.0.0.1", "-U", "app", "-At", "-c", statement, "postgres", "-p", &port.to_string()])
        .output()
        .expect("psql");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

/// Numbers of descriptors and threads of this process.
fn process_counts() -> [usize; 2] {
    ["fd", "task"].map(|folder| fs::read_dir(format!("/proc/self/{folder}")).expect("a folder of the process").count())
}

fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("the status of the process");
    number_after(&status, "VmRSS:") * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql, redis-server, nats-server, memcached, mosquitto, slapd and postfix: scripts/peers"]
async fn ten_thousand_runs_leave_nothing_behind() {
    let (cache, store, broker, queue, directory) =
        (start(redis), start(memcached), start(mosquitto), start(nats), start(slapd));
    let (database, secure, MailServer(mail)) = (postgres(), start(redis_over_tls), &MailServer::start("", ""));
    let local = |server: &Server| format!("127.0.0.1:{}", server.port);
    let at = |server: &Server| Some(server.port);
    let [cache_port, store_port, database_port] = [&cache, &store, &database].map(|server| server.port);
    let monitor = fs::read_to_string(queue.folder().join("monitor")).expect("a port").parse::<u16>().expect("a port");
    let subjects = [
        subject!("redis_at", at(&cache), probes::redis_at(local(&cache)), move || {
            number_after(&ask(cache_port, "INFO clients\r\n", "connected_clients:"), "connected_clients:") - 1
        }),
        subject!("memcached_at", at(&store), probes::memcached_at(local(&store)), move || {
            // It counts its own listening socket and the one that asks as well.
            number_after(&ask(store_port, "stats\r\n", "END"), "curr_connections ").saturating_sub(2)
        }),
        subject!("tcp", at(&store), probes::tcp(local(&store))),
        subject!("nats_at", at(&queue), probes::nats_at(local(&queue)), move || {
            let answer = ask(monitor, "GET /varz HTTP/1.0\r\n\r\n", "\"total_connections\"");
            number_after(&answer, "\"connections\":")
        }),
        subject!("postgres_at", at(&database), probes::postgres_at(local(&database)), move || {
            clients_of_postgres(database_port)
        }),
        subject!("mqtt", at(&broker), probes::mqtt(local(&broker))),
        subject!("ldap", at(&directory), probes::ldap(local(&directory))),
        subject!("smtp", at(mail), probes::smtp(local(mail))),
        subject!("certificate", at(&secure), {
            probes::certificate(local(&secure)).root_certificates(authority_of(&secure))
        }),
        subject!("resolve", None, probes::resolve("localhost")),
    ];
    let observe = async |runs| {
        join_all(subjects.iter().map(|subject| subject.observe(runs))).await;
    };
    // Servers that have just started, buffers, and threads.
    observe(WARM_UP_RUNS).await;
    let before = (process_counts(), resident_bytes());
    observe(RUNS).await;
    // Before the sockets of the whole machine are listed, which takes memory for each that still waits.
    let resident = resident_bytes();
    for subject in &subjects {
        // Servers close their end a moment later.
        for _ in 0..100 {
            if subject.connections() == (0, 0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(subject.connections(), (0, 0), "connections of {}", subject.name);
    }
    let ([descriptors_before, threads_before], [descriptors, threads]) = (before.0, process_counts());
    assert!(descriptors <= descriptors_before, "{descriptors} descriptors, before {descriptors_before}");
    assert!(threads <= threads_before + 1, "{threads} threads, before {threads_before}");
    let growth = resident.saturating_sub(before.1);
    assert!(growth < MAX_GROWTH_BYTES, "{growth} bytes more after {RUNS} runs of each probe");
}
