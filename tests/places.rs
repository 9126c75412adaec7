//! One endpoint, served at several addresses with different levels and groups.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, http::Request};
use futures_util::StreamExt;
use health_runtime::{
    Check, Endpoint, EndpointBuilder, Level, Levels, Problem, Selection, ShowDetails, Status, StatusCodes,
    access::{Access, Tokens, User, any_of, basic, closed, public},
};
use health_tests::builder;
use serde_json::{Value, json};
use tower::ServiceExt;

/// An endpoint with a check at each of the levels 1, 3 and 5; the deepest fails.
fn ship() -> Endpoint {
    sample().build().expect("a good endpoint")
}

fn sample() -> EndpointBuilder {
    builder([
        Check::new("db", Level::L1, || async { false }).readiness().tags(["deep"]),
        Check::new("billing", Level::L3, || async { true }),
        Check::new("alive", Level::L5, || async { true }).liveness(),
    ])
}

async fn ask(router: &Router, path: &str) -> (u16, String) {
    let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

async fn json(router: &Router, path: &str) -> Value {
    serde_json::from_str(&ask(router, path).await.1).expect("JSON")
}

#[tokio::test]
async fn excluded_routes_are_not_found() {
    let shallow = ship().levels(Level::L4..=Level::L5).router();
    let whole = ship().router();
    for (path, at_shallow, at_whole) in [
        ("/health", 200, 503),
        ("/health/levels", 200, 503),
        ("/health/levels/1", 404, 503),
        ("/health/levels/3", 404, 200),
        ("/health/levels/3?cumulative", 404, 200),
        ("/health/levels/4?cumulative", 200, 200),
        ("/health/levels/5", 200, 200),
        ("/health/levels?tag=deep", 404, 503),
        ("/health/checks/alive", 200, 200),
        ("/health/checks/billing", 404, 200),
        ("/health/checks/db", 404, 503),
        ("/health/info", 200, 200),
        ("/livez", 200, 200),
        ("/health/live", 200, 200),
    ] {
        assert_eq!(ask(&shallow, path).await.0, at_shallow, "{path}");
        assert_eq!(ask(&whole, path).await.0, at_whole, "{path}");
    }
    let overview = json(&shallow, "/health").await;
    assert_eq!(overview["status"], "pass");
    assert_eq!(overview["levels"], json!({ "level_4": "pass", "level_5": "pass" }));
    let levels = json(&shallow, "/health/levels").await;
    let keys: Vec<_> = levels.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["level_4", "level_5", "status"], "{levels}");
}

/// A client cannot find out whether a check exists if its level is not served.
#[tokio::test]
async fn check_of_excluded_level_is_not_found() {
    let shallow = ship().levels(Level::L4..=Level::L5).router();
    for query in ["", "?format=json", "?timeout=1s", "?tag=deep", "?view=values"] {
        let (_, hidden) = ask(&shallow, &format!("/health/checks/db{query}")).await;
        let (_, unknown) = ask(&shallow, &format!("/health/checks/xy{query}")).await;
        assert_eq!(hidden.replace("db", "xy"), unknown);
    }
    let (_, hidden) = ask(&shallow, "/health/levels?tag=deep").await;
    let (_, unknown) = ask(&shallow, "/health/levels?tag=xyzz").await;
    assert_eq!(hidden.replace("deep", "xyzz"), unknown);
}

/// A report shows the served levels that the caller may see, and neither limit reveals the other.
#[tokio::test]
async fn served_levels_and_access_both_limit_reports() {
    let access = Access::new().levels(Level::L1..=Level::L3, closed()).levels(Level::L4..=Level::L5, public());
    let health = builder([
        Check::new("deep", Level::L1, || async { true }),
        Check::new("there", Level::L4, || async { true }),
        Check::new("alive", Level::L5, || async { true }),
    ])
    .access(access)
    .build()
    .expect("a good endpoint");
    let (middle, deep) = (health.levels(Level::L2..=Level::L4).router(), health.levels(Level::L1..=Level::L2).router());
    let levels = json(&middle, "/health/levels").await;
    assert_eq!(levels.as_object().expect("an object").keys().collect::<Vec<_>>(), ["level_4", "status"]);
    assert_eq!(json(&middle, "/health").await["levels"], json!({ "level_4": "pass" }));
    for (path, status) in
        [("/health/levels/4", 200), ("/health/levels/3", 403), ("/health/levels/5", 404), ("/health/checks/there", 200)]
    {
        assert_eq!(ask(&middle, path).await.0, status, "{path}");
    }
    // A check that is not served, one that is not for this caller, and one that does not exist.
    let unknown = ask(&middle, "/health/checks/xxxx").await;
    assert_eq!(ask(&middle, "/health/checks/deep").await.1.replace("deep", "xxxx"), unknown.1);
    assert_eq!(ask(&middle, "/health/checks/alive").await.1.replace("alive", "xxxx"), unknown.1);
    assert_eq!(ask(&deep, "/health/levels").await.0, 403);
}

