//! `probes::http`: status codes, methods and bodies that the user expects.

use std::time::Duration;

use health_runtime::{
    Status::{self, Fail, Pass, Warn},
    probes::{self, HttpProbe},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server::{Server, answer, head};

/// Observes a server with this response. Returns the status, and the message without the URL.
async fn observe(response: impl AsRef<[u8]>, set: impl FnOnce(HttpProbe) -> HttpProbe) -> (Status, String) {
    let server = Server::answering(response).await;
    let outcome = set(probes::http(server.url("/"))).timeout(Duration::from_secs(2)).observe().await;
    let message = outcome.message().unwrap_or_default();
    (outcome.status(), message.strip_prefix(&server.url("/ ")).unwrap_or(message).to_owned())
}

#[tokio::test]
async fn codes_pass_warn_or_fail() {
    for (status, expected) in [
        ("200 OK", Pass),
        ("473 Performance Standby", Pass),
        ("429 Too Many Requests", Warn),
        ("503 Service Unavailable", Warn),
        ("204 No Content", Fail),
    ] {
        let set = |probe: HttpProbe| probe.accepted_codes([200, 473]).warning_codes(vec![429, 503, 200]);
        assert_eq!(observe(answer(status, ""), set).await.0, expected, "{status}");
    }
    let strict = |probe: HttpProbe| probe.warning_codes([]);
    assert_eq!(observe(answer("429 Too Many Requests", ""), strict).await.0, Fail);
}

#[tokio::test]
async fn json_values_have_their_statuses() {
    let colors = |probe: HttpProbe| probe.json("/status", [("green", Pass), ("yellow", Warn), ("red", Fail)]);
    for (code, body, status, message) in [
        ("200 OK", r#"{"status":"green"}"#, Pass, "answered 200 OK, and reports `green` at `/status`"),
        ("200 OK", r#"{"status":"yellow"}"#, Warn, "answered 200 OK, and reports `yellow` at `/status`"),
        ("200 OK", r#"{"status":"red"}"#, Fail, "answered 200 OK, and reports `red` at `/status`"),
        (
            "200 OK",
            r#"{"status":"blue"}"#,
            Fail,
            "answered 200 OK, and reports `blue` at `/status` instead of `green` or `yellow` or `red`",
        ),
        ("200 OK", r#"{"state":"green"}"#, Fail, "answered 200 OK, but its body has no `/status`"),
        ("200 OK", r#"{"status":"#, Fail, "answered 200 OK, but its body is not valid JSON at line 1, column 10"),
        ("200 OK", "<html>", Fail, "answered 200 OK, but its body is not valid JSON at line 1, column 1"),
        ("200 OK", "", Fail, "answered 200 OK, without a body"),
        // The page of an error is not worth another complaint, but a report in it is.
        ("401 Unauthorized", "<html>", Fail, "answered 401 Unauthorized"),
        (
            "503 Unavailable",
            r#"{"status":"red"}"#,
            Fail,
            "answered 503 Service Unavailable, and reports `red` at `/status`",
        ),
        (
            "503 Unavailable",
            r#"{"status":"green"}"#,
            Fail,
            "answered 503 Service Unavailable, and reports `green` at `/status`",
        ),
    ] {
        assert_eq!(observe(answer(code, body), colors).await, (status, message.to_owned()));
    }
}

#[tokio::test]
async fn word_at_status_is_ignored_if_other_values_are_expected() {
    let body = answer("200 OK", r#"{"status":"fail","sealed":false,"lag":0}"#);
    let set = |probe: HttpProbe| probe.json("/sealed", [(false, Pass)]).json("/lag", [(0, Pass), (1, Warn)]);
    let (status, message) = observe(body, set).await;
    assert_eq!(
        (status, message.as_str()),
        (Pass, "answered 200 OK, and reports `false` at `/sealed`, and reports `0` at `/lag`")
    );
}

#[tokio::test]
async fn text_is_searched_in_the_body() {
    for (body, status, message) in [
        ("Ok.\n", Pass, "answered 200 OK"),
        ("not ok", Fail, "answered 200 OK, but its body does not contain `Ok.`"),
        ("", Fail, "answered 200 OK, but its body does not contain `Ok.`"),
        // A word for health counts as well.
        (r#"{"status":"warn","a":"Ok."}"#, Warn, "answered 200 OK, and reports `warn`"),
    ] {
        let expected = (status, message.to_owned());
        assert_eq!(observe(answer("200 OK", body), |probe| probe.expected_text("Ok.")).await, expected);
    }
    let invalid_utf8 = b"HTTP/1.1 200 OK\r\n\r\n\xff\xfeOk.\xff";
    assert_eq!(observe(invalid_utf8, |probe| probe.expected_text("Ok.")).await.0, Pass);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nO\r\n2\r\nk.\r\n0\r\n\r\n";
    assert_eq!(observe(chunked, |probe| probe.expected_text("Ok.")).await.0, Pass);
}

#[tokio::test]
async fn unreadable_body_fails_if_something_is_expected_of_it() {
    let gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x08";
    let long = answer("200 OK", &format!("Ok.{}", " ".repeat(64 * 1024)));
    for (response, message) in [
        (gzip, "answered 200 OK, with a body in the encoding `gzip`, which is not read"),
        (&long, "answered 200 OK, with a body too long to be read"),
    ] {
        assert_eq!(observe(response, |probe| probe).await, (Pass, message.to_owned()));
        assert_eq!(observe(response, |probe| probe.expected_text("Ok.")).await, (Fail, message.to_owned()));
        assert_eq!(observe(response, |probe| probe.json("/a", [(1, Pass)])).await, (Fail, message.to_owned()));
    }
    let identity = "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\nOk.";
    assert_eq!(observe(identity, |probe| probe.expected_text("Ok.")).await.0, Pass);
}

#[tokio::test]
async fn response_to_head_has_no_body() {
    let (server, mut requests) = Server::recording("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").await;
    let outcome = probes::http(server.url("/")).method("HEAD").observe().await;
    assert_eq!(outcome.status(), Pass, "{outcome:?}");
    assert!(requests.recv().await.is_some_and(|request| request.starts_with("HEAD / HTTP/1.1\r\n")));
}

#[tokio::test]
async fn body_of_the_request_is_sent() {
    let question = r#"{"method":"eth_syncing"}"#;
    let server = Server::start(move |mut stream| async move {
        let request = head(&mut stream).await.to_ascii_lowercase();
        assert!(request.starts_with("post /rpc http/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("content-length: {}\r\n", question.len())), "{request}");
        let mut body = vec![0; question.len()];
        stream.read_exact(&mut body).await.expect("a body");
        let response = if body == question.as_bytes() { r#"{"result":false}"# } else { "{}" };
        let _ = stream.write_all(answer("200 OK", response).as_bytes()).await;
    })
    .await;
    let probe = probes::http(server.url("/rpc")).method("POST").request_body(question).json("/result", [(false, Pass)]);
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Pass, "{outcome:?}");
}
