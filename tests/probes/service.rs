//! The probe of another service of this library, against real endpoints and hostile servers.

use std::time::Duration;

use health_runtime::{BuildMetadata, Check, Level, Monitor, Outcome, Registry, Selection, Status, probes};
use health_tests::{builder, serve};
use serde_json::{Value, json};

use crate::{
    fault,
    server::{Server, answer, header},
};

async fn observe(url: impl AsRef<str>) -> Outcome {
    probes::service(url).timeout(Duration::from_millis(500)).observe().await
}

/// Starts a server that answers with this status line, media type and body.
async fn answering(status: &str, media_type: &str, body: &str) -> Server {
    let body = answer(status, body).replacen("\r\n", &format!("\r\nContent-Type: {media_type}\r\n"), 1);
    Server::answering(body).await
}

async fn message(server: &Server) -> String {
    let outcome = observe(server.url("")).await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    let message = outcome.message().expect("a message");
    let subject = format!("http://{}/health/ready ", server.address);
    message.strip_prefix(&subject).unwrap_or_else(|| panic!("another subject: {message}")).to_owned()
}

fn checks() -> [Check; 3] {
    let ready =
        |name: &str, status| Check::new(name, Level::L4, move || async move { Outcome::new(status) }).readiness();
    let deep = Check::new("deep", Level::L2, || async { Outcome::fail("too deep") });
    [ready("cache", Status::Warn), ready("db", Status::Pass), deep]
}

#[tokio::test]
async fn readiness_of_an_endpoint_is_asked_for() {
    let build = BuildMetadata::new("billing", "3.0.3");
    let endpoint = builder(checks()).build_info(build).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let outcome = observe(format!("http://{address}")).await;
    assert_eq!(outcome.status(), Status::Warn);
    let facts = json!({ "status": "warn", "service": "billing", "version": "3.0.3", "warning": ["cache"] });
    assert_eq!(outcome.data(), Some(&facts));
    let expected = format!("http://{address}/health/ready answered 200 OK, and reports warn, because of billing/cache");
    assert_eq!(outcome.message(), Some(&*expected));

    // A query selects among the checks.
    let outcome = observe(format!("http://{address}?exclude=cache")).await;
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None));
}

#[tokio::test]
async fn level_is_asked_for_with_the_shallower_ones() {
    // An endpoint whose levels show values by default.
    let endpoint = builder(checks())
        .build_info(BuildMetadata::new("billing", "3.0.3"))
        .base_path("/ops/health")
        .levels_path(("/ops/health/levels", health_runtime::View::Values));
    let address = serve(endpoint.build().expect("a good endpoint").router()).await;
    let ask =
        async |level| probes::service(format!("http://{address}/ops/health/")).remote_level(level).observe().await;
    let facts = |mut facts: Value| {
        facts["service"] = "billing".into();
        facts["version"] = "3.0.3".into();
        facts
    };
    let outcome = ask(Level::L2).await;
    assert_eq!(outcome.data(), Some(&facts(json!({ "status": "fail", "failing": ["deep"], "warning": ["cache"] }))));
    let outcome = ask(Level::L3).await;
    assert_eq!(outcome.data(), Some(&facts(json!({ "status": "warn", "warning": ["cache"] }))));
}

#[tokio::test]
async fn muted_checks_are_not_named() {
    let endpoint = builder(checks()).build().expect("a good endpoint");
    endpoint.monitor().mute("cache", Duration::from_mins(1), "known").expect("a check");
    let address = serve(endpoint.router()).await;
    let outcome = observe(format!("http://{address}")).await;
    assert_eq!((outcome.status(), outcome.data()), (Status::Pass, Some(&json!({ "status": "pass" }))));
}

#[tokio::test]
async fn draining_service_fails_with_its_cause() {
    let build = BuildMetadata::new("billing", "3.0.3");
    let endpoint = builder(checks()).build_info(build).build().expect("a good endpoint");
    endpoint.monitor().drain();
    let address = serve(endpoint.router()).await;
    let outcome = observe(format!("http://{address}")).await;
    assert_eq!(outcome.status(), Status::Fail);
    let message = outcome.message().expect("a message");
    assert!(
        message.ends_with(" answered 503 Service Unavailable, and reports fail, because of billing/draining"),
        "{message}"
    );
}

