//! Content negotiation by `Accept` and by `?format=`.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_runtime::{Check, Level, View};
use health_tests::{ask, builder, endpoint, get_with, request, send, serve};
use serde_json::json;
use tokio::time::Instant;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const HEALTH: &str = "application/health+json";
const XML: &str = "application/xml";
const SPRING: &str = "application/vnd.spring-boot.actuator.v3+json";
const HTML: &str = "text/html; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

const CONSUL: &str = "text/plain, text/*, */*";
const SCRAPER: &str = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
const SCRAPER_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
const OLD_SCRAPER: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";

/// The `Accept` header that `HttpURLConnection` sends by default.
const JAVA: &str = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/// Routes of each kind, and what each of them answers.
const ROUTES: [&str; 5] = ["/health", "/health/levels/5", "/health/checks/db", "/readyz", "/health/metrics"];

fn checks() -> [Check; 1] {
    [Check::new("db", Level::L5, || async { true }).readiness()]
}

#[tokio::test]
async fn accept_header_selects_format() {
    let router = endpoint(checks()).router();
    let table: &[(&[&str], [&str; 5])] = &[
        (&[], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&["*/*"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&[CONSUL], [TEXT, TEXT, TEXT, TEXT, PROMETHEUS]),
        (&[SCRAPER], [OPENMETRICS, JSON, JSON, TEXT, OPENMETRICS]),
        (&[SCRAPER_3], [OPENMETRICS, JSON, JSON, TEXT, OPENMETRICS]),
        (&[OLD_SCRAPER], [PROMETHEUS, JSON, JSON, TEXT, PROMETHEUS]),
        // Many programs send this.
        (&["application/json, text/plain, */*"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&[JAVA], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        // A client that does not accept plain text gets another format from a group.
        (&["application/json"], [JSON, JSON, JSON, JSON, PROMETHEUS]),
        (&["*/*, text/plain;q=0"], [JSON, JSON, JSON, JSON, OPENMETRICS]),
        (&["application/*"], [JSON, JSON, JSON, JSON, OPENMETRICS]),
        (&["application/health+json"], [HEALTH, HEALTH, HEALTH, HEALTH, PROMETHEUS]),
        (&["application/health+json, application/json;q=0.9, */*;q=0.1"], [HEALTH, HEALTH, HEALTH, TEXT, PROMETHEUS]),
        (&["application/json;q=0.5", "APPLICATION/XML"], [XML, XML, XML, XML, PROMETHEUS]),
        (&["Text/XML, application/json;q=0.9"], [XML, XML, XML, XML, PROMETHEUS]),
        (
            &["application/vnd.spring-boot.actuator.v3+json, application/json;q=0.5"],
            [SPRING, SPRING, SPRING, SPRING, PROMETHEUS],
        ),
        // Nothing that is to be had, or that can be read.
        (&["image/png"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&["*/*;q=0"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&["application/xml;q=0"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&["", ";;,/,=;q", "\u{1f4a5}"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
        (&["application/health+json;q=much"], [JSON, JSON, JSON, TEXT, PROMETHEUS]),
    ];
    for (accept, expected) in table {
        for (route, expected) in ROUTES.iter().zip(expected) {
            let answer = ask(router.clone(), route, accept).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, *expected), "{route} for {accept:?}");
            assert_eq!(answer.header("vary"), "accept, authorization, sec-fetch-mode");
        }
    }
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// Browsers get pages; programs that send similar headers get the format of the route, also for problems.
#[tokio::test]
async fn only_browsers_get_pages() {
    const PROBLEM: &str = "application/problem+json";
    let navigates = ("Sec-Fetch-Mode", "navigate");
    let endpoint = builder(checks()).levels_path(("/levels", View::Values)).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let json = [JSON, JSON, TEXT, PROBLEM];
    let html = [HTML, HTML, TEXT, HTML];
    let table: &[(Headers<'_>, [&str; 4])] = &[
        (&[("Accept", BROWSER)], html),
        (&[("Accept", "text/html, */*"), navigates], html),
        (&[("Accept", "text/html;q=0.9, APPLICATION/XHTML+XML;q=0.1, */*;q=0.1")], html),
        // A monitor that names pages first, but takes anything.
        (&[("Accept", JAVA)], json),
        (&[("Accept", "text/html, */*;q=0.1")], json),
        (&[("Accept", "text/html, */*"), ("Sec-Fetch-Mode", "cors")], json),
        (&[("Accept", "text/html, application/xhtml+xml;q=0, */*;q=0.1")], json),
        // A preference for another format counts for a browser, too.
        (&[("Accept", "*/*"), navigates], json),
        (&[navigates], json),
        (&[("Accept", "application/json, text/html;q=0.9"), navigates], [JSON, JSON, JSON, PROBLEM]),
        // A client that takes pages and nothing else.
        (&[("Accept", "text/html")], [HTML; 4]),
        (&[("Accept", "text/html;q=0.1, image/gif")], [HTML; 4]),
    ];
    for (headers, expected) in table {
        for (path, expected) in ["/health", "/levels/5", "/readyz", "/health/nothing"].iter().zip(expected) {
            let answer = get_with(address, path, headers).await;
            assert_eq!(answer.header("content-type"), *expected, "{path} for {headers:?}");
            assert_eq!(answer.header("vary"), "accept, authorization, sec-fetch-mode", "{path}");
        }
    }
    assert_eq!(get_with(address, "/levels/5", &[("Accept", JAVA)]).await.json(), json!({ "db": true }));
    let explicit = get_with(address, "/levels/5?format=html", &[("Accept", JAVA)]).await;
    assert_eq!(explicit.header("content-type"), HTML);
}

/// Java's own client with its default headers.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Java: scripts/peers"]
async fn java_gets_the_format_of_the_route() {
    let endpoint = builder(checks()).levels_path(("/levels", View::Values)).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Ask.java");
    let mut java = tokio::process::Command::new("java");
    java.arg(source).arg(format!("http://{address}")).args(["/health", "/levels/5", "/readyz", "/health/nothing"]);
    let output = java.output().await.expect("Java is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = "/health: 200 application/json\n\
                    /levels/5: 200 application/json {\"db\":true}\n\
                    /readyz: 200 text/plain; charset=utf-8 ok\n\
                    /health/nothing: 404 application/problem+json\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[tokio::test]
async fn format_in_the_query_takes_precedence() {
    let router = endpoint(checks()).router();
    let content_type = async |path: String, accept: &str| {
        let answer = ask(router.clone(), &path, &[accept]).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.header("content-type").to_owned()
    };
    let of_reports = [
        ("json", JSON),
        ("text", TEXT),
        ("health%2Bjson", HEALTH),
        ("xml", XML),
        ("actuator", SPRING),
        ("microprofile", JSON),
    ];
    for (name, expected) in of_reports {
        for route in &ROUTES[..4] {
            assert_eq!(
                content_type(format!("{route}?format={name}"), "application/yaml").await,
                expected,
                "{route} {name}"
            );
            assert_eq!(content_type(format!("{route}?format={name}"), SCRAPER).await, expected, "{route} {name}");
        }
        assert_eq!(content_type(format!("/health/metrics?format={name}"), "*/*").await, PROMETHEUS);
        assert_eq!(content_type(format!("/health/info?format={name}"), TEXT).await, JSON);
    }
    for (name, expected) in [("openmetrics", OPENMETRICS), ("prometheus", PROMETHEUS)] {
        for route in ["/health/metrics", "/health"] {
            assert_eq!(content_type(format!("{route}?format={name}"), XML).await, expected);
        }
        // Metrics say 200 whatever the checks say, so they never stand in the place of a verdict.
        for route in ["/readyz", "/health/levels", "/health/checks/db"] {
            assert_eq!(content_type(format!("{route}?format={name}"), "application/health+json").await, HEALTH);
        }
    }
    // An unknown name, also by its case, leaves the choice to the header.
    for name in ["", "yaml", "JSON", "json,xml"] {
        assert_eq!(content_type(format!("/health/levels?format={name}"), XML).await, XML, "{name}");
    }
    // `+` is a space in a query, and everybody writes it as it is.
    assert_eq!(content_type("/health/levels?format=health+json".to_owned(), XML).await, HEALTH);
    // Just the data is there in JSON alone.
    assert_eq!(content_type("/health/levels?view=values".to_owned(), XML).await, JSON);
    // But only levels have it: elsewhere the word changes nothing.
    for (route, accept) in [("/readyz", JSON), ("/readyz", HEALTH), ("/health", XML), ("/health/checks/db", HEALTH)] {
        assert_eq!(content_type(format!("{route}?view=values"), accept).await, accept, "{route}");
    }
    assert_eq!(content_type("/health/metrics?view=values".to_owned(), SCRAPER).await, OPENMETRICS);
}

#[tokio::test]
async fn long_header_or_query_is_answered_in_bounded_time() {
    let router = endpoint(checks()).router();
    let filler = "text/plain;q=0.1,".repeat(1_000_000);
    let quoted = format!("application/xml;a=\"{}", "\\\"".repeat(1_000_000));
    let started = Instant::now();
    for line in [&*filler, &*quoted, &*format!("application/xml,{filler}"), &*";q=1".repeat(1_000_000)] {
        assert_eq!(ask(router.clone(), "/health/levels", &[line]).await.status, 200);
    }
    let lines = vec!["application/xml;q=0.5"; 20_000];
    assert_eq!(ask(router.clone(), "/health/levels", &lines).await.header("content-type"), XML);
    for key in ["exclude", "tag", "format", "verbose"] {
        // As much as the type of a request's target holds.
        let value = if key == "verbose" { "1" } else { "json" };
        let pair = format!("&{key}={value}");
        let path = format!("/readyz?a=b{}", pair.repeat(65_000 / pair.len()));
        let status = ask(router.clone(), &path, &[]).await.status;
        assert_eq!(status, if key == "tag" { 404 } else { 200 }, "{key}");
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");

    // Over a socket the server refuses it, or answers.
    let address = serve(router).await;
    let head = format!("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: {filler}\r\n\r\n");
    assert!(matches!(send(address, &head).await.status, 200 | 400 | 431));
    let target = format!("/livez?{}", "a=b&".repeat(1_000_000));
    assert!(matches!(request(address, "GET", &target).await.status, 200 | 400 | 414 | 431));
}
