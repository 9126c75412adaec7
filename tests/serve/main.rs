//! `Server`: several addresses, Unix sockets, and hostile clients.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod endpoints;
mod evictions;

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, extract::ConnectInfo, routing::get as answer_get};
use health_runtime::{Check, Level, Problem, Server, UnixSocket, serve_isolated};
use health_tests::{Answer, endpoint, exchange, get, request as ask, send};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::{Instant, sleep},
};

const ANY_PORT: &str = "127.0.0.1:0";

fn alive() -> Router {
    endpoint([Check::new("alive", Level::L5, || async { true }).liveness()]).router()
}

/// Sends a GET request over a Unix socket.
async fn get_unix(path: &Path, target: &str) -> Answer {
    exchange(UnixStream::connect(path).await.expect("a server"), &request(target)).await
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn each_address_serves_its_own_levels() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("health.sock");
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let health = endpoint([
        Check::new("deep", Level::L1, || async { true }),
        Check::new("alive", Level::L5, move || {
            let counted = Arc::clone(&counted);
            async move { counted.fetch_add(1, Ordering::SeqCst) < usize::MAX }
        })
        .max_age(Duration::from_mins(1))
        .liveness(),
    ]);
    let server = Server::new()
        .listen(ANY_PORT, health.levels(Level::L4..=Level::L5).router())
        .listen("localhost:0", health.without_levels().router())
        .listen_unix(&*socket, health.router())
        .start()
        .expect("a server");
    let &[public, probes] = server.local_addrs() else { panic!("two addresses: {:?}", server.local_addrs()) };
    for (target, at_public, at_probes, at_socket) in [
        ("/livez", 200, 200, 200),
        ("/health/levels/5", 200, 404, 200),
        ("/health/levels/1", 404, 404, 200),
        ("/health/checks/deep", 404, 404, 200),
    ] {
        assert_eq!(get(public, target).await.status, at_public, "{target}");
        assert_eq!(get(probes, target).await.status, at_probes, "{target}");
        assert_eq!(get_unix(&socket, target).await.status, at_socket, "{target}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1, "one run for all addresses");

    server.stop().await;
    assert!(TcpStream::connect(public).await.is_err());
    assert!(TcpStream::connect(probes).await.is_err());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
}

#[tokio::test]
async fn requests_carry_the_clients_address() {
    let peer = async |peer: Option<Extension<ConnectInfo<SocketAddr>>>| match peer {
        Some(Extension(ConnectInfo(address))) => address.to_string(),
        None => "nowhere".to_owned(),
    };
    let router = Router::new().route("/peer", answer_get(peer));
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let server = Server::new().listen(ANY_PORT, router.clone()).listen_unix(&*socket, router.clone()).start();
    let server = server.expect("a server");
    let isolated = serve_isolated(ANY_PORT, router).expect("a server");
    for address in [server.local_addrs()[0], isolated.local_addrs()[0]] {
        let stream = TcpStream::connect(address).await.expect("a server");
        let own = stream.local_addr().expect("an address").to_string();
        assert_eq!(exchange(stream, &request("/peer")).await.body, own);
    }
    assert_eq!(get_unix(&socket, "/peer").await.body, "nowhere");
    server.stop().await;
    isolated.stop().await;
}

#[tokio::test]
async fn socket_has_owner_permissions_by_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, shared) = (folder.path().join("own"), folder.path().join("shared"));
    let shared_socket = UnixSocket::new(&shared).with_mode(0o660);
    let server = Server::new().listen_unix(&*own, alive()).listen_unix(shared_socket, alive()).start();
    let server = server.expect("a server");
    let mode = |path| fs::metadata(path).expect("a socket").permissions().mode() & 0o777;
    assert_eq!((mode(&own), mode(&shared)), (0o600, 0o660));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no folder is left from binding");
    server.stop().await;
}

#[tokio::test]
async fn only_a_stale_socket_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s");
    let start = || Server::new().listen_unix(&*path, alive()).start();
    let fault = || match start().expect_err("the path is taken").problems() {
        [Problem::CannotListen { address, source, .. }] => {
            assert_eq!(address, path.to_str().expect("text"));
            source.to_string()
        }
        other => panic!("{other:?}"),
    };
    // Dropped, it leaves the file behind, like a killed process.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
    let server = start().expect("the socket is stale");
    assert_eq!(get_unix(&path, "/livez").await.body, "ok");

    assert_eq!(fault(), "another process listens on it");
    assert_eq!(get_unix(&path, "/livez").await.body, "ok", "the first server still listens");

    // Another process's socket stays when this server stops.
    fs::remove_file(&path).expect("a socket");
    let other = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    server.stop().await;
    assert!(fs::symlink_metadata(&path).expect("a file").file_type().is_socket());
    drop(other);

    fs::remove_file(&path).expect("a socket");
    fs::write(&path, "precious").expect("a file");
    assert_eq!(fault(), "the file is not a socket, so it is not replaced");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
    fs::remove_file(&path).expect("a file");
    std::os::unix::fs::symlink("elsewhere", &path).expect("a link");
    assert_eq!(fault(), "the file is not a socket, so it is not replaced");
}

