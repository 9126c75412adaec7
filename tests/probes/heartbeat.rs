//! `probes::heartbeat`: loops that beat, fall silent, end and begin late.

use std::{thread, time::Duration};

use health_runtime::{Check, Group, Level, Outcome, Selection, Status, probes};
use health_tests::monitor;
use serde_json::json;
use tokio::time::{advance, sleep};

use super::faults;

const SECOND: Duration = Duration::from_secs(1);
const MAX_SILENCE: Duration = Duration::from_secs(30);

fn status_and_message(outcome: &Outcome) -> (Status, &str) {
    (outcome.status(), outcome.message().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn silent_loop_fails_until_its_next_beat() {
    let (heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    heartbeat.beat();
    advance(MAX_SILENCE).await;
    let outcome = probe.observe();
    assert_eq!(status_and_message(&outcome), (Status::Pass, ""));
    assert_eq!(outcome.data(), Some(&json!({ "beats": 1, "last_beat_ago_ms": 30_000, "has_ended": false })));

    advance(Duration::from_micros(1)).await;
    let text = "the loop is silent: its last beat was 30.001s ago, more than 30s";
    assert_eq!(status_and_message(&probe.observe()), (Status::Fail, text));

    heartbeat.beat();
    let outcome = probe.observe();
    assert_eq!(outcome.status(), Status::Pass);
    assert_eq!(outcome.data(), Some(&json!({ "beats": 2, "last_beat_ago_ms": 0, "has_ended": false })));
}

#[tokio::test(start_paused = true)]
async fn loop_without_a_beat_is_starting_and_then_fails() {
    let (_heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    advance(MAX_SILENCE).await;
    let outcome = probe.observe();
    let text = "the loop has not beaten yet; it has 30s for its first beat";
    assert_eq!(status_and_message(&outcome), (Status::Warn, text));
    assert_eq!(outcome.data(), Some(&json!({ "beats": 0, "last_beat_ago_ms": null, "has_ended": false })));
    assert_eq!(probe.clone().starting_as(Status::Fail).observe().status(), Status::Fail);
    assert_eq!(probe.clone().starting_as(Status::Pass).observe().status(), Status::Pass);

    advance(SECOND).await;
    let text = "the loop has not begun: no beat came within 30s";
    assert_eq!(status_and_message(&probe.observe()), (Status::Fail, text));
    assert_eq!(probe.clone().starting_as(Status::Pass).observe().status(), Status::Fail);
    assert_eq!(probe.first_beat_within(MAX_SILENCE * 2).observe().status(), Status::Warn);
}

#[tokio::test(start_paused = true)]
async fn dropped_handle_fails_at_once() {
    let (heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    let clone = heartbeat.clone();
    heartbeat.beat();
    drop(heartbeat);
    assert_eq!(probe.observe().status(), Status::Pass, "a clone is alive");
    advance(SECOND).await;
    drop(clone);
    let outcome = probe.observe();
    assert_eq!(status_and_message(&outcome), (Status::Fail, "the loop has ended; its last beat was 1s ago"));
    assert_eq!(outcome.data(), Some(&json!({ "beats": 1, "last_beat_ago_ms": 1_000, "has_ended": true })));

    let (heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    drop(heartbeat);
    let text = "the loop has ended without a beat";
    assert_eq!(status_and_message(&probe.starting_as(Status::Pass).observe()), (Status::Fail, text));
}

#[tokio::test(start_paused = true)]
async fn panic_of_a_consumer_is_seen_in_the_next_report() {
    let (heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    let monitor = monitor([probe.name("consumer").max_age(Duration::ZERO).liveness().into()]);
    let consumer = tokio::spawn(async move {
        for message in 0.. {
            heartbeat.beat();
            sleep(SECOND).await;
            assert!(message < 100, "a poisonous message");
        }
    });
    let liveness = Selection::group(Group::Liveness);
    sleep(SECOND * 90).await;
    assert_eq!(monitor.report(&liveness).await.status(), Status::Pass);
    consumer.await.expect_err("it panicked");
    let report = monitor.report(&liveness).await;
    let result = report.result("consumer").expect("the check");
    assert_eq!(result.status(), Status::Fail);
    assert_eq!(result.message(), Some("the loop has ended; its last beat was 1s ago"));
}

#[test]
fn threads_beat_without_a_runtime() {
    let (heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    thread::scope(|scope| {
        for _ in 0..4 {
            let heartbeat = heartbeat.clone();
            scope.spawn(move || (0..1_000).for_each(|_| heartbeat.beat()));
        }
    });
    let outcome = probe.observe();
    assert_eq!(outcome.status(), Status::Pass);
    assert_eq!(outcome.data().map(|data| &data["beats"]), Some(&json!(4_000)));
}

#[test]
fn heartbeat_is_a_check_at_level_5_without_a_group() {
    let (_heartbeat, probe) = probes::heartbeat(MAX_SILENCE);
    let check = Check::from(probe);
    assert_eq!((check.spec().name(), check.spec().level()), ("heartbeat", Level::L5));
    assert_eq!(Group::ALL.map(|group| check.spec().is_in(group)), [false; 3]);
    assert!(check.spec().location().file().ends_with("heartbeat.rs"), "{}", check.spec().location());
}

#[test]
fn silences_of_zero_are_start_up_errors() {
    let here = format!("{}:{}", file!(), line!() + 1);
    let (_heartbeat, probe) = probes::heartbeat(Duration::ZERO);
    let faults = faults(probe.clone().first_beat_within(Duration::ZERO));
    let texts: Vec<_> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
    assert_eq!(
        texts,
        [
            "its longest silence is zero, which every loop exceeds",
            "its time for the first beat is zero, in which no loop begins"
        ]
    );
    assert_eq!(faults[0].0, here);
    assert_eq!(probe.observe().status(), Status::Fail);
}
