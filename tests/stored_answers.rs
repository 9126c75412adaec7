//! Stored responses: each shows the very results that a report of the same moment has.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, CheckUpdate, Endpoint, Group, Level, ReportFormat, Selection, ShowDetails};
use health_tests::{ask, builder};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

const NAMES: [&str; 5] = ["alive", "background", "dependent", "held", "rare"];

#[derive(Clone, Debug)]
enum Step {
    /// Changes the answer of a check.
    Switch(usize),
    Wait(u64),
    Mute(usize, u64),
    Unmute(usize),
    Replace(usize),
    /// Removes a check that no other one depends on, and adds it anew.
    Renew(usize),
    /// Runs checks without the endpoint.
    Report(usize),
    Drain,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let check = || 0..NAMES.len();
    let step = prop_oneof![
        4 => check().prop_map(Step::Switch),
        4 => prop_oneof![0..20_u64, 0..2_000_u64].prop_map(Step::Wait),
        2 => (check(), 0..100_u64).prop_map(|(check, millis)| Step::Mute(check, millis)),
        1 => check().prop_map(Step::Unmute),
        1 => check().prop_map(Step::Replace),
        1 => check().prop_map(Step::Renew),
        2 => check().prop_map(Step::Report),
        1 => Just(Step::Drain),
    ];
    vec(step, 1..25)
}

type Switches = Arc<[AtomicBool; NAMES.len()]>;

fn make(index: usize, switches: &Switches) -> Check {
    let switches = Arc::clone(switches);
    let passes = move || std::future::ready(switches[index].load(Ordering::Relaxed));
    let (level, millis) = ([Level::L5, Level::L4, Level::L3, Level::L2, Level::L1][index], Duration::from_millis);
    let check = Check::new(NAMES[index], level, passes);
    match index {
        0 => check.max_age(millis(10)).liveness().readiness(),
        1 => check.interval(millis(50)).timeout(millis(100)).stale_after(millis(500)).readiness(),
        2 => check.max_age(millis(1_500)).depends_on(["alive", "background"]).readiness(),
        3 => check.max_age(millis(30)).hold(millis(80)).failure_threshold(2).readiness(),
        _ => check.max_age(Duration::from_hours(1)),
    }
}

/// Leaves out the times of reports that no slot holds: a check without a result, and the end of a hold.
fn without_own_times(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("held_until");
            if fields.get("cause").is_some_and(|cause| cause == "pending") {
                fields.retain(|key, _| !matches!(key.as_str(), "checked_at" | "since" | "duration_ms"));
            }
            fields.values_mut().for_each(|value| *value = without_own_times(value.take()));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = without_own_times(value.take())),
        _ => {}
    }
    value
}

async fn apply(step: &Step, endpoint: &Endpoint, switches: &Switches) {
    let monitor = endpoint.monitor();
    match *step {
        Step::Switch(index) => drop(switches[index].fetch_not(Ordering::Relaxed)),
        Step::Wait(time) => tokio::time::sleep(Duration::from_millis(time)).await,
        Step::Mute(index, time) => {
            monitor.mute(NAMES[index], Duration::from_millis(time), "a test").expect("a check");
        }
        Step::Unmute(index) => monitor.unmute(NAMES[index]).expect("a check"),
        Step::Replace(index) => monitor.replace(make(index, switches)).expect("a good update"),
        // `dependent` depends on the first two.
        Step::Renew(index) => {
            let index = index.max(2);
            monitor.update(CheckUpdate::new().remove(NAMES[index])).expect("a good update");
            monitor.update(CheckUpdate::new().add(make(index, switches))).expect("a good update");
        }
        Step::Report(index) => drop(monitor.report(&Selection::check(NAMES[index])).await),
        Step::Drain => monitor.drain(),
    }
    // Runs that are due at this very moment come first.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Asks twice, so that the second response is a stored one.
async fn assert_current(app: &axum::Router, endpoint: &Endpoint, after: &Step) {
    let everything = || Selection::everything();
    for (path, selection) in [
        ("/health/levels/1", everything()),
        ("/health/levels/5", Selection::level(Level::L5)),
        ("/health/levels/2?cumulative", Selection::down_to(Level::L2)),
        ("/readyz?format=json", Selection::group(Group::Readiness)),
        ("/livez?format=json", Selection::group(Group::Liveness)),
    ] {
        for nth in ["first", "second"] {
            let answer = ask(app.clone(), path, &[]).await.json();
            let report = endpoint.monitor().report(&selection).await.render(ReportFormat::Json, ShowDetails::Never);
            let report = serde_json::from_slice(&report).expect("JSON");
            let (answer, report) = (without_own_times(answer), without_own_times(report));
            assert_eq!(answer, report, "the {nth} response of {path} after {after:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn stored_responses_show_the_latest_results(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let switches: Switches = Arc::new(std::array::from_fn(|_| AtomicBool::new(true)));
            let endpoint = builder((0..NAMES.len()).map(|index| make(index, &switches))).build().expect("good");
            let app = endpoint.router();
            for step in &steps {
                apply(step, &endpoint, &switches).await;
                assert_current(&app, &endpoint, step).await;
            }
        });
    }
}

/// A stored response shows the times of the report that it was made from.
#[tokio::test(start_paused = true)]
async fn response_without_a_result_is_stored_until_the_first_one() {
    let pending = Check::new("pending", Level::L1, || async {}).interval(Duration::from_hours(1));
    let app = builder([pending, Check::new("db", Level::L1, || async {})]).build().expect("good").router();
    let first = ask(app.clone(), "/health/levels/1", &[]).await.body;
    assert!(first.contains("\"pending\""), "{first}");
    std::thread::sleep(Duration::from_millis(3));
    assert_eq!(ask(app.clone(), "/health/levels/1", &[]).await.body, first);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let later = ask(app.clone(), "/health/levels/1", &[]).await.body;
    assert!(!later.contains("\"cause\""), "{later}");
}