#[tokio::test]
async fn start_error_lists_every_problem() {
    let taken = serve_isolated(ANY_PORT, alive()).expect("a server");
    let error = Server::new()
        .listen(taken.local_addrs()[0], alive())
        .listen(ANY_PORT, alive())
        .listen("nonsense", alive())
        .listen_unix("/nonexistent/health.sock", alive())
        .start()
        .expect_err("three of four addresses fail");
    let addresses: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| match problem {
            Problem::CannotListen { address, .. } => address.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(addresses, [&taken.local_addrs()[0].to_string(), "nonsense", "/nonexistent/health.sock"]);
    assert!(error.to_string().contains("cannot listen on /nonexistent/health.sock: "), "{error}");

    let nowhere = Server::new().start().expect_err("no address");
    assert!(nowhere.to_string().contains("no address was given"), "{nowhere}");
    taken.stop().await;
}

#[tokio::test]
async fn connection_serves_many_requests() {
    let server = serve_isolated(ANY_PORT, alive()).expect("a server");
    let mut stream = TcpStream::connect(server.local_addrs()[0]).await.expect("a server");
    for _ in 0..3 {
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is open");
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).await.expect("an answer");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert!(answer[..length].ends_with(b"\r\n\r\nok"));
    }
    // An idle connection does not delay the shutdown.
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(stream.read(&mut [0; 1]).await.expect("closed in order"), 0);
}

#[tokio::test]
async fn shutdown_waits_for_responses_in_progress() {
    let slow = Check::new("slow", Level::L5, || async {
        sleep(Duration::from_millis(300)).await;
        true
    });
    let server = serve_isolated(ANY_PORT, endpoint([slow]).router()).expect("a server");
    let mut stream = TcpStream::connect(server.local_addrs()[0]).await.expect("a server");
    stream.write_all(request("/health/levels/5").as_bytes()).await.expect("it is open");
    sleep(Duration::from_millis(100)).await;
    let (answer, ()) = tokio::join!(
        async {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("an answer");
            answer
        },
        server.stop()
    );
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
}

/// A head is kept in memory until its end, so 256 heads must not be large.
#[tokio::test]
async fn long_head_is_refused() {
    let server = serve_isolated(ANY_PORT, alive()).expect("a server");
    let ask = async |length: usize| {
        let stream = TcpStream::connect(server.local_addrs()[0]).await.expect("a server");
        let head =
            format!("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {}\r\n\r\n", "x".repeat(length));
        exchange(stream, &head).await.status
    };
    assert_eq!((ask(20_000).await, ask(60_000).await), (200, 431));
    server.stop().await;
}

/// Apache's `hcmethod=OPTIONS` sends this, whatever its configured path.
#[tokio::test]
async fn options_asterisk_is_answered_without_status() {
    let failing = Check::new("broken", Level::L5, || async { false }).liveness().readiness();
    let server = serve_isolated(ANY_PORT, endpoint([failing]).router()).expect("a server");
    let address = server.local_addrs()[0];
    assert_eq!(ask(address, "OPTIONS", "/readyz").await.status, 503);
    for request in ["OPTIONS * HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] {
        let answer = send(address, request).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{request}");
    }
    assert_eq!(ask(address, "GET", "*").await.status, 404);
    server.stop().await;
}

/// Returns the number of open files, on systems that report it.
fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

#[tokio::test]
async fn stopped_server_leaves_no_open_files() {
    if open_files().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // Other tests open and close files meanwhile: their number falls again, that of a leak does not.
    let mut fewest = usize::MAX;
    let before = open_files().expect("a number");
    for _ in 0..200 {
        let server = Server::new().listen(ANY_PORT, alive()).listen_unix(folder.path().join("s"), alive()).start();
        let server = server.expect("a server");
        let _silent = TcpStream::connect(server.local_addrs()[0]).await.expect("a server");
        assert_eq!(get(server.local_addrs()[0], "/livez").await.body, "ok");
        server.stop().await;
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while fewest >= before + 200 && Instant::now() < deadline {
        fewest = fewest.min(open_files().expect("a number"));
        sleep(Duration::from_millis(20)).await;
    }
    assert!(fewest < before + 200, "{before} files were open, and now {fewest}");
}