#[tokio::test]
async fn groups_include_checks_of_all_levels() {
    let shallow = ship().levels(Level::L5).router();
    let (status, body) = ask(&shallow, "/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("[-]db "), "{body}");
}

#[tokio::test]
async fn links_lead_to_served_routes_only() {
    let links = async |endpoint: &Endpoint| {
        let overview = json(&endpoint.router(), "/health").await;
        overview["links"].as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    let health = ship();
    let all = ["events", "info", "levels", "live", "metrics", "openapi", "ready", "startup"];
    assert_eq!(links(&health).await, all);
    assert_eq!(links(&health.without_groups()).await, ["events", "info", "levels", "metrics"]);
    let shallow = health.levels(Level::L4..=Level::L5);
    assert_eq!(links(&shallow).await, all.into_iter().filter(|link| *link != "openapi").collect::<Vec<_>>());
}

/// Routes behind features: the page, events, metrics, the agent, the OpenAPI document, tokens.
#[tokio::test]
async fn every_route_is_limited_to_served_levels() {
    let people = basic("health", [User::new("ada", "correct horse")]);
    let tokens = Tokens::new("0123456789abcdef0123456789abcdef", people);
    // Both are open, but tokens are useful only with policies.
    let asked = any_of([tokens.policy(), public().with_details()]);
    let access = Access::new()
        .levels(Level::L1..=Level::L3, asked)
        .levels(Level::L4..=Level::L5, public().with_details())
        .tokens(tokens);
    let health = sample().access(access).build().expect("a good endpoint");
    health.monitor().report(&Selection::everything()).await;
    let shallow = health.levels(Level::L4..=Level::L5).router();
    let (deep, probes) = (health.without_groups().router(), health.without_levels().router());
    for (path, at_shallow, at_deep, at_probes) in [
        ("/health?format=html", 200, 503, 404),
        ("/health/levels/1?format=html", 404, 503, 404),
        ("/health/levels/5?format=html", 200, 200, 404),
        ("/health/levels/1?format=html&fragment", 404, 200, 404),
        ("/health/checks/db?format=html", 404, 503, 404),
        ("/health/ready?format=html", 503, 404, 503),
        ("/health/metrics", 200, 200, 404),
        ("/health?format=openmetrics", 200, 200, 404),
        ("/health/agent", 503, 404, 503),
        // The document describes everything.
        ("/health/openapi.json", 404, 404, 404),
        // With a method that it lacks.
        ("/health/token", 404, 405, 404),
    ] {
        assert_eq!(ask(&shallow, path).await.0, at_shallow, "{path}");
        assert_eq!(ask(&deep, path).await.0, at_deep, "{path}");
        assert_eq!(ask(&probes, path).await.0, at_probes, "{path}");
    }
    assert_eq!(ask(&health.router(), "/health/openapi.json").await.0, 200);
    let numbers = ask(&shallow, "/health/metrics").await.1;
    assert!(numbers.contains(r#"check="alive""#) && !numbers.contains(r#"check="db""#), "{numbers}");
    for (router, status) in [(&shallow, 200), (&deep, 200), (&probes, 404)] {
        let request = Request::builder().uri("/health/events").body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), status);
        let first = response.into_body().into_data_stream().next().await.expect("a piece").expect("a piece");
        let first = String::from_utf8(first.to_vec()).expect("text");
        assert_eq!(first.contains("\"db\""), std::ptr::eq(router, &raw const deep), "{first}");
    }
}

/// Resolves a relative link.
fn resolved(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Every link of every page leads to a route, and so does the event stream of its script.
#[tokio::test]
async fn pages_link_to_served_routes() {
    let access = Access::new().levels(Levels::ALL, public().with_details());
    for (health, is_guarded) in [(ship(), false), (sample().access(access).build().expect("good"), true)] {
        let shallow = health.levels(Level::L4..=Level::L5);
        for (endpoint, levels, has_groups) in [
            (health.clone(), 5, true),
            (shallow.clone(), 2, true),
            (shallow.without_groups(), 2, false),
            (health.without_levels(), 0, true),
        ] {
            let router = endpoint.router();
            let mut pages = vec!["/health/none", "/health/levels/9", "/health/checks/none"];
            pages.extend(["/readyz", "/health/ready", "/livez"].into_iter().filter(|_| has_groups));
            pages.extend(["/health", "/health/levels", "/health/checks/alive"].into_iter().filter(|_| levels > 0));
            for path in pages {
                let (_, page) = ask(&router, &format!("{path}?format=html")).await;
                assert!(page.starts_with("<!DOCTYPE html>"), "{path}: {page}");
                let attributes = |name: &str| -> Vec<String> {
                    let begin = format!(" {name}=\"");
                    page.split(&*begin).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
                };
                let links: Vec<_> = attributes("href").into_iter().filter(|link| !link.starts_with("data:")).collect();
                for link in &links {
                    // A part of this page, another format of it, or another path.
                    if !link.is_empty() && !link.starts_with(['?', '#']) {
                        let (status, _) = ask(&router, &resolved(path, link)).await;
                        assert_ne!(status, 404, "{path} links to {link}");
                    }
                }
                let to_levels = links.iter().filter(|link| link.contains("/levels/")).count();
                assert!(to_levels >= levels || page.contains("<h1>404"), "{path}: {links:?}");
                // A caller that may see a group may not see a level.
                let is_group = path.ends_with('z') || path.ends_with("ready");
                let has_events = levels > 0 && !(is_guarded && is_group) && !page.contains("<h1>404");
                assert_eq!(attributes("data-events").len(), usize::from(has_events), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn groups_and_levels_can_be_left_out() {
    let health = ship();
    let deep = health.without_groups().router();
    let probes = health.without_levels().router();
    for (path, at_deep, at_probes) in [
        ("/livez", 404, 200),
        ("/health/live", 404, 200),
        ("/health/ready", 404, 503),
        ("/health", 503, 404),
        ("/health/levels", 503, 404),
        ("/health/levels/5", 200, 404),
        ("/health/checks/alive", 200, 404),
        ("/health/info", 200, 200),
    ] {
        assert_eq!(ask(&deep, path).await.0, at_deep, "{path}");
        assert_eq!(ask(&probes, path).await.0, at_probes, "{path}");
    }
    // The service may use that path.
    let merged = Router::new().route("/livez", axum::routing::get(async || "my own")).merge(deep);
    assert_eq!(ask(&merged, "/livez").await.1, "my own");
}

#[tokio::test]
async fn runs_are_shared_and_responses_are_not() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let health = builder([
        Check::new("deep", Level::L1, || async { true }),
        Check::new("counted", Level::L5, move || {
            let counted = Arc::clone(&counted);
            async move { counted.fetch_add(1, Ordering::SeqCst) < usize::MAX }
        }),
    ])
    .details(ShowDetails::Always)
    .build()
    .expect("a good endpoint");
    let (shallow, whole) = (health.levels(Level::L5).router(), health.router());
    // A cached response must not be used at another address, in either order.
    for router in [&whole, &shallow, &whole, &shallow] {
        let report = json(router, "/health/levels").await;
        assert_eq!(report.get("level_1").is_some(), std::ptr::eq(router, &raw const whole), "{report}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// Consul reads 429 as a warning, a kubelet as a failure: both use one endpoint, which runs the check once.
#[tokio::test]
async fn each_address_has_its_own_status_codes() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let check = Check::new("queue", Level::L4, move || {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move { if run > 0 { Status::Pass } else { Status::Warn } }
    });
    let health = builder([check.readiness()]).build().expect("a good endpoint");
    let consul = health.status_codes(StatusCodes::new().warn(429)).expect("good codes");
    let narrow = consul.levels(Level::L4..=Level::L5).without_groups();
    // Each twice: a cached response must not be used at another address.
    for _ in 0..2 {
        for path in ["/readyz", "/health", "/health/levels", "/health/levels/4", "/health/checks/queue"] {
            for format in ["json", "text", "xml", "html"] {
                let path = format!("{path}?format={format}");
                assert_eq!(ask(&health.router(), &path).await.0, 200, "{path}");
                assert_eq!(ask(&consul.router(), &path).await.0, 429, "{path}");
            }
        }
        assert_eq!(ask(&narrow.router(), "/health/levels/4").await.0, 429);
        assert_eq!(ask(&narrow.router(), "/readyz").await.0, 404);
        assert_eq!(ask(&consul.router(), "/health/levels?format=health%2Bjson").await.0, 200);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    // The document describes the endpoint's own codes.
    assert_eq!(ask(&consul.router(), "/health/openapi.json").await.0, 404);
    assert!(json(&consul.router(), "/health").await["links"].get("openapi").is_none());
    let again = consul.status_codes(StatusCodes::new().warn(299)).expect("good codes");
    assert_eq!(ask(&again.router(), "/readyz").await.0, 299, "the latest counts");
    let error = health.status_codes(StatusCodes::new().warn(99).fail(204)).expect_err("no such codes");
    let codes = error.problems().iter().map(|problem| match problem {
        Problem::InvalidStatusCode { code, .. } => *code,
        other => panic!("{other:?}"),
    });
    assert_eq!(codes.collect::<Vec<_>>(), [99, 204]);
}

#[tokio::test]
async fn level_ranges_intersect() {
    let health = ship().levels(Level::L1..=Level::L3).levels(Level::L3..=Level::L5);
    assert_eq!(ask(&health.router(), "/health/levels/3").await.0, 200);
    assert_eq!(ask(&health.router(), "/health/levels/1").await.0, 404);
    assert_eq!(ask(&health.router(), "/health/levels/5").await.0, 404);
}
