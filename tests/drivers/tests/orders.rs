//! The example of a service with a database, a cache and a broker, on real servers.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use health_drivers::{CANARY, Server, free_port};

/// Longest time in which a change of a server shows: clients connect again after a while.
const PATIENCE: Duration = Duration::from_secs(30);

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

struct Service {
    process: Child,
    port: u16,
}

impl Service {
    fn start(database: &Server, cache: &Server, broker: &Server) -> Self {
        let port = free_port();
        let process = Command::new(build())
            .env("ADDRESS", format!("127.0.0.1:{port}"))
            .env("DATABASE_URL", format!("postgres://app:{CANARY}@127.0.0.1:{}/postgres", database.port))
            .env("REDIS_URL", format!("redis://:{CANARY}@127.0.0.1:{}", cache.port))
            .env("NATS_URL", format!("127.0.0.1:{}", broker.port))
            .env("NATS_USER", "app")
            .env("NATS_PASSWORD", CANARY)
            .spawn()
            .expect("the example starts");
        let service = Self { process, port };
        service.wait_for("/livez", 200);
        service
    }

    /// Returns the status code and the body.
    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut response = String::new();
        stream.read_to_string(&mut response).ok()?;
        assert!(!response.contains(CANARY), "{response}");
        let code = response.split(' ').nth(1)?.parse().ok()?;
        Some((code, response))
    }

    /// Waits until the path has this status code, and returns the response.
    fn wait_for(&self, path: &str, code: u16) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let response = self.get(path);
            if let Some((found, text)) = &response
                && *found == code
            {
                return text.clone();
            }
            assert!(Instant::now() < end, "{path} does not become {code}: {response:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds the example, which `cargo test` leaves out if a test is named, and returns its path.
fn build() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this test");
    let profile = own.parent().and_then(Path::parent).expect("the folder of the profile");
    let target = profile.parent().expect("the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--example", "orders", "--manifest-path", MANIFEST, "--target-dir"]);
    assert!(cargo.arg(target).status().is_ok_and(|status| status.success()), "the example compiles");
    profile.join("examples/orders")
}

#[test]
#[ignore = "needs PostgreSQL, Redis and NATS: scripts/peers"]
fn orders_is_ready_while_its_servers_are() {
    let (mut database, mut cache, mut broker) = (Server::postgres(), Server::redis(false), Server::nats());
    database.stop();
    broker.stop();
    let service = Service::start(&database, &cache, &broker);

    let text = service.wait_for("/readyz?verbose", 503);
    assert!(text.contains("[-]db failed") && text.contains("[-]broker failed"), "{text}");
    database.start();
    broker.start();
    let text = service.wait_for("/readyz?verbose", 200);
    assert!(text.contains("[+]db ok") && text.contains("[+]broker ok"), "{text}");

    // The table does not exist, and the cache is not critical: the service stays ready.
    cache.stop();
    let text = service.wait_for("/health/levels/1", 503);
    assert!(text.contains(r#""backlog""#) && text.contains(r#""cache""#), "{text}");
    service.wait_for("/readyz", 200);

    database.freeze();
    service.wait_for("/readyz", 503);
    database.thaw();
    service.wait_for("/readyz", 200);
}

#[test]
fn checks_of_orders_take_few_lines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/orders.rs");
    let text = fs::read_to_string(path).expect("the example");
    let lines_between = |start: &str, end: &str| {
        let rest = text.split_once(start).expect("the start").1;
        rest.split_once(end).expect("the end").0.lines().count() + 1
    };
    let lines = lines_between("#[health_check(", "\n}\n") + lines_between("        checks: [", "        ],");
    assert!(lines <= 12, "{lines} lines");
}
