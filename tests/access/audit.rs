//! Refusals in the log: a few in full, the others as a number.

use std::time::Duration;

use axum::{Router, body::Body, extract::Request, http::StatusCode};
use health_runtime::{
    Levels,
    access::{Access, User, address, basic},
};
use health_tests::Log;
use tower::ServiceExt as _;

use crate::{
    credentials::{self, Headers, PASSWORD},
    limits::ask,
    service::{Runs, with_access},
};

const MINUTE: Duration = Duration::from_mins(1);

fn guarded() -> Router {
    let access = Access::new().levels(Levels::ALL, basic("x", [User::new("ada", PASSWORD)]));
    with_access(&Runs::default(), access).build().expect("good").router()
}

async fn refused(router: &Router, from: &str, headers: &Headers, times: usize) {
    for _ in 0..times {
        assert_eq!(ask(router, from, "/health/levels/1", headers).await.0, StatusCode::UNAUTHORIZED);
    }
}

fn lines(text: &str, part: &str) -> Vec<String> {
    text.lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn repeated_refusals_of_an_address_are_logged_once_a_minute() {
    let ((log, _guard), router) = (Log::of_this_thread(), guarded());
    let wrong = credentials::basic("ada", "wrong");
    for minute in 0..3 {
        refused(&router, "192.0.2.1", &vec![], 1_000).await;
        refused(&router, "192.0.2.1", &wrong, 7).await;
        refused(&router, "192.0.2.2", &wrong, 1).await;
        let text = log.take();
        assert_eq!(lines(&text, "reason=\"unauthenticated\"").len(), 5, "minute {minute}: {text}");
        assert_eq!(lines(&text, "reason=\"rejected\"").len(), 5 + 1, "minute {minute}: {text}");
        tokio::time::sleep(MINUTE + Duration::from_millis(10)).await;
        let text = log.take();
        let summaries = lines(&text, "more access refusals within a minute");
        assert_eq!(summaries.len(), 1, "minute {minute}: {text}");
        for part in ["WARN", "health_runtime::access", "address=\"192.0.2.1\"", "unauthenticated=995", "rejected=2"] {
            assert!(summaries[0].contains(part), "{part}: {text}");
        }
        assert_eq!(text.lines().count(), 1, "minute {minute}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_of_many_addresses_have_a_bounded_number_of_events() {
    let ((log, _guard), router) = (Log::of_this_thread(), guarded());
    for address in 0..2_000 {
        refused(&router, &format!("[2001:db8:{address:x}::1]"), &vec![], 1).await;
        // The log is quick enough for all of them.
        if address % 100 == 0 {
            let _ = log.text();
        }
    }
    let text = log.take();
    assert_eq!(lines(&text, "access refused").len(), 128 + 5, "{text}");
    assert!(!text.contains("missed="), "{text}");
    drop(router);
    // The end of the endpoint ends the minute, too.
    let text = log.take();
    assert_eq!(lines(&text, "more access refusals").len(), 1, "{text}");
    assert!(text.contains("address=\"others\"") && text.contains("unauthenticated=1867"), "{text}");
}

#[tokio::test]
async fn unknown_client_address_is_logged_once() {
    let (log, _guard) = Log::of_this_thread();
    let access = Access::new().levels(Levels::ALL, address(["10.0.0.0/8"]));
    let router = with_access(&Runs::default(), access).build().expect("good").router();
    for _ in 0..3 {
        let request = Request::get("/health/levels/1").body(Body::empty()).expect("a valid request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
    let text = log.take();
    let warnings = lines(&text, "the client address is unknown");
    assert_eq!(warnings.len(), 1, "{text}");
    for part in ["WARN", "health_runtime::access", "into_make_service_with_connect_info"] {
        assert!(warnings[0].contains(part), "{part}: {text}");
    }
}
