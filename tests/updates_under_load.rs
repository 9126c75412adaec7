//! Ten thousand additions and removals under load: no report is torn, and nothing is left behind. Alone in its binary,
//! because it measures the memory of the process.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fs,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use health_runtime::{Check, CheckUpdate, Endpoint, GrpcHealth, Level, Monitor, Outcome, Selection};
use health_tests::{ask, builder};
use tokio::{runtime::Handle, task::spawn_blocking, time::sleep};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Additions and removals of pairs of checks: half of it before memory is measured for the first time.
const UPDATES: usize = 10_000;

/// Pairs that are there at a time.
const PAIRS: usize = 10;

/// Memory that the second half of the updates may add: the allocator's, not ours.
const MEMORY_TOLERANCE: usize = 8 << 20;

/// Responses that list every check, in each format.
const PATHS: [&str; 13] = [
    "/health/levels/3",
    "/health/levels/1",
    "/health/levels/1?view=values",
    "/health/levels/1?format=text&verbose",
    "/health/levels/1?format=health%2Bjson",
    "/health/levels/1?format=xml",
    "/health/levels/1?format=actuator",
    "/health/levels/1?format=microprofile",
    "/health/levels/1?format=html",
    "/readyz?verbose",
    "/health/metrics",
    "/health/metrics?format=openmetrics",
    "/health/openapi.json",
];

/// A function of a check, counted while it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Two checks that are only there together. Some fail, which blocks the second one, and some run in the background.
fn pair(number: usize, alive: &Arc<AtomicUsize>) -> [Check; 2] {
    let fails = number.is_multiple_of(3);
    let check = |side: &str| {
        let counted = Counted::new(alive);
        let check = Check::new(format!("tenant-{number}-{side}"), Level::L3, move || {
            let _ = &counted;
            async move { if fails { Outcome::fail("it is down") } else { Outcome::pass() } }
        });
        if number.is_multiple_of(2) { check.interval(Duration::from_millis(5)) } else { check.max_age(Duration::ZERO) }
    };
    let (left, right) = (check("left"), check("right"));
    [left.readiness(), right.depends_on([format!("tenant-{number}-left")]).readiness()]
}

/// Returns the resident memory of the process in bytes; `None` without `/proc`.
fn resident() -> Option<usize> {
    const PAGE: usize = 4096;
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<usize>().ok()? * PAGE)
}

/// Adds a pair with each update and removes another one. Every fifth pair is replaced as well.
fn update(monitor: &Monitor, numbers: Range<usize>, alive: &Arc<AtomicUsize>) {
    for number in numbers {
        let [left, right] = pair(number, alive);
        let update = CheckUpdate::new().add(right).add(left);
        let update = match number.checked_sub(PAIRS) {
            Some(old) => update.remove(format!("tenant-{old}-left")).remove(format!("tenant-{old}-right")),
            None => update,
        };
        monitor.update(update).expect("a good update");
        if number.is_multiple_of(5) {
            let [left, right] = pair(number, alive);
            monitor.update(CheckUpdate::new().replace(left).replace(right)).expect("a good update");
        }
    }
}

/// Numbers of the pairs of which a text names this side.
fn named(text: &str, side: &str) -> Vec<usize> {
    let parts = text.split("tenant-").skip(1).filter_map(|part| part.split_once('-'));
    let sided = parts.filter(|(_, rest)| rest.starts_with(side)).filter_map(|(number, _)| number.parse().ok());
    let mut numbers: Vec<_> = sided.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

async fn poll(endpoint: Endpoint, is_over: Arc<AtomicBool>, offset: usize, polled: Arc<AtomicUsize>) {
    let grpc = GrpcHealth::new(&endpoint);
    for path in PATHS.iter().cycle().skip(offset) {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let body = ask(endpoint.router(), path, &[]).await.body;
        let (left, right) = (named(&body, "left"), named(&body, "right"));
        assert_eq!(left, right, "{path}: half an update\n{body}");
        let present: Vec<_> = endpoint.monitor().checks().map(|check| check.name().to_owned()).collect();
        assert!(present.len().is_multiple_of(2) && present.len() <= 2 * PAIRS, "{present:?}");
        let name = present.first().cloned().unwrap_or_default();
        let alone = ask(endpoint.router(), &format!("/health/checks/{name}"), &[]).await.status;
        assert!([200, 503, 404].contains(&alone), "{alone}");
        let _ = HealthClient::new(grpc.clone()).check(HealthCheckRequest { service: name }).await;
        polled.fetch_add(1, Ordering::SeqCst);
    }
}

/// Follows the events, and reconnects at once.
async fn follow(endpoint: Endpoint, is_over: Arc<AtomicBool>) {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;
    while !is_over.load(Ordering::SeqCst) {
        let request = Request::get("/health/events").body(Body::empty()).expect("a request");
        let body = endpoint.router().oneshot(request).await.expect("an answer").into_body();
        let mut events = body.into_data_stream().take(20);
        while let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(50), events.next()).await {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn ten_thousand_updates_leave_nothing_behind() {
    let endpoint = builder([Check::new("steady", Level::L5, || async {})]).build().expect("a good endpoint");
    endpoint.monitor().remove("steady").expect("a check");
    let (alive, polled) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks_before = Handle::current().metrics().num_alive_tasks();
    let mut pollers: Vec<_> = (0..2)
        .map(|nth| tokio::spawn(poll(endpoint.clone(), Arc::clone(&is_over), 7 * nth, Arc::clone(&polled))))
        .collect();
    pollers.push(tokio::spawn(follow(endpoint.clone(), Arc::clone(&is_over))));
    let updater = |numbers| {
        let (monitor, alive) = (endpoint.monitor().clone(), Arc::clone(&alive));
        // On a thread of its own: a task would wait for every request after each update.
        spawn_blocking(move || update(&monitor, numbers, &alive))
    };
    updater(0..UPDATES / 2).await.expect("no panic");
    let memory_before = resident();
    updater(UPDATES / 2..UPDATES).await.expect("no panic");
    let memory_after = resident();

    let rest = endpoint.monitor().checks().fold(CheckUpdate::new(), |update, check| update.remove(check.name()));
    endpoint.monitor().update(rest).expect("nothing depends on them");
    is_over.store(true, Ordering::SeqCst);
    for poller in pollers {
        poller.await.expect("every report is whole");
    }
    assert!(polled.load(Ordering::SeqCst) > PATHS.len(), "{polled:?} requests");
    let report = endpoint.monitor().report(&Selection::everything()).await;
    assert_eq!(report.entries().len(), 0);
    ask(endpoint.router(), "/health/levels/1", &[]).await;
    // Runs and the tasks of background checks end by themselves.
    let left = || (alive.load(Ordering::SeqCst), Handle::current().metrics().num_alive_tasks() - tasks_before);
    for _ in 0..1_000 {
        if left() == (0, 0) {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(left(), (0, 0), "functions and tasks are left");
    if let (Some(before), Some(after)) = (memory_before, memory_after) {
        let grown = after.saturating_sub(before);
        assert!(grown < MEMORY_TOLERANCE, "{} updates left {grown} bytes", UPDATES / 2);
    }
}
