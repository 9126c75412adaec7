//! Canaries in the checks of a level, which no response may show to a caller that may not run the level.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{body::Body, http::Request};
use health_runtime::{
    BuildMetadata, Check, Endpoint, Group, Level, Levels, Outcome, Selection, ShowDetails,
    access::{Access, AccessKey, access_key, any_of, closed, public},
};
use health_tests::{Answer, builder, get_until, get_with, serve};
use serde_json::json;
use tower::ServiceExt;

use crate::credentials::{SECRET, borrowed, key};

const BUILD: BuildMetadata = BuildMetadata::new("orders", "3.0.3").with_language("rustc 1.95.0");

/// Fails with every other run, the first one among them.
fn flapping(name: &str, level: Level) -> Check {
    let runs = AtomicU64::new(0);
    let message = format!("{name}-message");
    Check::new(name, level, move || {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        let outcome = if run.is_multiple_of(2) { Outcome::fail(message.clone()) } else { Outcome::pass() };
        async move { outcome.with_data(json!({ "data": format!("{run} of data") })) }
    })
    .max_age(Duration::ZERO)
    .tags([format!("{name}-tag")])
    .description(format!("{name}-description"))
    .display(format!("{name}-display"))
    .owner(format!("{name}-owner"))
    .runbook(format!("https://wiki/{name}-runbook"))
}

/// Two checks at level 5, one of which is blocked by the canary at level 1; the group of all that is public.
fn ship(access: Access, show: Option<ShowDetails>) -> Endpoint {
    let checks = [
        flapping("canary", Level::L1),
        flapping("blocked", Level::L5).depends_on(["canary"]).readiness().startup(),
        flapping("alive", Level::L5).liveness(),
    ];
    let builder = builder(checks).build_info(BUILD).access(access);
    let builder = if let Some(show) = show { builder.details(show) } else { builder };
    builder.build().expect("a good endpoint")
}

fn routes() -> Vec<String> {
    let formats = [
        "json",
        "text",
        "text&verbose",
        "json&view=values",
        "json&view=availability",
        "health%2Bjson",
        "xml",
        "html",
        "html&fragment",
        "actuator",
        "microprofile",
        "prometheus",
        "openmetrics",
    ];
    let paths = [
        "",
        "/levels",
        "/levels/1",
        "/levels/4",
        "/levels/5",
        "/checks/blocked",
        "/checks/alive",
        "/live",
        "/ready",
        "/startup",
        "/info",
        "/metrics",
        "/openapi.json",
        "/agent",
    ];
    let each = |path| formats.map(|format| format!("/health{path}?format={format}"));
    let cumulative = formats.map(|format| format!("/health/levels/4?cumulative&format={format}"));
    let tagged = formats.map(|format| format!("/health/levels?tag=blocked-tag&format={format}"));
    paths.into_iter().flat_map(each).chain(cumulative).chain(tagged).collect()
}

