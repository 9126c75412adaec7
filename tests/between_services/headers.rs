//! The headers that a check sends on, and those that a request must not have.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::HeaderMap;
use health_runtime::{BuildMetadata, Check, Level, Monitor, Selection, outgoing_headers};
use health_tests::{builder, endpoint};

use crate::ask;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The headers that each run took.
type Taken = Arc<Mutex<Vec<HeaderMap>>>;

fn keep(taken: &Taken) {
    taken.lock().expect("no panic").push(outgoing_headers());
}

fn values(taken: &Taken, name: &str) -> Vec<String> {
    let taken = taken.lock().expect("no panic");
    taken.iter().map(|headers| headers.get(name).map_or("", |value| value.to_str().expect("text")).to_owned()).collect()
}

/// Checks of every kind that take headers: in the first poll, in a later one, on a thread of their own.
fn asking_checks(taken: &Taken) -> [Check; 3] {
    let [first, later, blocking] = [(); 3].map(|()| Arc::clone(taken));
    [
        Check::new("first", Level::L3, move || {
            keep(&first);
            std::future::ready(())
        }),
        Check::new("later", Level::L3, move || {
            let taken = Arc::clone(&later);
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                keep(&taken);
            }
        }),
        Check::blocking("blocking", Level::L3, move || keep(&blocking)),
    ]
}

#[tokio::test]
async fn run_sends_the_path_of_its_request_on() {
    let taken = Taken::default();
    let build = BuildMetadata::new("orders", "1.0.0");
    let health = builder(asking_checks(&taken)).build_info(build).build().expect("a good endpoint");
    let headers = [("health-path", "shop/1;level=1"), ("health-path", ", cart/2"), ("traceparent", TRACE)];
    assert_eq!(ask(&health, "/health/levels/3", &headers).await.0, 200);

    let paths = values(&taken, "health-path");
    assert_eq!(paths.len(), 3, "{paths:?}");
    for path in &paths {
        let own = path.strip_prefix("shop/1;level=1, cart/2, orders/").expect("the path of the request");
        let (id, level) = own.split_once(';').expect("a parameter");
        assert!(id.len() == 8 && level == "level=3", "{path}");
        assert_eq!(path, &paths[0], "one instance");
    }
    assert_eq!(values(&taken, "traceparent"), [TRACE; 3]);
    for budget in values(&taken, "health-budget") {
        assert!((4_000..=4_900).contains(&budget.parse::<u32>().expect("a number")), "{budget}");
    }
}

#[tokio::test]
async fn isolated_run_sends_the_path_on() {
    let taken = Taken::default();
    let health = builder(asking_checks(&taken)).isolated_checks().build().expect("a good endpoint");
    ask(&health, "/health/levels/3", &[("health-path", "shop/1")]).await;
    let paths = values(&taken, "health-path");
    assert!(paths.len() == 3 && paths.iter().all(|path| path.starts_with("shop/1, ")), "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn local_and_background_runs_begin_a_path() {
    let taken = Taken::default();
    let [first, later, blocking] = asking_checks(&taken);
    let health = endpoint([first.interval(Duration::from_secs(1)), later, blocking]);
    let monitor: &Monitor = health.monitor();
    monitor.report(&Selection::everything()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let paths = values(&taken, "health-path");
    assert!(paths.len() >= 3 && paths.iter().all(|path| !path.contains(',')), "{paths:?}");
    assert_eq!(values(&taken, "traceparent"), vec![""; paths.len()]);
    assert!(outgoing_headers().is_empty(), "this is not a run");
}

/// Nothing of a header is repeated: a proxy may have put a secret there.
#[tokio::test]
async fn malformed_headers_are_refused_by_name() {
    let health = endpoint([Check::new("db", Level::L1, || async {})]);
    let deep = "a/1, ".repeat(33);
    let long = "a".repeat(4_097);
    for (name, value, expected) in [
        (
            "health-path",
            "secret token",
            "element 1 of `Health-Path` is not valid; write for example `orders/7f3a;level=3`",
        ),
        (
            "health-path",
            "a/1, b;level",
            "element 2 of `Health-Path` is not valid; write for example `orders/7f3a;level=3`",
        ),
        ("health-path", &*deep, "`Health-Path` has more than 32 elements"),
        ("health-path", &*long, "`Health-Path` has more than 4096 bytes"),
        ("health-budget", "soon", "`Health-Budget` is not a valid number of milliseconds; write for example `900`"),
        ("health-budget", "-1", "`Health-Budget` is not a valid number of milliseconds; write for example `900`"),
    ] {
        for path in ["/health", "/health/levels/1", "/readyz", "/health/checks/db"] {
            let (status, body) = ask(&health, path, &[(name, value)]).await;
            assert_eq!(status, 400, "{path} {name}: {value}");
            let problem: serde_json::Value = serde_json::from_str(&body).expect("a problem");
            assert_eq!(problem["detail"], expected);
        }
    }
    let (status, body) = ask(&health, "/health", &[("health-budget", "1"), ("health-budget", "1")]).await;
    assert!(status == 400 && body.contains("`Health-Budget` stands more than once"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn budget_shortens_the_report_and_no_run() {
    let taken = Taken::default();
    let [_, later, _] = asking_checks(&taken);
    let health = endpoint([later]);
    let start = tokio::time::Instant::now();
    for (headers, query, took) in [("4", "", 4), ("7", "?timeout=3ms", 3), ("2", "?timeout=3ms", 2), ("0", "", 0)] {
        let begin = tokio::time::Instant::now();
        let (status, body) = ask(&health, &format!("/health/levels/3{query}"), &[("health-budget", headers)]).await;
        assert_eq!((status, begin.elapsed().as_millis()), (503, took), "{body}");
    }
    assert_eq!(start.elapsed().as_millis(), 9, "no run has ended");
    assert_eq!(ask(&health, "/health/levels/3", &[("health-budget", "999999999999")]).await.0, 200);
    let budgets = values(&taken, "health-budget");
    assert_eq!(budgets.len(), 1, "all of them shared one run");
    assert!(budgets[0].parse::<u32>().expect("a number") > 4_000, "{budgets:?}");
}
