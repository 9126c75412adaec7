//! `health_endpoint!`: every key is a method of the builder.

use axum::{body::Body, http::Request};
use health_runtime::{
    BuildInfo, Check, EndpointBuilder, Level, ShowDetails, StatusCodes, View,
    access::{Access, public},
    health_check, health_endpoint,
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
fn takes_every_key_and_evaluates_in_the_written_order() {
    let numbers = vec![1];
    let router: axum::Router = health_endpoint! {
        crates: [serde],
        // Before `state`, which moves it.
        checks: [Check::new("by hand", Level::L5, { let count = numbers.len(); move || async move { count > 0 } }), Probe("probe")],
        state: [Pool(numbers), "a".to_owned()],
        base_path: "/status",
        levels_path: ("{base}/deep", View::Values),
        access: Access::new().levels(.., public()),
        details: public,
        configure: |builder| builder.status_codes(StatusCodes::new().warn(429)),
        crate: health_runtime,
    }
    .unwrap();
    let _ = axum::Router::<()>::new().merge(router);
}

#[tokio::test]
async fn declared_checks_run_with_the_state_that_was_handed_over() {
    for (numbers, expected) in [(vec![1], 200), (vec![], 503)] {
        let router = health_endpoint! { state: [Pool(numbers)] }.unwrap();
        let request = Request::get("/health/checks/pool").body(Body::empty()).unwrap();
        assert_eq!(router.oneshot(request).await.unwrap().status(), expected);
    }
}

#[test]
fn details_is_a_word_or_a_value() {
    let shown_to = |everybody: bool| if everybody { ShowDetails::Always } else { ShowDetails::Never };
    for router in [
        health_endpoint! { details: hidden, state: [Pool(vec![])] },
        health_endpoint! { details: ShowDetails::Never, state: [Pool(vec![])], },
        health_endpoint! { details: shown_to(true), state: [Pool(vec![])] },
    ] {
        let _ = router.unwrap();
    }
}

#[test]
fn empty_lists_are_nothing() {
    let router =
        health_endpoint! { crates: [], state: [], checks: [], configure: |builder| builder.state(Pool(vec![])) };
    let _ = router.unwrap();
}

#[test]
fn is_an_error_value_and_no_panic_when_the_checks_cannot_start() {
    let error = health_endpoint! {}.unwrap_err().to_string();
    assert!(error.contains("Pool"), "{error}");
}

#[test]
fn says_what_can_be_said_by_hand() -> Result<(), health_runtime::Error> {
    let _router = axum::Router::new().merge::<axum::Router>(health_endpoint! { state: [Pool(vec![1])] }?);
    let _by_hand = EndpointBuilder::new().state(Pool(vec![1])).build().map(|endpoint| endpoint.router())?;
    Ok(())
}

/// Only that the key is understood; the derive has tests of its own.
#[allow(dead_code, reason = "it is enough that it compiles")]
fn takes_build_info<App: BuildInfo>() -> Result<axum::Router, health_runtime::Error> {
    health_endpoint! { build_info: App }
}
