//! An endpoint on `Server` without a router around it.

use std::{net::SocketAddr, sync::mpsc, time::Duration};

use health_runtime::{
    Check, Endpoint, Level, Server, ServerHandle, UnixSocket,
    access::{Access, Caller, Decision, Policy, address, public},
    serve_isolated,
};
use health_tests::{builder, get, send};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Handle, Id, Runtime},
    task::spawn_blocking,
};

use super::{ANY_PORT, get_unix};

const PATHS: [&str; 22] = [
    "/",
    "/orders",
    "/healthy",
    "//health",
    "/health",
    "/health/",
    "/health/info",
    "/health/live",
    "/health/token",
    "/health/checks/deep",
    "/health/checks/%ff",
    "/health/checks/nobody",
    "/health/levels",
    "/health/levels/1",
    "/health/levels/9",
    "/health/metrics",
    "/health/agent",
    "/livez",
    "/livez/",
    "/livez?verbose",
    "/readyz?x=%",
    "http://localhost/readyz",
];

fn checks() -> [Check; 2] {
    [
        Check::new("deep", Level::L1, || async { false }).readiness(),
        Check::new("alive", Level::L5, || async { true }).liveness(),
    ]
}

/// Admits callers only on the runtime where it was made.
struct OnRuntime(Id);

impl Policy for OnRuntime {
    async fn decide(&self, _caller: &Caller) -> Decision {
        if Handle::current().id() == self.0 { Decision::allow() } else { Decision::forbidden() }
    }
}

/// Starts a server at two addresses: the endpoint, and its router.
fn start(health: &Endpoint) -> ServerHandle {
    Server::new().listen(ANY_PORT, health).listen(ANY_PORT, health.router()).start().expect("a server")
}

/// Returns the response without what differs from request to request: times, durations and lengths.
fn shape(response: &str) -> String {
    let response = response.replace("seconds", "second");
    response
        .split(|character: char| character.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}

async fn raw(address: SocketAddr, request: &str) -> String {
    let answer = send(address, request).await;
    let mut headers: Vec<_> = answer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    headers.retain(|line| !line.starts_with("date"));
    headers.sort();
    format!("{}\n{}", answer.status, shape(&format!("{headers:?}\n{}", answer.body)))
}

#[tokio::test]
async fn endpoint_answers_like_its_router() {
    let guarded = builder(checks())
        .access(Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, address(["127.0.0.0/8"])));
    let whole = builder(checks()).build().expect("a good endpoint");
    let narrow = whole.levels(Level::L5).without_groups();
    for health in [&whole, &narrow, &guarded.build().expect("a good endpoint")] {
        let server = start(health);
        let &[direct, routed] = server.local_addrs() else { panic!("two addresses") };
        for path in PATHS {
            for method in ["GET", "HEAD", "OPTIONS", "PUT", "POST", "FOO"] {
                for accept in ["*/*", "text/html", "application/json", "image/png"] {
                    let head = format!("Host: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
                    let request = format!("{method} {path} HTTP/1.1\r\n{head}");
                    assert_eq!(raw(direct, &request).await, raw(routed, &request).await, "{request}");
                }
            }
        }
        for request in [
            "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /livez HTTP/1.0\r\n\r\n",
        ] {
            assert_eq!(raw(direct, request).await, raw(routed, request).await, "{request}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn policies_of_an_endpoint_see_the_client_and_the_runtime() {
    let here = OnRuntime(Handle::current().id());
    let access = Access::new().levels(Level::L2..=Level::L5, here).levels(Level::L1, address(["127.0.0.0/8"]));
    let health = builder(checks()).access(access).build().expect("a good endpoint");
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let server = Server::new().listen(ANY_PORT, &health).listen_unix(UnixSocket::new(&*socket), health).start();
    let server = server.expect("a server");
    let address = server.local_addrs()[0];
    assert_eq!(get(address, "/health/levels/5").await.status, 200);
    assert_eq!(get(address, "/health/levels/1").await.status, 503);
    // A Unix socket has no address.
    assert_eq!(get_unix(&socket, "/health/levels/5").await.status, 200);
    assert_eq!(get_unix(&socket, "/health/levels/1").await.status, 403);
    server.stop().await;
}

#[tokio::test]
async fn checks_of_an_endpoint_run_on_the_applications_runtime() {
    let application = Handle::current().id();
    let check = Check::new("here", Level::L5, move || async move { Handle::current().id() == application });
    let health = builder([check.liveness()]).build().expect("a good endpoint");
    let server = serve_isolated(ANY_PORT, health).expect("a server");
    assert_eq!(get(server.local_addrs()[0], "/livez").await.status, 200);
    server.stop().await;
}

/// Streams are limited by the address of the client, which the endpoint is told even though access admits everybody.
#[tokio::test]
async fn streams_of_an_endpoint_are_limited_by_address() {
    let health = builder(checks()).event_streams(8).build().expect("a good endpoint");
    let server = start(&health);
    let request = "GET /health/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut statuses = Vec::new();
    let mut open = Vec::new();
    for _ in 0..3 {
        let (status, stream) = first_line(server.local_addrs()[0], request).await;
        statuses.push(status);
        open.push(stream);
    }
    assert_eq!(statuses, ["200", "200", "503"]);
    drop(open);
    server.stop().await;
}

async fn first_line(address: SocketAddr, request: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.expect("a server");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut bytes = [0; 12];
    stream.read_exact(&mut bytes).await.expect("a status line");
    (String::from_utf8_lossy(&bytes[9..]).into_owned(), stream)
}

/// A scrape runs no check, but it starts background checks that nothing else has started.
#[test]
fn scrape_starts_background_checks_on_the_applications_runtime() {
    let (sender, ran_on) = mpsc::channel();
    let check = Check::new("here", Level::L5, move || {
        let sender = sender.clone();
        async move { sender.send(Handle::current().id()).is_ok() }
    });
    // Outside of a runtime, so that nothing runs yet.
    let health = builder([check.interval(Duration::from_millis(100))]).build().expect("a good endpoint");
    let application = Runtime::new().expect("a runtime");
    application.block_on(async {
        let server = serve_isolated(ANY_PORT, health).expect("a server");
        assert_eq!(get(server.local_addrs()[0], "/health/metrics").await.status, 200);
        let ran_on = spawn_blocking(move || ran_on.recv_timeout(Duration::from_secs(30))).await.expect("a thread");
        assert_eq!(ran_on, Ok(Handle::current().id()));
        server.stop().await;
    });
}