#[tokio::test]
async fn answer_without_a_report_has_a_message_of_its_own() {
    const JSON: &str = "application/json; charset=utf-8";
    let admit = "so it does not admit this probe; give it credentials";
    for (status, media_type, body, expected) in [
        ("401 Unauthorized", "application/problem+json", "{}", admit),
        ("403 Forbidden", JSON, r#"{"error":"no"}"#, admit),
        ("404 Not Found", "text/html", "", "so it has no such report below `/health`; write the `base_path`"),
        ("404 Not Found", JSON, r#"{"error":"no"}"#, "so it has no such report below `/health`"),
        ("429 Too Many Requests", "text/plain", "", "so it limits requests"),
        ("400 Bad Request", "application/problem+json", r#"{"detail":"no\u0007"}"#, "with the explanation: no\\u{7}"),
        (
            "200 OK",
            "text/html",
            "<p>",
            "with a body of the media type `text/html`, not a health report of this library",
        ),
        ("200 OK", JSON, "{\n]", "but its report is not valid JSON at line 2, column 1"),
        ("200 OK", JSON, r#"{"status":"UP","checks":{}}"#, "but its JSON is not a health report of this library"),
        ("200 OK", JSON, r#"{"status":"pass"}"#, "it has no checks"),
        ("200 OK", JSON, r#"{"status":"pass","checks":[]}"#, "but its JSON is not a health report of this library"),
        ("500 Internal Server Error", JSON, "", "but its report is not valid JSON"),
        ("502 Bad Gateway", "text/plain", "", "with a body of the media type `text/plain`"),
    ] {
        let message = message(&answering(status, media_type, body).await).await;
        assert!(
            message.starts_with(&format!("answered {status}, {expected}")) || message.ends_with(expected),
            "{message}"
        );
    }
    let bare = Server::answering(answer("200 OK", "ok")).await;
    assert!(message(&bare).await.starts_with("answered 200 OK, with a body of no media type, not a health report"));
    let redirect = Server::answering("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n").await;
    let message = message(&redirect).await;
    assert!(
        message.contains("a redirect to /login, which is not followed; write the URL to which it leads"),
        "{message}"
    );
}

#[tokio::test]
async fn dead_silent_and_slow_services_are_told_apart() {
    let dead = Server::answering("").await.url("");
    let (silent, _closed) = Server::stalling("").await;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    let (slow, _closed) = Server::stalling(head).await;
    let cut = Server::answering(head).await;
    let refused = observe("http://127.0.0.1:1").await;
    assert!(refused.message().expect("a message").contains("cannot be connected to"), "{refused:?}");
    let dead = observe(dead).await;
    assert!(dead.message().expect("a message").contains("does not answer in HTTP"), "{dead:?}");
    assert_eq!(message(&silent).await, "did not answer within 450ms");
    assert_eq!(message(&slow).await, "answered 200 OK, but its report did not end within 450ms");
    assert!(message(&cut).await.starts_with("answered 200 OK, but its report broke off: "));
}

#[tokio::test]
async fn hostile_reports_do_no_harm() {
    let reported = async |body: &str| {
        let server = answering("200 OK", "application/json", body).await;
        probes::service(server.url("")).observe().await
    };
    let nested = format!(r#"{{"status":"pass","checks":{{"a":{{"status":"pass","data":{}1"#, "[".repeat(500_000));
    assert_eq!(reported(&nested).await.status(), Status::Fail);
    let nested = format!(r#"{{"x":{}{},"status":"pass","checks":{{}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(reported(&nested).await.status(), Status::Pass, "skipped without recursion");

    let many: Vec<_> = (0..30_000).map(|index| format!(r#""{index}":{{"status":"fail"}}"#)).collect();
    let outcome = reported(&format!(r#"{{"status":"fail","checks":{{{}}}}}"#, many.join(","))).await;
    assert_eq!(outcome.data().expect("data")["failing"].as_array().map(Vec::len), Some(16));
    let million: Vec<_> = (0..1_000_000).map(|index| format!(r#""{index}":{{"status":"fail"}}"#)).collect();
    let outcome = reported(&format!(r#"{{"status":"fail","checks":{{{}}}}}"#, million.join(","))).await;
    assert_eq!((outcome.status(), outcome.data()), (Status::Warn, None), "{outcome:?}");
    assert!(outcome.message().is_some_and(|message| message.contains("a report too long to be read")));

    let name = format!("a\\n\\u001b[31m\\u202epassword=hunter2 {}", "x".repeat(500_000));
    let outcome =
        reported(&format!(r#"{{"status":"fail","version":"v\n2","checks":{{"{name}":{{"status":"fail"}}}}}}"#)).await;
    assert_eq!(outcome.status(), Status::Fail, "{outcome:?}");
    let outcome = reported(&format!(r#"{{"status":"fail","checks":{{"{name}":{{"status":"fail"}}}}}}"#)).await;
    let shown = outcome.data().expect("data")["failing"][0].as_str().expect("a name").to_owned();
    assert!(shown.starts_with(r"a\n\u{1b}[31m\u{202e}password=") && shown.len() < 150, "{shown}");
    assert!(!format!("{outcome:?}").contains("hunter2"));
}

#[tokio::test]
async fn data_is_for_callers_who_may_see_details() {
    let server = answering("503 Service Unavailable", "application/json", r#"{"status":"fail","checks":{}}"#).await;
    let check = probes::service(server.url("")).name("billing");
    let monitor = Monitor::new(Registry::builder().check(check).build().expect("a good check"));
    let report = monitor.report(&Selection::everything()).await;
    let result = report.result("billing").expect("a result");
    assert_eq!((result.status(), result.public_data()), (Status::Fail, None));
    assert_eq!(result.data(), Some(&json!({ "status": "fail" }) as &Value));
}

#[tokio::test]
async fn settings_of_requests_are_sent() {
    let report = r#"{"status":"pass","checks":{}}"#;
    let response = answer("200 OK", report).replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1);
    let (server, mut requests) = Server::recording(response).await;
    let probe = probes::service(server.url("?tag=core")).bearer_file("/proc/sys/kernel/ostype");
    assert_eq!(probe.observe().await.status(), Status::Pass);
    let request = requests.recv().await.expect("a request");
    assert!(request.starts_with("GET /health/ready?tag=core&format=json HTTP/1.1"), "{request}");
    assert_eq!(header(&request, "authorization"), Some("Bearer Linux"));
    assert_eq!(header(&request, "accept"), Some("application/json"));
}

#[test]
fn useless_settings_are_start_up_errors() {
    let route = fault(probes::service("http://billing:8080/readyz"));
    assert!(route.starts_with("its URL ends with the route `readyz`; write the `base_path`"), "{route}");
    assert!(fault(probes::service("billing:8080")).contains("must be absolute"));
    assert!(fault(probes::service("http://a/").remote_level(Level::L1).header("te", "x")).contains("belongs to"));
    let name = |url| Check::from(probes::service(url)).spec().name().to_owned();
    assert_eq!(name("http://billing.internal:8080/ops"), "service_billing.internal_8080");
}
