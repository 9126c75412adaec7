//! A response stored for one kind of caller, address, format or depth is never given to another.

use std::time::Duration;

use axum::{Router, body::Body, http::Request};
use health_runtime::{
    BuildMetadata, Check, Level, Levels, Outcome,
    access::{Access, AccessKey, access_key, any_of, public},
};
use health_tests::builder;
use proptest::test_runner::{Config, TestRunner};
use tower::ServiceExt;

use crate::credentials::{Headers, SECRET, key};

/// Returns status, headers and body of a response, as a text.
async fn ask(router: &Router, path: &str, headers: &Headers) -> String {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, value));
    let request = request.body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let mut headers: Vec<_> = parts.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{} {headers:#?} {}", parts.status, String::from_utf8_lossy(&body))
}

const PATHS: [&str; 12] = [
    "/health/levels",
    "/health/levels/1",
    "/health/levels/2",
    "/health/levels/4",
    "/health/levels/5",
    "/health/checks/l1",
    "/health/checks/l4",
    "/health/checks/l5",
    "/readyz",
    "/health/ready",
    "/livez",
    "/health/agent",
];

const QUERIES: [&str; 14] = [
    "",
    "format=json",
    "format=text",
    "format=text&verbose",
    "view=values",
    "cumulative",
    "cumulative&format=html",
    "format=health%2Bjson",
    "format=xml",
    "format=actuator",
    "format=microprofile",
    "format=html",
    "format=html&fragment",
    "fragment",
];

/// Ways to the same endpoint, each with its own links.
fn places(endpoint: &health_runtime::Endpoint) -> Vec<(Router, &'static str)> {
    let narrow = endpoint.levels(Level::L4..=Level::L5);
    vec![
        (endpoint.router(), ""),
        (narrow.router(), ""),
        (endpoint.without_groups().router(), ""),
        (endpoint.without_levels().router(), ""),
        (Router::new().nest("/api/v1", endpoint.router()), "/api/v1"),
        (Router::new().nest("/api", narrow.router()), "/api"),
    ]
}

/// A query with a time limit is never answered from the store: its response is the one that all callers have to get.
#[tokio::test]
async fn stored_response_is_not_shared_between_visibilities() {
    let checks = Level::ALL.map(|level| {
        let check =
            Check::new(format!("l{level}"), level, move || async move { Outcome::warn(format!("detail-{level}")) });
        let check = check.max_age(Duration::from_hours(1)).readiness();
        match level {
            Level::L5 => check.liveness(),
            Level::L4 => check.depends_on(["l1"]),
            _ => check,
        }
    });
    let keys = access_key([
        AccessKey::new("all", SECRET),
        AccessKey::new("outline", SECRET).without_details(),
        AccessKey::new("deep", SECRET).levels(Level::L1..=Level::L2),
        AccessKey::new("four", SECRET).levels(Level::L4),
        AccessKey::new("four-and-five", SECRET).levels(Level::L4..=Level::L5).without_details(),
    ]);
    let access =
        Access::new().levels(Levels::ALL, any_of([public().only_levels(Level::L5), keys.clone()])).info(any_of([keys]));
    let build = BuildMetadata::new("orders", "3.0.3");
    let endpoint = builder(checks).build_info(build).access(access).build().expect("a good endpoint");
    let places = places(&endpoint);
    let mut callers: Vec<Headers> = vec![vec![]];
    callers.extend(["all", "outline", "deep", "four", "four-and-five"].map(|id| key(id, SECRET)));

    let mut runner = TestRunner::new(Config { cases: 1, ..Config::default() });
    let order: Vec<(usize, usize, usize, usize)> = {
        use proptest::{prelude::*, strategy::ValueTree};
        let one = (0..places.len(), 0..PATHS.len(), 0..QUERIES.len(), 0..callers.len());
        proptest::collection::vec(one, 4_000).prop_map(|order| order).new_tree(&mut runner).expect("some").current()
    };
    let mut answers = std::collections::BTreeSet::new();
    for (place, path, query, caller) in order {
        let ((router, prefix), path, query, caller) = (&places[place], PATHS[path], QUERIES[query], &callers[caller]);
        let stored = ask(router, &format!("{prefix}{path}?{query}"), caller).await;
        let fresh = ask(router, &format!("{prefix}{path}?{query}&timeout=9s"), caller).await;
        assert_eq!(stored, fresh, "place {place}, {path}?{query}, {caller:?}");
        answers.insert(stored);
    }
    assert!(answers.len() > 150, "{}", answers.len());
}
