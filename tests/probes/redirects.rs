//! `probes::http`: redirects, which are followed only if the user says so.

use health_runtime::{Outcome, Status, probes};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use super::server::{Server, answer, head, header};

const CANARY: &str = "canary-Zx81-secret";

fn redirect(status: &str, location: &str) -> String {
    format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// Starts a server that redirects each path to the next number, up to this one.
async fn chain(last: u32) -> (Server, mpsc::UnboundedReceiver<String>) {
    let (sent, requests) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let sent = sent.clone();
        async move {
            let request = head(&mut stream).await;
            let path = request.split(' ').nth(1).unwrap_or_default();
            let number: u32 = path.trim_start_matches('/').parse().unwrap_or_default();
            let next =
                if number < last { redirect("302 Found", &format!("/{}", number + 1)) } else { answer("200 OK", "") };
            let _ = sent.send(request);
            let _ = stream.write_all(next.as_bytes()).await;
        }
    })
    .await;
    (server, requests)
}

fn assert_is(outcome: &Outcome, status: Status, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), status, "{message}");
    assert!(message.contains(part) && !message.contains(CANARY), "{message}");
}

#[tokio::test]
async fn redirects_are_followed_up_to_the_limit() {
    let (server, mut requests) = chain(3).await;
    let probe = probes::http(server.url("/0")).header("x-token", CANARY);
    let text = format!("{} led to {}, which answered 200 OK", server.url("/0"), server.url("/3"));
    assert_is(&probe.clone().follow_redirects(3).observe().await, Status::Pass, &text);
    for number in 0..=3 {
        let request = requests.recv().await.expect("a request");
        assert!(request.starts_with(&format!("GET /{number} HTTP/1.1\r\n")), "{request}");
        assert_eq!(header(&request, "x-token"), Some(CANARY));
    }
    let text = "answered 302 Found, a redirect to /3, which is not followed, because 2 were followed before it";
    assert_is(&probe.clone().follow_redirects(2).observe().await, Status::Fail, text);
    let text = "answered 302 Found, a redirect to /1, which is not followed";
    assert!(probe.observe().await.message().is_some_and(|message| message.ends_with(text)));
}

#[tokio::test]
async fn loop_ends_at_the_limit() {
    let server = Server::answering(redirect("308 Permanent Redirect", "?again")).await;
    let outcome = probes::http(server.url("/")).follow_redirects(5).observe().await;
    assert_is(&outcome, Status::Fail, "because 5 were followed before it");
    assert_eq!(server.connections(), 6);
}

#[tokio::test]
async fn credentials_stay_on_the_users_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    std::fs::write(&token, CANARY).expect("a file");
    let (elsewhere, mut requests) = Server::recording(answer("200 OK", "")).await;
    // Another port of the same host is another service.
    let server = Server::answering(redirect("307 Temporary Redirect", &elsewhere.url("/there?a=b"))).await;
    let probe = probes::http(server.url("/"))
        .bearer_file(token)
        .header("x-token", CANARY)
        .header("host", "canary.internal")
        .follow_redirects(1);
    assert_is(&probe.observe().await, Status::Pass, "answered 200 OK");
    let request = requests.recv().await.expect("a request");
    assert!(request.starts_with("GET /there?a=b HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("anary"), "{request}");
    assert_eq!(header(&request, "host"), Some(elsewhere.address.to_string().as_str()));
    assert!(header(&request, "accept").is_some());
}

#[tokio::test]
async fn unsafe_targets_are_named_and_not_followed() {
    for (location, part) in [
        (
            "ftp://elsewhere/file",
            "a redirect to ftp://elsewhere/file, which is not followed, because it is not a valid",
        ),
        (
            "http://user:canary-Zx81-secret@elsewhere/",
            "a redirect to http://elsewhere/, which is not followed, because it",
        ),
        ("http://elsewhere:99999/", "which is not followed, because it is not a valid"),
        ("/login?token=canary-Zx81-secret x", "a redirect to an invalid URL, which is not followed"),
    ] {
        let server = Server::answering(redirect("302 Found", location)).await;
        let probe = probes::http(server.url("/")).follow_redirects(3);
        assert_is(&probe.observe().await, Status::Fail, part);
        assert_eq!(server.connections(), 1);
    }
    // Without a location, and with a choice of them.
    for response in ["HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", &redirect("300 Multiple Choices", "/a")] {
        let server = Server::answering(response).await;
        let outcome = probes::http(server.url("/")).follow_redirects(3).observe().await;
        assert_is(&outcome, Status::Fail, "answered 30");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn method_and_body_follow_the_status_code() {
    for (status, method, expected) in [
        ("301 Moved Permanently", "POST", "GET / HTTP/1.1"),
        ("302 Found", "POST", "GET / HTTP/1.1"),
        ("303 See Other", "POST", "GET / HTTP/1.1"),
        ("303 See Other", "HEAD", "HEAD / HTTP/1.1"),
        ("307 Temporary Redirect", "HEAD", "HEAD / HTTP/1.1"),
        ("308 Permanent Redirect", "OPTIONS", "OPTIONS / HTTP/1.1"),
    ] {
        let (elsewhere, mut requests) = Server::recording("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let server = Server::answering(redirect(status, &elsewhere.url("/"))).await;
        let body = if method == "POST" { CANARY } else { "" };
        let probe = probes::http(server.url("/")).method(method).request_body(body).follow_redirects(1);
        assert_is(&probe.observe().await, Status::Pass, "answered 200 OK");
        let request = requests.recv().await.expect("a request");
        assert!(request.starts_with(expected), "{status} {method}: {request}");
        assert!(matches!(header(&request, "content-length"), None | Some("0")), "{request}");
    }
}

#[tokio::test]
async fn body_is_repeated_on_the_users_host_alone() {
    let server = Server::start(|mut stream| async move {
        let request = head(&mut stream).await;
        let mut body = vec![0; CANARY.len()];
        let is_whole = stream.read_exact(&mut body).await.is_ok() && body == CANARY.as_bytes();
        let response = match request.starts_with("POST /there ") {
            true if is_whole => answer("200 OK", ""),
            true => answer("400 Bad Request", ""),
            false => redirect("307 Temporary Redirect", "/there"),
        };
        let _ = stream.write_all(response.as_bytes()).await;
    })
    .await;
    let probe = |url: String| probes::http(url).method("POST").request_body(CANARY).follow_redirects(1);
    assert_is(&probe(server.url("/")).observe().await, Status::Pass, "answered 200 OK");

    let (elsewhere, _requests) = Server::recording(answer("200 OK", "")).await;
    let leading_away = Server::answering(redirect("308 Permanent Redirect", &elsewhere.url("/"))).await;
    let outcome = probe(leading_away.url("/")).observe().await;
    assert_is(&outcome, Status::Fail, "which is not followed, because the body is not for another host");
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn bandwidth_follows_redirects_as_well() {
    let data = Server::answering(answer("200 OK", &"x".repeat(512 * 1024))).await;
    let server = Server::answering(redirect("302 Found", &data.url("/1MiB.bin"))).await;
    let probe = probes::bandwidth(server.url("/"), 1);
    assert_is(&probe.observe().await, Status::Fail, "which is not followed, so there is nothing to measure");
    assert_eq!(probe.follow_redirects(1).observe().await.status(), Status::Pass);
}