fn all_of(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

/// Every answer to this caller, the events among them.
async fn everything(address: SocketAddr, endpoint: &Endpoint, headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let router = endpoint.router();
    let mut answers = Vec::new();
    for route in routes() {
        let others: &[_] = if route.ends_with("=json") { &["HEAD", "OPTIONS", "POST"] } else { &[] };
        for method in ["GET"].iter().chain(others) {
            let request =
                headers.iter().fold(Request::get(&route), |request, (name, value)| request.header(*name, *value));
            let request = request.method(*method).body(Body::empty()).expect("a request");
            let response = router.clone().oneshot(request).await.expect("an answer");
            let head = format!("{} {:?}", response.status(), response.headers());
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
            answers.push((format!("{method} {route}"), head + &String::from_utf8_lossy(&body)));
        }
    }
    for name in ["canary", "nobody"] {
        let answer = get_with(address, &format!("/health/checks/{name}"), headers).await;
        if answer.status == 200 {
            answers.push((name.to_owned(), all_of(&answer)));
        }
    }
    // The state, what comes behind it, and past what is no longer kept.
    let state = get_until(address, "/health/events", headers, "state").await;
    let id = state.body.split_once("id: ").and_then(|(_, rest)| Some(rest.split_once('\n')?.0.to_owned()));
    if let Some(id) = id {
        let resumed = [headers, &[("Last-Event-ID", id.as_str())]].concat();
        for _ in 0..2 {
            endpoint.monitor().report(&Selection::everything()).await;
        }
        let name = if state.body.contains("alive") { "change" } else { "state" };
        answers.push(("resumed".to_owned(), all_of(&get_until(address, "/health/events", &resumed, name).await)));
        for _ in 0..300 {
            endpoint.monitor().report(&Selection::check("canary")).await;
        }
        // Callers that may not see these changes go on as if there were none.
        let name = if state.body.contains("canary") { "state" } else { name };
        answers.push(("missed".to_owned(), all_of(&get_until(address, "/health/events", &resumed, name).await)));
    }
    answers.push(("state".to_owned(), all_of(&state)));
    answers
}

/// Only level 5, by whatever grants it, with and without its details.
fn callers() -> Vec<(&'static str, Access, Option<ShowDetails>)> {
    let limited =
        || access_key([AccessKey::new("five", SECRET).levels(Level::L5), AccessKey::new("all", "canary".repeat(4))]);
    let outline = || Access::new().levels(Level::L1..=Level::L4, closed()).levels(Level::L5, public());
    vec![
        ("public", outline(), None),
        (
            "public, with details",
            Access::new().levels(Level::L1..=Level::L4, closed()).levels(Level::L5, public().with_details()),
            None,
        ),
        ("public, all details", outline(), Some(ShowDetails::Always)),
        ("groups as well", outline().group(Group::Readiness, public().with_details()), None),
        ("a key", Access::new().levels(Levels::ALL, limited()), None),
        (
            "a key or nothing",
            Access::new().levels(Levels::ALL, any_of([public().only_levels(Level::L5), limited()])),
            None,
        ),
        ("a key, all details", Access::new().levels(Levels::ALL, limited()), Some(ShowDetails::Always)),
    ]
}

#[tokio::test]
async fn a_caller_of_level_5_sees_nothing_of_a_check_at_level_1() {
    for (kind, access, show) in callers() {
        let endpoint = ship(access, show);
        let address = serve(endpoint.router()).await;
        endpoint.monitor().report(&Selection::everything()).await;
        endpoint.monitor().mute("canary", Duration::from_hours(1), "canary-reason").expect("a check");
        let mut seen = String::new();
        for (route, answer) in everything(address, &endpoint, &borrowed(&key("five", SECRET))).await {
            assert!(!answer.contains("canary"), "{kind}: {route}: {answer}");
            // However often others change, it misses nothing.
            assert!(!answer.contains("event: missed"), "{kind}: {route}: {answer}");
            seen += &answer;
        }
        for sign in ["blocked", "alive", "event: change", r#"check="alive""#, "level_5"] {
            assert!(seen.contains(sign), "{kind}: {sign} is not seen anywhere");
        }
        let has_details = !matches!(kind, "public" | "groups as well");
        assert_eq!(seen.contains("alive-message"), has_details, "{kind}");
    }
}

/// Sends the same requests as a caller that may see the canary, which shows that responses can contain it.
#[tokio::test]
async fn caller_of_all_levels_sees_details_on_every_route() {
    let endpoint = ship(Access::new().levels(Levels::ALL, access_key([AccessKey::new("all", SECRET)])), None);
    let address = serve(endpoint.router()).await;
    endpoint.monitor().report(&Selection::everything()).await;
    let answers = everything(address, &endpoint, &borrowed(&key("all", SECRET))).await;
    let mut count = 0;
    for (route, answer) in answers {
        let is_whole =
            ["GET /health/levels?format", "GET /health/levels/1", "GET /health/metrics", "GET /health/openapi"];
        let is_told = is_whole.iter().any(|begin| route.starts_with(begin)) && !route.ends_with("=text");
        if is_told || ["canary", "resumed", "state"].contains(&&*route) {
            assert!(answer.contains("canary"), "{route}: {answer}");
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

/// Details of level 5, and the others without them.
#[tokio::test]
async fn details_are_shown_by_level() {
    let access = Access::new().levels(Level::L1..=Level::L4, public()).levels(Level::L5, public().with_details());
    let endpoint = ship(access, None);
    let address = serve(endpoint.router()).await;
    endpoint.monitor().report(&Selection::everything()).await;
    endpoint.monitor().mute("canary", Duration::from_hours(1), "canary-reason").expect("a check");
    let mut seen = String::new();
    for (route, answer) in everything(address, &endpoint, &[]).await {
        for detail in ["canary-message", "canary-description", "canary-reason"] {
            assert!(!answer.contains(detail), "{route} shows {detail}: {answer}");
        }
        seen += &answer;
    }
    for shown in ["canary", "alive-message", "alive-description", "of data"] {
        assert!(seen.contains(shown), "{shown} is not seen anywhere");
    }
}

/// Callers with details see the counts of refusals by reason; without rules there are no counts.
#[tokio::test]
async fn refusals_are_counted_in_the_metrics() {
    let keys = access_key([AccessKey::new("all", SECRET), AccessKey::new("five", SECRET).levels(Level::L5)]);
    let access = Access::new().levels(Level::L1..=Level::L4, keys.clone()).levels(Level::L5, any_of([public(), keys]));
    let endpoint = ship(access, None);
    let address = serve(endpoint.router()).await;
    for (id, secret, route) in
        [("", "", "levels/1"), ("", "", "openapi.json"), ("all", "wrong", "events"), ("five", SECRET, "levels/1")]
    {
        let headers = if id.is_empty() { vec![] } else { key(id, secret) };
        let answer = get_with(address, &format!("/health/{route}"), &borrowed(&headers)).await;
        assert!([401, 403].contains(&answer.status), "{route}: {answer:?}");
    }
    for format in ["prometheus", "openmetrics"] {
        let route = format!("/health/metrics?format={format}");
        let stranger = get_with(address, &route, &[]).await;
        assert!(stranger.status == 200 && !stranger.body.contains("refusals"), "{}", stranger.body);
        let metrics = get_with(address, &route, &borrowed(&key("all", SECRET))).await;
        for (reason, count) in
            [("unauthenticated", 2), ("rejected", 1), ("forbidden", 1), ("unavailable", 0), ("limited", 0)]
        {
            let line = format!("\nhealth_refusals_total{{reason=\"{reason}\"}} {count}\n");
            assert!(metrics.body.contains(&line), "{line}{}", metrics.body);
        }
    }
    let open = builder([]).build().expect("a good endpoint");
    assert!(!get_with(serve(open.router()).await, "/health/metrics", &[]).await.body.contains("refusals"));
}

/// A policy on the build information applies to every format that shows it.
#[tokio::test]
async fn build_information_is_shown_where_access_grants_it() {
    let access = Access::new().levels(Levels::ALL, public()).info(access_key([AccessKey::new("all", SECRET)]));
    let endpoint = ship(access, Some(ShowDetails::Always));
    let address = serve(endpoint.router()).await;
    for (route, answer) in everything(address, &endpoint, &[]).await {
        // The document has a title, and is for callers that may run every level.
        if !route.contains("openapi") {
            assert!(!answer.contains("orders") && !answer.contains("3.0.3"), "{route}: {answer}");
        }
    }
    for route in ["/health", "/health?format=html", "/health?format=health%2Bjson", "/health/metrics", "/health/info"] {
        let answer = get_with(address, route, &borrowed(&key("all", SECRET))).await;
        assert!(answer.body.contains("orders"), "{route}: {answer:?}");
    }
}
