//! `probes::bandwidth`.

use std::time::Duration;

use health_runtime::{Check, Level, Outcome, Status, probes};
use serde_json::{Value, json};

use super::{
    faults,
    server::{Server, answer},
};

fn data(outcome: &Outcome) -> (Value, Value) {
    let data = outcome.data().expect("data");
    assert_eq!(data.as_object().map(serde_json::Map::len), Some(2));
    (data["bytes_per_second"].clone(), data["is_bandwidth_sufficient"].clone())
}

#[tokio::test]
async fn fast_line_passes_and_transfer_ends_at_its_limit() {
    let (server, mut closings) = Server::endless("HTTP/1.1 200 OK\r\n\r\n", vec![7; 64 * 1024], Duration::ZERO).await;
    let outcome = probes::bandwidth(server.url("/"), 1).observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    let (speed, is_sufficient) = data(&outcome);
    assert!(speed.as_u64().is_some_and(|speed| speed > 0));
    assert_eq!(is_sufficient, json!(true));
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn slow_line_fails() {
    let (server, mut closings) =
        Server::endless("HTTP/1.1 200 OK\r\n\r\n", vec![7; 1024], Duration::from_millis(20)).await;
    let probe = probes::bandwidth(server.url("/"), 1_000_000_000_000).time_limit(Duration::from_millis(300));
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    let (speed, is_sufficient) = data(&outcome);
    // 1024 bytes in every 20 ms at most.
    assert!(speed.as_u64().is_some_and(|speed| speed < 1_000_000), "{speed}");
    assert_eq!(is_sufficient, json!(false));
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn whole_body_below_the_limit_is_measured() {
    let server = Server::answering(answer("200 OK", &"x".repeat(512 * 1024))).await;
    let outcome = probes::bandwidth(server.url("/"), 1).observe().await;
    assert_eq!((outcome.status(), data(&outcome).1), (Status::Pass, json!(true)));
}

#[tokio::test]
async fn too_little_data_is_a_warning_without_figures() {
    for body in ["", "x", &"x".repeat(4 * 1024)] {
        let server = Server::answering(answer("200 OK", body)).await;
        let outcome = probes::bandwidth(server.url("/"), 1).observe().await;
        assert_eq!(outcome.status(), Status::Warn, "{outcome:?}");
        assert_eq!(data(&outcome), (Value::Null, Value::Null));
        assert!(outcome.message().is_some_and(|text| text.ends_with("too few to measure")), "{outcome:?}");
    }
}

#[tokio::test]
async fn failed_transfer_fails() {
    let missing = Server::answering(answer("404 Not Found", &"x".repeat(512 * 1024))).await;
    let broken = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\nx").await;
    let (silent, _closings) = Server::stalling("").await;
    let (empty, _closings) = Server::stalling("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").await;
    for (server, part) in [
        (missing, "answered 404 Not Found, so there is nothing to measure"),
        (broken, "answered 200 OK, but its body broke off: "),
        (silent, "did not answer within 270ms"),
        (empty, "answered 200 OK, but sent no body within 270ms"),
    ] {
        let probe = probes::bandwidth(server.url("/?token=secret"), 1).timeout(Duration::from_millis(300));
        let outcome = probe.observe().await;
        let message = outcome.message().unwrap_or_default();
        assert_eq!(outcome.status(), Status::Fail, "{message}");
        assert!(message.contains(part) && !message.contains("secret"), "{message}");
        assert_eq!(data(&outcome), (Value::Null, json!(false)));
    }
}

#[test]
fn defaults_and_start_up_errors() {
    let check = Check::from(probes::bandwidth("http://a/", 1));
    let spec = check.spec();
    assert_eq!((spec.name(), spec.level(), spec.is_flattened()), ("bandwidth", Level::L4, true));

    let here = format!("{}:{}", file!(), line!() + 1);
    let probe = probes::bandwidth("nowhere", 0).transfer_limit(1).time_limit(Duration::ZERO);
    let faults = faults(probe);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults.iter().all(|(location, _)| *location == here), "{faults:?}");
}
