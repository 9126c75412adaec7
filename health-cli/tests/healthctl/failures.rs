use std::time::Duration;

use health_runtime::{Level, Status};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    healthctl,
    services::{check, hanging, named, url_of},
    stub::{Reply, Stub, response},
    with_secret,
};

/// Much longer than the time limits of these tests, and much shorter than those of the services.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn service_that_is_down_is_named_with_a_hint() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    for scheme in ["http", "https", "grpc"] {
        let ended = healthctl(&["check", &format!("{scheme}://{free}")]).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.err.contains("Connection refused") && ended.err.contains("is this its port?"), "{ended:?}");
    }
    let ended = healthctl(&["check", "http://no-such-host.invalid"]).await;
    assert!(ended.err.contains("is the name of the host right?"), "{ended:?}");
    let ended = healthctl(&["check", "unix:/nowhere/orders.sock"]).await;
    assert!(ended.err.contains("is this the path of its socket?"), "{ended:?}");
}

#[tokio::test]
async fn time_limit_holds_for_the_whole_answer() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 100000\r\n\r\n";
    let body = format!("{head}{}", "x".repeat(1000));
    for (reply, part) in [
        (Reply::Silence, "does not answer"),
        (Reply::Drip(head.into()), "does not answer"),
        (Reply::Bytes(head.into()), "body does not end"),
        (Reply::Bytes(body.into()), "body does not end"),
    ] {
        let stub = Stub::with(reply).await;
        for url in [stub.url("/health"), stub.url("")] {
            let begin = Instant::now();
            let ended = healthctl(&["check", &url, "--timeout", "300ms"]).await;
            assert_eq!(ended.code, 1, "{ended:?}");
            assert!(ended.err.contains(part) && ended.err.contains("within 300 ms"), "{part}: {ended:?}");
            assert!(begin.elapsed() < PATIENCE, "{part}");
        }
    }
}

#[tokio::test]
async fn service_reports_its_slow_checks_before_the_time_is_over() {
    let url = url_of(named("orders", [hanging(), check("db", Level::L1, Status::Pass)])).await;
    let ended = healthctl(&["check", &url, "--level", "1", "--timeout", "2s", "--json"]).await;
    let report = ended.json();
    assert_eq!((ended.code, report["status"].as_str()), (1, Some("fail")), "{ended:?}");
    let checks = report["checks"].as_array().expect("checks");
    let cause = |name: &str| checks.iter().find(|check| check["name"] == name).expect("the check")["cause"].clone();
    assert_eq!((cause("slow").as_str(), cause("db").as_str()), (Some("timed_out"), None), "{report}");
}

#[tokio::test]
async fn long_body_is_not_read() {
    let body = format!(r#"{{"status":"UP","x":"{}"}}"#, "x".repeat(1024 * 1024));
    let stub = Stub::with(response("200 OK", "application/json", body)).await;
    let ended = healthctl(&["check", &stub.url("/health")]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("more than 1 MiB"), "{ended:?}");
}

#[tokio::test]
async fn broken_answers_are_explained() {
    for (bytes, part) in
        [(&b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..], "valid HTTP"), (b"\x15\x03\x01\x00\x02\x02\x46", "valid HTTP")]
    {
        let stub = Stub::with(Reply::Bytes(bytes.to_vec())).await;
        let ended = healthctl(&["check", &stub.url("/health"), "--timeout", "2s"]).await;
        assert_eq!(ended.code, 1);
        assert!(ended.err.contains(part), "{ended:?}");
    }
    let url = url_of(named("orders", [check("up", Level::L5, Status::Pass)])).await;
    let ended = healthctl(&["check", &url.replace("http", "https")]).await;
    assert!(ended.err.contains("does not speak TLS; is it `http://`"), "{ended:?}");
}

#[tokio::test]
async fn mistakes_in_the_command_have_a_code_of_their_own_and_quote_no_value() {
    for arguments in [
        &["check", "hunter2"][..],
        &["check", "http://ada:hunter2@127.0.0.1/"],
        &["check", "http://127.0.0.1", "hunter2"],
        &["check", "http://127.0.0.1", "--bearer=hunter2"],
        &["check", "http://127.0.0.1", "--bearer", "hunter2"],
        &["check", "http://127.0.0.1", "--token", "hunter2"],
        &["check", "http://127.0.0.1", "--password=hunter2"],
        &["check", "http://127.0.0.1", "-u", "ada:hunter2"],
        &["check", "http://127.0.0.1", "--basic", "ada:hunter2"],
        &["watch", "http://127.0.0.1", "hunter2"],
        &["run", "http://127.0.0.1", "db", "hunter2"],
        &["undrill", "http://127.0.0.1", "db", "--bearer", "hunter2"],
        &["mute", "http://127.0.0.1", "db", "2h", "--bearer", "hunter2"],
        &["drill", "http://127.0.0.1", "db", "fail", "5m", "--bearer", "hunter2"],
        &["http://ada:hunter2@127.0.0.1"],
    ] {
        let ended = with_secret("x", arguments).await;
        assert_eq!(ended.code, 64, "{arguments:?}: {ended:?}");
        assert!(
            !ended.err.contains("hunter2") && !ended.err.is_empty() && ended.out.is_empty(),
            "{arguments:?}: {ended:?}"
        );
    }
    for arguments in [
        &["check"][..],
        &["checks", "http://127.0.0.1"],
        &["check", "http://127.0.0.1", "--level", "6"],
        &["check", "http://127.0.0.1", "--timeout", "5"],
        &["check", "http://127.0.0.1", "--level", "1", "--group", "ready"],
        &["check", "http://127.0.0.1", "--bearer"],
        &["check", "http://127.0.0.1", "--bearer", "--basic", "ada"],
        &["check", "http://127.0.0.1", "--secret-file", "/nowhere"],
        &["check", "https://127.0.0.1", "--root-file", "/nowhere"],
        &["mute", "http://127.0.0.1", "db", "2", "why"],
    ] {
        let ended = healthctl(arguments).await;
        assert_eq!(ended.code, 64, "{arguments:?}: {ended:?}");
        assert!(!ended.err.is_empty() && ended.out.is_empty(), "{arguments:?}: {ended:?}");
    }
}
