//! A receiver on the loopback interface, well-behaved or not, and a clock that only the test moves.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc as std_mpsc},
    time::Duration,
};

use health_runtime::{Check, Endpoint, EndpointBuilder, Level, Monitor, Outcome, Selection};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{spawn_blocking, yield_now},
};

/// The reaction to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    Answer(String),
    /// Closes the connection without a word.
    Close,
    /// Reads and is silent.
    Hang,
    /// Never stops to answer.
    Flood,
}

/// A request as the receiver sees it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    reaction: Arc<Mutex<Reaction>>,
    requests: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    /// Starts a receiver that accepts everything.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let reaction = Arc::new(Mutex::new(Reaction::status("200 OK")));
        let (sent, requests) = mpsc::unbounded_channel();
        let present = Arc::clone(&reaction);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(treat(stream, sent.clone(), Arc::clone(&present)));
            }
        });
        Self { address, reaction, requests }
    }

    pub(crate) fn react(&self, reaction: Reaction) {
        *self.reaction.lock().expect("no panic") = reaction;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the next request, whose response may still be on its way.
    pub(crate) async fn next(&mut self) -> Received {
        for _ in 0..10_000 {
            if let Ok(request) = self.requests.try_recv() {
                let_tasks_run().await;
                return request;
            }
            let_tasks_run().await;
        }
        panic!("no request came");
    }

    /// Returns the requests that have come so far.
    pub(crate) async fn so_far(&mut self) -> Vec<Received> {
        for _ in 0..20 {
            let_tasks_run().await;
        }
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }

    /// Returns the alerts of the next request.
    pub(crate) async fn alerts(&mut self) -> Vec<Value> {
        self.next().await.json().as_array().expect("a list").clone()
    }
}

impl Reaction {
    pub(crate) fn status(status: &str) -> Self {
        Self::with_headers(status, "")
    }

    pub(crate) fn with_headers(status: &str, headers: &str) -> Self {
        Self::Answer(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n{headers}\r\n"))
    }
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

async fn treat(mut stream: TcpStream, sent: mpsc::UnboundedSender<Received>, reaction: Arc<Mutex<Reaction>>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut bytes).await.is_ok_and(|read| read == 0) {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let received = Received { head: head.to_owned(), body: body.to_owned() };
        let length = received.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        if received.body.len() >= length {
            break (received.head, received.body);
        }
    };
    let reaction = reaction.lock().expect("no panic").clone();
    match &reaction {
        Reaction::Answer(bytes) => _ = stream.write_all(bytes.as_bytes()).await,
        Reaction::Close => _ = stream.shutdown().await,
        Reaction::Hang | Reaction::Flood => {}
    }
    let _ = sent.send(Received { head, body });
    match reaction {
        Reaction::Hang => _ = stream.read_to_end(&mut Vec::new()).await,
        Reaction::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'x'; 1 << 13]).await.is_ok() {}
        }
        _ => {}
    }
}

/// Lets tasks and sockets go on for a moment, in which a stopped clock does not move.
pub(crate) async fn let_tasks_run() {
    for _ in 0..20 {
        yield_now().await;
    }
    std::thread::sleep(Duration::from_millis(1));
    yield_now().await;
}

/// A paused clock that does not move by itself, although all tasks wait for sockets: a thread that is busy holds it.
pub(crate) struct StoppedClock(#[expect(dead_code, reason = "its end lets the thread go")] std_mpsc::Sender<()>);

impl StoppedClock {
    pub(crate) fn new() -> Self {
        let (holder, end) = std_mpsc::channel::<()>();
        spawn_blocking(move || end.recv());
        Self(holder)
    }

    /// Moves the clock, in steps of a second, in which requests go on: a receiver that answers does so in time.
    pub(crate) async fn advance(&self, seconds: u64) {
        for _ in 0..seconds {
            tokio::time::advance(Duration::from_secs(1)).await;
            for _ in 0..12 {
                yield_now().await;
            }
        }
        let_tasks_run().await;
    }
}

/// A check with an outcome that the test sets.
#[derive(Clone)]
pub(crate) struct Switch(Arc<Mutex<Outcome>>);

impl Switch {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Outcome::pass())))
    }

    pub(crate) fn set(&self, outcome: Outcome) {
        *self.0.lock().expect("no panic") = outcome;
    }

    pub(crate) fn check(&self, name: &str) -> Check {
        let outcome = Arc::clone(&self.0);
        let run = move || std::future::ready(outcome.lock().expect("no panic").clone());
        Check::new(name, Level::L1, run).max_age(Duration::ZERO)
    }
}

/// Runs all checks.
pub(crate) async fn run(monitor: &Monitor) {
    monitor.report(&Selection::everything()).await;
    let_tasks_run().await;
}

/// Builds an endpoint.
pub(crate) fn start(builder: EndpointBuilder) -> Endpoint {
    builder.build().expect("a good endpoint")
}
