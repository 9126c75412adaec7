//! Headers of the requests between services.

use std::time::Duration;

use health_runtime::{BuildMetadata, Check, Level, Selection, probes};
use health_tests::{builder, get_with, monitor, serve};

use crate::server::{Server, answer, header};

const REPORT: &str = r#"{"status":"pass","checks":{}}"#;
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn report() -> String {
    answer("200 OK", REPORT).replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1)
}

/// Returns the head of the request that a check sends when its own service is asked with these headers.
async fn sent_by(check: impl FnOnce(String) -> Check, headers: &[(&str, &str)]) -> String {
    let (server, mut requests) = Server::recording(report()).await;
    let endpoint = builder([check(server.url(""))])
        .build_info(BuildMetadata::new("orders", "1"))
        .build()
        .expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let answer = get_with(address, "/health/levels/1", headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    requests.recv().await.expect("a request")
}

#[tokio::test]
async fn probes_append_their_service_and_leave_less_time() {
    let inbound = [("Health-Path", "edge/1;level=1"), ("Health-Budget", "800"), ("traceparent", TRACE)];
    let service = |url: String| probes::service(url).level(Level::L2).timeout(Duration::from_secs(2)).into();
    let http = |url: String| probes::http(url).level(Level::L2).timeout(Duration::from_secs(2)).into();
    for head in [sent_by(service, &inbound).await, sent_by(http, &inbound).await] {
        let path = header(&head, "health-path").expect("a path");
        assert!(path.starts_with("edge/1;level=1, orders/") && path.ends_with(";level=2"), "{path}");
        // Other callers may share the run, so its time counts, and not that of the request.
        let budget: u64 = header(&head, "health-budget").expect("a budget").parse().expect("milliseconds");
        assert!((800..=1_800).contains(&budget), "{budget}");
        assert_eq!(header(&head, "traceparent"), Some(TRACE));
    }
    let head = sent_by(service, &[]).await;
    let path = header(&head, "health-path").expect("a path");
    assert!(path.starts_with("orders/") && !path.contains(','), "{path}");
    assert_eq!(header(&head, "traceparent"), None);
}

#[tokio::test]
async fn headers_can_be_turned_off_and_replaced() {
    let service = |url: String| probes::service(url).health_headers(false).into();
    let http = |url: String| probes::http(url).health_headers(false).into();
    for head in [sent_by(service, &[]).await, sent_by(http, &[]).await] {
        assert_eq!((header(&head, "health-path"), header(&head, "health-budget")), (None, None));
    }
    let head = sent_by(|url| probes::service(url).header("Health-Budget", "7").into(), &[]).await;
    assert_eq!(header(&head, "health-budget"), Some("7"));
}

#[tokio::test]
async fn another_host_learns_no_path() {
    let (other, mut requests) = Server::recording(report()).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", other.url("/"));
    let server = Server::answering(redirect).await;
    let check = probes::service(server.url("")).name("other").follow_redirects(1);
    monitor([check.into()]).report(&Selection::everything()).await;
    let head = requests.recv().await.expect("a request");
    assert_eq!((header(&head, "health-path"), header(&head, "health-budget")), (None, None), "{head}");
}
