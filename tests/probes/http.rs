//! `probes::http`: requests and statuses.

use std::time::Duration;

use health_runtime::{
    Check, Level, Outcome, Status,
    probes::{self, HttpProbe},
};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{
    fault, faults,
    server::{Server, answer},
};

async fn observe(answer: impl AsRef<[u8]>) -> Outcome {
    let server = Server::answering(answer).await;
    probes::http(server.url("/health")).observe().await
}

#[tokio::test]
async fn worse_of_code_and_body_counts() {
    for (status, body, expected) in [
        ("200 OK", "", Status::Pass),
        ("204 No Content", "", Status::Pass),
        ("200 OK", "anything", Status::Pass),
        ("200 OK", r#"{"status":"pass"}"#, Status::Pass),
        ("200 OK", r#"{"status":"UP"}"#, Status::Pass),
        ("200 OK", r#"{"status":"warn"}"#, Status::Warn),
        ("200 OK", r#"{"status":"fail"}"#, Status::Fail),
        ("200 OK", r#"{"status":"DOWN"}"#, Status::Fail),
        ("429 Too Many Requests", "", Status::Warn),
        ("429 Too Many Requests", r#"{"status":"pass"}"#, Status::Warn),
        ("429 Too Many Requests", r#"{"status":"fail"}"#, Status::Fail),
        ("503 Service Unavailable", "", Status::Fail),
        ("503 Service Unavailable", r#"{"status":"pass"}"#, Status::Fail),
        ("503 Service Unavailable", r#"{"status":"warn"}"#, Status::Fail),
        ("404 Not Found", "", Status::Fail),
        ("500 Internal Server Error", "", Status::Fail),
        ("999 Beyond", "", Status::Fail),
    ] {
        let outcome = observe(answer(status, body)).await;
        assert_eq!(outcome.status(), expected, "{status} {body}: {outcome:?}");
        assert_eq!(outcome.data(), None, "a boolean in the values view");
    }
}

#[tokio::test]
async fn message_names_code_and_reported_status() {
    let server = Server::answering(answer("503 Service Unavailable", r#"{"status":"DOWN"}"#)).await;
    let outcome = probes::http(server.url("/health?token=secret")).observe().await;
    let expected = format!("{} answered 503 Service Unavailable, and reports `fail`", server.url("/health"));
    assert_eq!(outcome.message(), Some(expected.as_str()));
}

#[tokio::test]
async fn body_of_every_framing_is_read() {
    for answer in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"statu\r\na\r\ns\":\"warn\"}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"warn\"}",
        "HTTP/1.0 200 OK\r\n\r\n{\"status\":\"warn\"}",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"status\":\"warn\"}\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\n{\"status\":\"warn\"}\n",
    ] {
        assert_eq!(observe(answer).await.status(), Status::Warn, "{answer}");
    }
}

#[tokio::test]
async fn redirect_is_named_and_not_followed() {
    let outcome = observe("HTTP/1.1 302 Found\r\nLocation: /login?next=secret\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(outcome.status(), Status::Fail);
    let message = outcome.message().unwrap_or_default();
    assert!(message.ends_with("answered 302 Found, a redirect to /login, which is not followed"), "{message}");

    let elsewhere = Server::answering(answer("200 OK", "")).await;
    let redirect = format!("HTTP/1.1 301 Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url("/"));
    assert_eq!(observe(redirect).await.status(), Status::Fail);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn other_codes_can_be_accepted() {
    let server = Server::answering(answer("401 Unauthorized", "")).await;
    let there = probes::http(server.url("/")).accepted_codes(401..=401);
    assert_eq!(there.observe().await.status(), Status::Pass);
    let strict = Server::answering(answer("200 OK", "")).await;
    assert_eq!(probes::http(strict.url("/")).accepted_codes(401..=401).observe().await.status(), Status::Fail);
}

#[tokio::test]
async fn request_has_all_headers() {
    let (server, mut requests) = Server::recording(answer("200 OK", "")).await;
    let probe = probes::http(server.url("/a/b?c=d#e"))
        .header("Authorization", "Bearer secret")
        .header("accept", "text/plain")
        .header("accept", "application/json");
    assert_eq!(probe.observe().await.status(), Status::Pass);
    let request = requests.recv().await.expect("a request");
    let mut lines: Vec<_> = request.lines().collect();
    lines.sort_unstable();
    let host = format!("host: {}", server.address);
    let mut expected = [
        "",
        "GET /a/b?c=d HTTP/1.1",
        "accept: application/json",
        "accept-encoding: identity",
        "authorization: Bearer secret",
        "connection: close",
        &host,
        concat!("user-agent: health-runtime/", env!("CARGO_PKG_VERSION")),
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    assert!(!format!("{probe:?}").contains("secret"), "{probe:?}");
}

#[tokio::test]
async fn every_run_opens_a_connection() {
    let server = Server::answering(answer("200 OK", "")).await;
    let probe = probes::http(server.url("/"));
    for run in 1..=3 {
        assert_eq!(probe.observe().await.status(), Status::Pass);
        assert_eq!(server.connections(), run);
    }
}

#[tokio::test]
async fn concurrent_runs_do_not_affect_each_other() {
    let server = Server::answering(answer("200 OK", r#"{"status":"pass"}"#)).await;
    let probe = probes::http(server.url("/"));
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let probe = probe.clone();
        runs.spawn(async move { probe.observe().await.status() });
    }
    assert_eq!(runs.join_all().await, vec![Status::Pass; 50]);
}

#[test]
fn defaults_follow_the_level() {
    let check = Check::from(probes::http("http://billing.internal:8080/health?token=secret"));
    let spec = check.spec();
    assert_eq!((spec.name(), spec.level()), ("http_billing.internal_8080", Level::L3));
    assert_eq!(spec.timeout(), Duration::from_secs(5));
    assert!(spec.is_critical() && !spec.is_flattened());

    let other = probes::http("http://a/").name("a").level(Level::L1);
    let check = Check::from(other.clone()).critical(false).readiness();
    assert_eq!((check.spec().name(), check.spec().timeout()), ("a", Duration::from_secs(10)));
    assert_eq!(Check::from(other.timeout(Duration::from_secs(1))).spec().timeout(), Duration::from_secs(1));
}

type Setting = fn(HttpProbe) -> HttpProbe;

#[test]
fn invalid_settings_are_start_up_errors_at_the_users_line() {
    let here = format!("{}:{}", file!(), line!() + 1);
    let probe = probes::http("http://user:secret@host/");
    let (location, text) = faults(probe.name("a")).remove(0);
    assert_eq!(location, here);
    assert!(text.contains("credentials") && !text.contains("secret"), "{text}");

    assert!(fault(probes::http("ftp://host/")).contains("must begin with"));
    assert!(fault(probes::http("/health")).contains("absolute"));
    let settings: &[(Setting, &str)] = &[
        (|probe| probe.accepted_codes(200..=1_000), "1000 is not a valid status code"),
        (|probe| probe.accepted_codes([]), "no status code is accepted"),
        (|probe| probe.warning_codes([99]), "99 is not a valid status code"),
        (|probe| probe.method("get"), "`get` is not a valid method"),
        (|probe| probe.method("CONNECT"), "`CONNECT` is not a valid method"),
        (|probe| probe.method("A B"), "`A B` is not a valid method"),
        (|probe| probe.method("HEAD").expected_text("ok"), "the response to `HEAD` has no body"),
        (|probe| probe.expected_text(""), "its expected text is empty"),
        (|probe| probe.json("status", [("green", Status::Pass)]), "write `/status`"),
        (|probe| probe.basic_auth("a:b", "secret"), "contains a colon"),
        (|probe| probe.header("Proxy-Authorization", "secret"), "cannot be set"),
        (
            |probe| probe.bearer_file("/nowhere/token"),
            "`/nowhere/token`, the file of the header `authorization`, cannot be read: No such file",
        ),
        (|probe| probe.proxy("http://user:secret@"), "the proxy is not a valid address"),
        (|probe| probe.proxy("socks5://user:secret@a:1"), "the proxy is not a valid address"),
        (|probe| probe.proxy("http://user:secret@a:99999"), "the proxy is not a valid address"),
        (|probe| probe.header("bad name", "x"), "not a valid name of a header"),
        (|probe| probe.header("x-token", "se\ncret"), "value of the header `x-token`"),
        (|probe| probe.header("Connection", "keep-alive"), "cannot be set"),
        (|probe| probe.connect_timeout(Duration::ZERO), "timeout for connecting is zero"),
    ];
    for (set, part) in settings {
        let text = fault(set(probes::http("http://a/")));
        assert!(text.contains(part) && !text.contains("secret"), "{text}");
    }
    let probe = probes::http("ftp://host/")
        .header("bad name", "x")
        .header_file("x-token", "/nowhere/token")
        .accepted_codes(1..=2)
        .method("")
        .json("", [(0, Status::Pass), (0, Status::Fail)])
        .proxy(":")
        .connect_timeout(Duration::ZERO);
    let faults = faults(probe);
    assert_eq!(faults.len(), 9, "{faults:#?}");
}

/// hyper would ignore a port that is out of range, and ask another service at port 80.
#[test]
fn port_out_of_range_is_a_start_up_error() {
    for port in ["0", "00", "65536", "99999", "18446744073709551697", "", "+80", "-1", "8o80", "80 ", "0x50"] {
        let url = format!("http://127.0.0.5:{port}/");
        assert_eq!(faults(probes::http(&url)).len(), 1, "{url}");
        assert_eq!(faults(probes::bandwidth(&url, 1)).len(), 1, "{url}");
    }
    for host in ["127.0.0.5", "[::1]", "billing.internal"] {
        let text = fault(probes::http(format!("https://{host}:65536/")));
        assert!(text.contains("invalid port; write a whole number from 1 to 65535"), "{text}");
        for port in ["", ":1", ":80", ":00080", ":65535"] {
            assert!(faults(probes::http(format!("http://{host}{port}/health"))).is_empty(), "{host}{port}");
        }
    }
}

proptest! {
    #[test]
    fn port_is_valid_only_from_1_to_65535(port in "[0-9]{1,7}|[+-]?[0-9a-fx]{0,6}") {
        let is_valid = port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u128>().is_ok_and(|port| (1..=65_535).contains(&port));
        for host in ["127.0.0.5", "[::1]"] {
            let faults = faults(probes::http(format!("http://{host}:{port}/?token=secret")));
            prop_assert_eq!(faults.is_empty(), is_valid, "{} {:?}", port, faults);
            prop_assert!(faults.iter().all(|(_, text)| !text.contains("secret")));
        }
    }
}

#[tokio::test]
async fn observe_fails_with_invalid_settings() {
    let outcome = probes::http("ftp://host/").observe().await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(outcome.message().is_some_and(|text| text.contains("must begin with")));
}
