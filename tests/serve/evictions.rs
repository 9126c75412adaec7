//! More connections than the server holds, and the choice of the evicted ones.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get as answer_get};
use health_runtime::{Check, Level, serve_isolated};
use health_tests::{endpoint, get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use super::{ANY_PORT, alive, request};

const PLACES: usize = 256;

/// Serializes tests that open hundreds of files: many shells allow a process 1,024.
static MANY_FILES: Mutex<()> = Mutex::const_new(());

/// Silent connections and incomplete requests, more than the server holds.
#[tokio::test]
async fn silent_connections_delay_no_request() {
    let _turn = MANY_FILES.lock().await;
    let server = serve_isolated(ANY_PORT, alive()).expect("a server");
    let mut idle = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(server.local_addrs()[0]).await.expect("it accepts");
        if number % 2 == 0 {
            stream.write_all(b"GET /livez HTTP/1.1\r\nHo").await.expect("it is open");
        }
        idle.push(stream);
        if number % 50 == 0 {
            let answer =
                timeout(Duration::from_secs(5), get(server.local_addrs()[0], "/livez")).await.expect("an answer");
            assert_eq!(answer.body, "ok");
        }
    }
    let answer = timeout(Duration::from_secs(5), get(server.local_addrs()[0], "/livez")).await.expect("an answer");
    assert_eq!(answer.body, "ok");
    // The oldest connection was evicted.
    let oldest = timeout(Duration::from_secs(5), idle[0].read(&mut [0; 1])).await.expect("it was closed");
    assert!(matches!(oldest, Ok(0) | Err(_)));
    let newest = timeout(Duration::from_millis(50), idle.last_mut().expect("one").read(&mut [0; 1])).await;
    assert!(newest.is_err(), "the newest is still open");
    drop(server);
}

/// Silent connections do not displace a request that is being answered.
#[tokio::test]
async fn connection_being_answered_is_not_evicted() {
    let _turn = MANY_FILES.lock().await;
    let slow = Check::new("slow", Level::L5, || async {
        sleep(Duration::from_secs(2)).await;
        true
    })
    .timeout(Duration::from_secs(5));
    let quick = Check::new("alive", Level::L5, || async { true }).liveness();
    let server = serve_isolated(ANY_PORT, endpoint([slow, quick]).router()).expect("a server");
    let address = server.local_addrs()[0];
    let waiting = tokio::spawn(get(address, "/health/levels/5"));
    sleep(Duration::from_millis(200)).await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(address).await.expect("it accepts"));
    }
    assert_eq!(get(address, "/livez").await.body, "ok");
    assert_eq!(waiting.await.expect("no panic").status, 200);
    server.stop().await;
}

/// As many clients as the server holds ask for slow reports at once.
#[tokio::test]
async fn slow_reports_delay_no_prober() {
    let _turn = MANY_FILES.lock().await;
    let slow = Check::new("slow", Level::L1, || async {
        sleep(Duration::from_secs(8)).await;
        true
    });
    let quick = Check::new("alive", Level::L5, || async { true }).liveness();
    let server = serve_isolated(ANY_PORT, endpoint([slow, quick]).router()).expect("a server");
    let address = server.local_addrs()[0];
    let mut asking = Vec::new();
    for count in [256, 64, 64, 64] {
        for _ in 0..count {
            let mut stream = TcpStream::connect(address).await.expect("it accepts");
            stream.write_all(request("/health/levels/1").as_bytes()).await.expect("it is open");
            asking.push(stream);
        }
        // Until all requests have arrived.
        sleep(Duration::from_millis(700)).await;
        let started = Instant::now();
        assert_eq!(get(address, "/livez").await.body, "ok");
        // Milliseconds on an idle machine; eight seconds if it waited for one of them.
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    }
    drop(asking);
    server.stop().await;
}

async fn open(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it accepts");
    stream.write_all(bytes).await.expect("it is open");
    stream
}

