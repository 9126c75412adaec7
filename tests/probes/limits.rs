//! `probes::http` against broken and hostile servers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Outcome, Status, probes};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::server::{Server, answer, head};

const SHORT_TIMEOUT: Duration = Duration::from_millis(300);

async fn observe(server: &Server) -> Outcome {
    probes::http(server.url("/health?token=secret")).timeout(SHORT_TIMEOUT).observe().await
}

fn assert_fails(outcome: &Outcome, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), Status::Fail, "{message}");
    assert!(message.contains(part) && !message.contains("secret"), "{message}");
}

#[tokio::test]
async fn closed_port_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let outcome = probes::http(format!("http://{address}/")).observe().await;
    assert_fails(&outcome, "cannot be connected to: tcp connect error: Connection refused");
}

#[tokio::test]
async fn reset_connection_fails() {
    let server = Server::start(|mut stream| async move {
        head(&mut stream).await;
        stream.set_zero_linger().expect("a setting");
    })
    .await;
    assert_fails(&observe(&server).await, "does not answer in HTTP: connection error: Connection reset by peer");
}

#[tokio::test]
async fn unknown_host_fails() {
    // RFC 2606 reserves the name, so it does not exist.
    let outcome = probes::http("http://nowhere.invalid/").timeout(SHORT_TIMEOUT).observe().await;
    let message = outcome.message().unwrap_or_default();
    let is_slow = message == "http://nowhere.invalid/ could not be connected to within 270ms";
    assert!(
        is_slow || message.contains("cannot be connected to: the name `nowhere.invalid` does not resolve: "),
        "{message}"
    );
}

#[tokio::test]
async fn silent_server_fails_at_the_deadline() {
    let (server, mut closings) = Server::stalling("").await;
    assert_fails(&observe(&server).await, "did not answer within 270ms");
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn endless_head_fails() {
    let (server, mut closings) = Server::endless("HTTP/1.1 200 OK\r\nX: ", vec![b'a'; 16 * 1024], Duration::ZERO).await;
    let outcome = probes::http(server.url("/")).observe().await;
    assert_fails(&outcome, "does not answer in HTTP: ");
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn too_many_headers_fail() {
    let (server, _closings) =
        Server::endless("HTTP/1.1 200 OK\r\n", b"X: a\r\n".repeat(1_000), Duration::from_millis(1)).await;
    assert_fails(&probes::http(server.url("/")).observe().await, "does not answer in HTTP: ");
}

#[tokio::test]
async fn slow_head_fails_at_the_deadline() {
    let (server, mut closings) = Server::endless("HTTP/1.1 200 OK\r\nX: ", vec![b'a'], SHORT_TIMEOUT / 10).await;
    assert_fails(&observe(&server).await, "did not answer within 270ms");
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn slow_body_fails_at_the_deadline() {
    let (server, mut closings) = Server::endless("HTTP/1.1 200 OK\r\n\r\n", vec![b' '], SHORT_TIMEOUT / 10).await;
    assert_fails(&observe(&server).await, "answered 200 OK, but its body did not end within 270ms");
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn endless_body_is_ignored() {
    for intro in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"] {
        let (server, mut closings) = Server::endless(intro, vec![b' '; 16 * 1024], Duration::ZERO).await;
        let outcome = probes::http(server.url("/")).observe().await;
        assert_eq!(outcome.status(), Status::Pass);
        assert!(outcome.message().is_some_and(|text| text.ends_with("with a body too long to be read")), "{outcome:?}");
        closings.recv().await.expect("the connection was closed");
    }
}

#[tokio::test]
async fn missing_body_fails_at_the_deadline() {
    let (server, mut closings) =
        Server::stalling("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{\"status\"").await;
    assert_fails(&observe(&server).await, "its body did not end");
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn malformed_responses_fail() {
    for (bytes, part) in [
        ("", "does not answer in HTTP: "),
        ("HTTP/1.1 200", "does not answer in HTTP: "),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "answered 200 OK, but its body broke off: "),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "answered 200 OK, but its body broke off: "),
        ("SSH-2.0-OpenSSH_9.9\r\n", "does not answer in HTTP: "),
        ("HTTP/1.1 abc OK\r\n\r\n", "does not answer in HTTP: "),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "does not answer in HTTP: "),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "does not answer in HTTP: "),
        ("\u{0}\u{1}\u{2}\u{fffd}", "does not answer in HTTP: "),
    ] {
        let server = Server::answering(bytes).await;
        assert_fails(&observe(&server).await, part);
    }
}

#[tokio::test]
async fn dropped_run_closes_its_connection() {
    for intro in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"] {
        let (server, mut closings) = Server::stalling(intro).await;
        let probe = probes::http(server.url("/")).timeout(Duration::from_hours(1));
        let run = tokio::spawn(async move { probe.observe().await });
        while server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        run.abort();
        closings.recv().await.expect("the connection was closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_runs_leave_no_connection() {
    let open = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&open);
    let server = Server::start(move |mut stream| {
        let open = Arc::clone(&counter);
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            head(&mut stream).await;
            let _ = stream.write_all(answer("200 OK", r#"{"status":"pass"}"#).as_bytes()).await;
            // The client closes, or this waits forever.
            let _ = stream.read_to_end(&mut Vec::new()).await;
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("token"), "token").expect("a file");
    let probe = probes::http(server.url("/")).bearer_file(folder.path().join("token"));
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let probe = probe.clone();
        runs.spawn(async move {
            for _ in 0..500 {
                let outcome = probe.observe().await;
                assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
            }
        });
    }
    runs.join_all().await;
    assert_eq!(server.connections(), 10_000);
    while open.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn long_headers_are_cut_in_the_message() {
    let long = "a".repeat(20_000);
    for (response, part) in [
        (format!("HTTP/1.1 302 Found\r\nLocation: /{long}\r\nContent-Length: 0\r\n\r\n"), "a redirect to /aaa"),
        (format!("HTTP/1.1 200 OK\r\nContent-Encoding: {long}\r\nContent-Length: 2\r\n\r\nok"), "encoding `aaa"),
    ] {
        let server = Server::answering(response).await;
        let outcome = probes::http(server.url("/")).observe().await;
        let message = outcome.message().unwrap_or_default();
        assert!(message.contains(part) && message.len() < 2_000, "{} bytes: {message:.200}", message.len());
    }
}

#[tokio::test]
async fn identity_is_not_an_encoding_in_any_case() {
    for encoding in ["identity", "Identity", ""] {
        let response = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 17\r\n\r\n{{\"status\":\"down\"}}"
        );
        let server = Server::answering(response).await;
        let outcome = probes::http(server.url("/")).observe().await;
        assert_eq!(outcome.status(), Status::Fail, "{encoding}: {outcome:?}");
    }
}
