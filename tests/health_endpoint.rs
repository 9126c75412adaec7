//! `health_endpoint!`: every key is a method of the builder. The routes have one owner.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::Request,
    routing::{any, get, post},
};
use health_runtime::{
    BuildInfo, Check, Endpoint, Level, Levels, ShowDetails, StatusCodes, View,
    access::{Access, public},
    checks, health_check, health_endpoint,
};
use tower::ServiceExt as _;

struct Pool(Vec<u32>);

#[health_check(level = 4)]
async fn pool(pool: &Pool) -> bool {
    !pool.0.is_empty()
}

struct Probe(&'static str);

impl From<Probe> for Check {
    fn from(probe: Probe) -> Self {
        Self::new(probe.0, Level::L5, || async { true })
    }
}

#[test]
fn keys_are_evaluated_in_written_order() {
    let numbers = vec![1];
    let endpoint = health_endpoint! {
        crates: [serde],
        enable: [],
        // Before `state`, which moves it.
        checks: [Check::new("by hand", Level::L5, { let count = numbers.len(); move || async move { count > 0 } }), Probe("probe")],
        state: [Pool(numbers), "a".to_owned()],
        base_path: "/status",
        levels_path: ("{base}/deep", View::Values),
        access: Access::new().levels(Levels::ALL, public()),
        details: public,
        configure: |builder| builder.status_codes(StatusCodes::new().warn(429)),
    }
    .unwrap();
    let _ = Router::<()>::new().merge(endpoint);
}

#[tokio::test]
async fn declared_checks_run_with_the_state_of_the_endpoint() {
    for (numbers, expected) in [(vec![1], 200), (vec![], 503)] {
        let router = health_endpoint! { state: [Pool(numbers)] }.unwrap().router();
        let request = Request::get("/health/checks/pool").body(Body::empty()).unwrap();
        assert_eq!(router.oneshot(request).await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn shared_state_serves_a_plain_reference() {
    let router = health_endpoint! { state: [Arc::new(Pool(vec![1]))] }.unwrap().router();
    let request = Request::get("/health/checks/pool").body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 200);
}

#[test]
fn checks_key_takes_any_list() {
    let check = |name: &str| Check::new(name, Level::L5, || async { true });
    let build = |names: &[&str]| names.iter().map(|name| check(name)).collect::<Vec<_>>();
    for endpoint in [
        health_endpoint! { state: [Pool(vec![])], checks: build(&["a", "b"]) },
        health_endpoint! { state: [Pool(vec![])], checks: ["a", "b"].map(check) },
        health_endpoint! { state: [Pool(vec![])], checks: ["a"].into_iter().map(Probe), details: public },
        health_endpoint! { state: [Pool(vec![])], checks: Some(check("a")) },
        health_endpoint! { state: [Pool(vec![])], checks: checks![check("a"), Probe("b")] },
        health_endpoint! { state: [Pool(vec![])], checks: { let mut list = checks![Probe("a")]; list.extend(checks![]); list } },
    ] {
        let _ = endpoint.unwrap();
    }
    // The endpoint has the checks of the list: two of one name are an error.
    let error = health_endpoint! { state: [Pool(vec![])], checks: build(&["twice", "twice"]) }.unwrap_err().to_string();
    assert!(error.contains("twice"), "{error}");
}

#[test]
fn details_is_a_word_or_a_value() {
    let shown_to = |everybody: bool| if everybody { ShowDetails::Always } else { ShowDetails::Never };
    for endpoint in [
        health_endpoint! { details: hidden, state: [Pool(vec![])] },
        health_endpoint! { details: ShowDetails::Never, state: [Pool(vec![])], },
        health_endpoint! { details: shown_to(true), state: [Pool(vec![])] },
        health_endpoint! { details: if cfg!(test) { hidden } else { public }, state: [Pool(vec![])] },
        health_endpoint! { details: match 5 { 5 => public, _ => ShowDetails::Never }, state: [Pool(vec![])] },
    ] {
        let _ = endpoint.unwrap();
    }
}

#[test]
fn empty_lists_add_nothing() {
    let endpoint =
        health_endpoint! { crates: [], state: [], checks: [], configure: |builder| builder.state(Pool(vec![])) };
    let _ = endpoint.unwrap();
}

#[test]
fn missing_state_is_an_error_value() {
    let error = health_endpoint! {}.unwrap_err().to_string();
    assert!(error.contains("Pool"), "{error}");
}

#[test]
fn macro_and_builder_yield_the_same_type() -> Result<(), health_runtime::Error> {
    let _by_macro: Endpoint = health_endpoint! { state: [Pool(vec![1])] }?;
    let _by_hand: Endpoint = Endpoint::builder().state(Pool(vec![1])).build()?;
    Ok(())
}

#[tokio::test]
async fn endpoint_merges_into_a_router_with_state() {
    let greet = async |State(greeting): State<&'static str>| greeting;
    let health = health_endpoint! { state: [Pool(vec![1])] }.unwrap();
    let monitor = health.monitor().clone();
    let router: Router = Router::new().route("/greeting", get(greet)).merge(health).with_state("hello");
    let status = async |path| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((status("/greeting").await, status("/readyz").await), (200, 200));
    monitor.drain();
    assert_eq!((status("/greeting").await, status("/readyz").await), (200, 503));
}

fn failing() -> Router {
    let check = Check::new("db", Level::L5, || async { false }).readiness();
    Endpoint::builder().without_declared_checks().checks([check]).build().unwrap().router()
}

/// Returns the message of the panic that stops the start at the line of `merge`, `route` or `nest`.
#[track_caller]
fn panic_message(merge: impl FnOnce() -> Router) -> String {
    let panic = catch_unwind(AssertUnwindSafe(merge)).expect_err("a conflict of routes panics");
    *panic.downcast::<String>().unwrap()
}

/// An old handler that answers 200 would hide a failing check.
#[test]
fn existing_route_stops_the_start() {
    let old = || async { "ok" };
    // A release build registers no other path below the base path.
    let levels = cfg!(debug_assertions).then_some("/health/levels/1");
    for path in ["/readyz", "/health", "/health/live"].into_iter().chain(levels) {
        for method in [get(old), post(old), any(old)] {
            let service = || Router::new().route(path, method.clone());
            for message in [
                panic_message(|| service().merge(failing())),
                panic_message(|| failing().merge(service())),
                panic_message(|| failing().route(path, method.clone())),
                panic_message(|| Router::new().nest("/api", service()).nest("/api", failing())),
            ] {
                assert!(message.contains(path), "{message}");
            }
        }
    }
    let message = panic_message(|| Router::new().route_service("/livez", get(old)).merge(failing()));
    assert!(message.contains("/livez"), "{message}");
    let message = panic_message(|| Router::new().nest_service("/health", get(old)).merge(failing()));
    assert!(message.contains("/health"), "{message}");
}

#[test]
fn two_endpoints_in_one_router_stop_the_start() {
    let message = panic_message(|| failing().merge(failing()));
    assert!(message.contains("conflict with previously registered route: /"), "{message}");
    // With different paths, both fit.
    let other = Endpoint::builder().without_declared_checks().base_path("/other").without_root_probes();
    let _ = failing().merge(other.build().unwrap().router());
}

#[tokio::test]
async fn fallback_of_the_service_does_not_hide_the_endpoint() {
    let old = || async { "ok" };
    for router in [
        Router::new().fallback(old).merge(failing()),
        failing().fallback(old),
        failing().method_not_allowed_fallback(old),
        Router::new().route("/{*rest}", any(old)).merge(failing()),
        Router::new().route("/{word}", any(old)).merge(failing()),
    ] {
        let status = async |method, path| {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status().as_u16()
        };
        for path in ["/readyz", "/health/ready", "/health"] {
            assert_eq!(status("GET", path).await, 503, "{path}");
            assert_eq!(status("POST", path).await, 405, "{path}");
        }
    }
}

/// Covers the key alone; the derive has its own tests.
#[allow(dead_code, reason = "it is enough that it compiles")]
fn takes_build_info<App: BuildInfo>() -> Result<Endpoint, health_runtime::Error> {
    health_endpoint! { build_info: App }
}