fn is_open(stream: &TcpStream) -> bool {
    matches!(stream.try_read(&mut [0; 1]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// A connection without unsent bytes gets no time to send them.
#[tokio::test]
async fn incomplete_head_is_evicted_at_once() {
    let _turn = MANY_FILES.lock().await;
    let server = serve_isolated(ANY_PORT, alive()).expect("a server");
    let mut streams = Vec::new();
    for _ in 0..PLACES {
        streams.push(open(server.local_addrs()[0], b"GET /livez HTTP/1.1\r\nHo").await);
    }
    let mut quickest = Duration::MAX;
    for oldest in 0..20 {
        sleep(Duration::from_millis(10)).await;
        if !is_open(&streams[oldest]) {
            continue;
        }
        let opened = Instant::now();
        streams.push(open(server.local_addrs()[0], b"GET /livez HTTP/1.1\r\nHo").await);
        let closed = timeout(Duration::from_secs(5), streams[oldest].read(&mut [0; 1])).await.expect("it was closed");
        assert!(matches!(closed, Ok(0) | Err(_)));
        quickest = quickest.min(opened.elapsed());
    }
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
    server.stop().await;
}

/// A response that its client reads slowly is still being sent.
#[tokio::test]
async fn response_to_slow_reader_is_not_truncated() {
    const LENGTH: usize = 32 << 20;
    let _turn = MANY_FILES.lock().await;
    let router = alive().route("/large", answer_get(async || vec![b'x'; LENGTH]));
    let server = serve_isolated(ANY_PORT, router).expect("a server");
    let mut reader = open(server.local_addrs()[0], request("/large").as_bytes()).await;
    sleep(Duration::from_millis(200)).await;
    let mut silent = Vec::new();
    for _ in 0..2 * PLACES {
        silent.push(open(server.local_addrs()[0], b"").await);
    }
    assert_eq!(get(server.local_addrs()[0], "/livez").await.body, "ok");
    sleep(Duration::from_millis(200)).await;
    let mut answer = Vec::new();
    reader.read_to_end(&mut answer).await.expect("no reset");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(answer.len() > LENGTH, "{} bytes", answer.len());
    server.stop().await;
}

struct CountedDown(Arc<AtomicUsize>);

impl Drop for CountedDown {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Requests without a response fill three quarters of the connections; the oldest of them is answered with 503.
#[tokio::test]
async fn requests_have_a_hard_cap_and_the_oldest_is_answered_503() {
    let _turn = MANY_FILES.lock().await;
    let (open_now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (Arc::clone(&open_now), Arc::clone(&most));
    let never = answer_get(move || {
        highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let counted = CountedDown(Arc::clone(&counted));
        async move {
            std::future::pending::<()>().await;
            drop(counted);
        }
    });
    let server = serve_isolated(ANY_PORT, Router::new().route("/never", never).merge(alive())).expect("a server");
    let mut asking = Vec::new();
    for _ in 0..700 {
        asking.push(open(server.local_addrs()[0], request("/never").as_bytes()).await);
    }
    assert_eq!(get(server.local_addrs()[0], "/livez").await.body, "ok");
    let answer = health_tests::exchange(asking.remove(0), "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    assert!(answer.body.contains("too many requests"), "{}", answer.body);
    let most = most.load(Ordering::SeqCst);
    assert!((PLACES / 2..=PLACES + 80).contains(&most), "{most}");
    drop(asking);
    server.stop().await;
}

/// A connection that sends requests outlasts younger ones that are silent.
#[tokio::test]
async fn connection_in_use_outlasts_silent_ones() {
    let _turn = MANY_FILES.lock().await;
    let server = serve_isolated(ANY_PORT, alive()).expect("a server");
    let mut in_use = open(server.local_addrs()[0], b"").await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        for _ in 0..PLACES / 2 {
            silent.push(open(server.local_addrs()[0], b"").await);
        }
        in_use.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is open");
        let mut answer = [0; 4096];
        let length = in_use.read(&mut answer).await.expect("an answer");
        assert!(answer[..length].ends_with(b"\r\n\r\nok"));
    }
    assert!(!is_open(&silent[0]), "one of the others had to go");
    server.stop().await;
}
