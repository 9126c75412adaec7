//! A blocked log, like a pipe without a reader. The log belongs to the whole process, so these tests have their own
//! process and run one after the other.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc, Condvar, LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    Check, Level, Server, Status, Tls,
    access::{Access, Caller, Decision, Policy, closed, public},
    serve_isolated,
};
use health_tests::{
    Log, builder,
    flapping::{ask, flapping},
    get, monitor, serve_with_addresses,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Mutex as AsyncMutex, MutexGuard},
    time::{sleep, timeout},
};
use tracing_subscriber::fmt::MakeWriter;

const WAIT_LIMIT: Duration = Duration::from_secs(20);

const CHANGES: usize = 3_000;

/// The targets of events.
const CHANGE: &str = "health_runtime::change";
const ACCESS: &str = "health_runtime::access";

#[derive(Default)]
struct Tap {
    /// The target whose events are blocked.
    closed_to: Mutex<Option<&'static str>>,
    holds_somebody: AtomicBool,
    turned: Condvar,
}

impl Tap {
    fn set(&self, closed_to: Option<&'static str>) {
        *self.closed_to.lock().expect("no panic") = closed_to;
        self.turned.notify_all();
    }
}

/// A log that blocks at events of a target while the tap is closed to it.
#[derive(Clone, Default)]
struct Pipe {
    log: Log,
    tap: Arc<Tap>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        let is_held = |closed_to: Option<&str>| closed_to.is_some_and(|target| line.contains(target));
        let closed_to = self.tap.closed_to.lock().expect("no panic");
        self.tap.holds_somebody.fetch_or(is_held(*closed_to), Ordering::SeqCst);
        drop(self.tap.turned.wait_while(closed_to, |target| is_held(*target)).expect("no panic"));
        self.log.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Pipe {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The pipe with a closed tap, for one test at a time, opened at the end of the test. Late events of the test before
/// have another target.
struct Blocked {
    pipe: &'static Pipe,
    _alone: MutexGuard<'static, ()>,
}

impl Blocked {
    async fn new(target: &'static str) -> Self {
        static ALONE: AsyncMutex<()> = AsyncMutex::const_new(());
        static PIPE: LazyLock<Pipe> = LazyLock::new(|| {
            let pipe = Pipe::default();
            tracing_subscriber::fmt().with_writer(pipe.clone()).with_ansi(false).init();
            pipe
        });
        let alone = ALONE.lock().await;
        let _ = PIPE.log.take();
        PIPE.tap.holds_somebody.store(false, Ordering::SeqCst);
        PIPE.tap.set(Some(target));
        Self { pipe: &PIPE, _alone: alone }
    }

    async fn holds_somebody(&self) {
        while !self.pipe.tap.holds_somebody.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        self.pipe.tap.set(None);
    }
}

fn missed(text: &str) -> usize {
    let numbers = text.lines().filter_map(|line| line.split_once("missed="));
    let number = |text: &str| text.split(' ').next().expect("a word").parse::<usize>().expect("a number");
    numbers.map(|(_, text)| number(text)).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn blocked_log_does_not_delay_subscribers_and_buffers_256_events() {
    let blocked = Blocked::new(CHANGE).await;
    let monitor = monitor([flapping("flaps")]);
    let mut changes = monitor.subscribe();
    for number in 0..CHANGES {
        let asking = tokio::spawn({
            let monitor = monitor.clone();
            async move { ask(&monitor, 1).await }
        });
        let change = timeout(WAIT_LIMIT, changes.next())
            .await
            .expect("a change in time")
            .expect("a monitor")
            .expect("none missed");
        assert_eq!(change.current(), if number.is_multiple_of(2) { Status::Fail } else { Status::Pass });
        timeout(WAIT_LIMIT, asking).await.expect("answered in time").expect("no panic");
        if number == 0 {
            blocked.holds_somebody().await;
        }
    }
    let log = blocked.pipe.log.clone();
    blocked.pipe.tap.set(None);
    let logged = |text: &str| text.lines().filter(|line| line.contains("health check changed")).count();
    let caught_up = async {
        while logged(&log.so_far()) + missed(&log.so_far()) < CHANGES {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(WAIT_LIMIT, caught_up).await.expect("each is logged or counted, in time");
    let text = log.take();
    assert_eq!(logged(&text) + missed(&text), CHANGES, "{text}");
    // The blocked event, those queued behind it, and perhaps the last ones.
    assert!(logged(&text) < 300, "{text}");
    assert!(text.contains("run 0") && text.contains("run 2998") && missed(&text) > 0, "{text}");
}

/// A policy that always panics.
struct Broken;

impl Policy for Broken {
    async fn decide(&self, _caller: &Caller) -> Decision {
        // Without the panic hook, which would print the message.
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}

/// Sends refused requests to every address while the log is blocked.
async fn refuse_and_probe(address: SocketAddr, blocked: &Blocked) {
    for number in 0..300 {
        let path = if number % 2 == 0 { "/health/levels/3" } else { "/health/levels/2" };
        let answer = timeout(WAIT_LIMIT, get(address, path)).await.expect("refused in time");
        assert_eq!(answer.status, if number % 2 == 0 { 403 } else { 503 });
    }
    blocked.holds_somebody().await;
    let answer = timeout(WAIT_LIMIT, get(address, "/livez")).await.expect("answered in time");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn blocked_log_does_not_stop_any_server() {
    let access = Access::new()
        .levels(Level::L4..=Level::L5, public())
        .levels(Level::L3, closed())
        .levels(Level::L2, Broken)
        .levels(Level::L1, public());
    let endpoint = builder([Check::new("alive", Level::L5, || async {}).liveness()]).access(access).build();
    let router = endpoint.expect("good").router();

    let plain = serve_with_addresses(router.clone()).await;
    let isolated = serve_isolated("127.0.0.1:0", router.clone()).expect("a thread");
    let server = Server::new().listen("127.0.0.1:0", router).start().expect("a server");
    let blocked = Blocked::new(ACCESS).await;
    for address in [plain, isolated.local_addrs()[0], server.local_addrs()[0]] {
        refuse_and_probe(address, &blocked).await;
    }
    let log = blocked.pipe.log.clone();
    blocked.pipe.tap.set(None);
    isolated.stop().await;
    server.stop().await;
    let text = log.take();
    assert!(text.contains("access refused") && text.contains("no access decision"), "{text}");
}

/// A malformed handshake causes an event below the default log level.
#[tokio::test]
async fn failed_handshakes_take_no_room_in_the_log() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate_file, key_file) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate_file, key.cert.pem()).expect("a file");
    std::fs::write(&key_file, key.signing_key.serialize_pem()).expect("a file");
    let router = builder([]).build().expect("good").router();
    let tls = Tls::new(certificate_file, key_file);
    let server = Server::new().listen_tls("127.0.0.1:0", tls, router).start().expect("a server");

    let blocked = Blocked::new(CHANGE).await;
    let monitor = monitor([flapping("flaps")]);
    ask(&monitor, 1).await;
    blocked.holds_somebody().await;
    for _ in 0..300 {
        let mut stream = TcpStream::connect(server.local_addrs()[0]).await.expect("it accepts");
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it is open");
        let _ = timeout(WAIT_LIMIT, stream.read_to_end(&mut Vec::new())).await.expect("closed in time");
    }
    blocked.pipe.tap.set(None);
    server.stop().await;
    let text = blocked.pipe.log.take();
    assert_eq!(missed(&text), 0, "{text}");
}
