//! Thresholds, holds, dependencies, mutes, and the histories of changes, in a drill and after it.

use std::time::Duration;

use health_runtime::{Cause, Check, Forced, Group, Level, Outcome, Selection, Status, testing::TestMonitor};
use health_tests::monitor;
use tokio::time::sleep;

use crate::{INTERVAL, MINUTE, background, lazy, result, status};

#[tokio::test(start_paused = true)]
async fn thresholds_count_forced_results_like_others() {
    let check = background("db").failure_threshold(3).success_threshold(2);
    let kit = TestMonitor::with_checks([check]);
    kit.run("db").await.assert_status(Status::Pass);
    kit.monitor().drill("db", Forced::fail("drill"), 10 * MINUTE).expect("a drill");
    kit.advance(Duration::from_millis(10)).await;
    kit.snapshot("db").await.assert_status(Status::Pass).assert_observed(Status::Fail);
    kit.run("db").await.assert_status(Status::Pass).assert_observed(Status::Fail);
    kit.run("db").await.assert_status(Status::Fail);

    kit.monitor().undrill("db").expect("a check");
    kit.advance(Duration::from_millis(10)).await;
    // The recovery counts as after a real failure, and the status is still that of the drill.
    let seen = kit.snapshot("db").await;
    seen.assert_status(Status::Fail).assert_observed(Status::Pass);
    assert!(seen.result().drill().is_some());
    let seen = kit.run("db").await;
    seen.assert_status(Status::Pass).assert_changes([Status::Pass, Status::Fail, Status::Pass]);
    assert!(seen.result().drill().is_none());
    let changes: Vec<_> = kit.changes("db").await.iter().map(|change| change.is_drill()).collect();
    assert_eq!(changes, [false, true, true]);
}

/// A failure of its own that follows on the drill is one.
#[tokio::test(start_paused = true)]
async fn real_failure_after_a_drill_is_not_a_drill() {
    let kit = TestMonitor::with_checks([background("db")]);
    kit.run("db").await;
    kit.monitor().drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
    kit.run("db").await.assert_status(Status::Fail);
    kit.force("db", Forced::fail("connection refused"));
    kit.advance(MINUTE).await;
    let seen = kit.run("db").await;
    seen.assert_status(Status::Fail).assert_message("connection refused");
    assert!(seen.result().drill().is_none());
    let changes: Vec<_> = kit.changes("db").await.iter().map(|change| (change.current(), change.is_drill())).collect();
    assert_eq!(changes, [(Status::Pass, false), (Status::Fail, true)], "the status is the same");
}

#[tokio::test(start_paused = true)]
async fn readiness_holds_its_pass_in_a_drill() {
    let kit = TestMonitor::with_checks([background("db").readiness().hold(MINUTE)]);
    kit.run("db").await;
    kit.monitor().drill("db", Forced::fail("drill"), 10 * MINUTE).expect("a drill");
    kit.advance(Duration::from_millis(10)).await;
    kit.group(Group::Readiness).await.assert_status(Status::Warn);
    let report = kit.monitor().report(&Selection::group(Group::Readiness)).await;
    assert!(report.entries()[0].drill.is_some() && report.entries()[0].result.held_until().is_some());
    kit.advance(MINUTE).await;
    kit.group(Group::Readiness).await.assert_status(Status::Fail);
    kit.monitor().undrill("db").expect("a check");
    kit.advance(Duration::from_millis(10)).await;
    kit.group(Group::Readiness).await.assert_status(Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn dependents_are_blocked_and_say_that_it_is_a_drill() {
    let checks = [
        lazy("db"),
        lazy("queue"),
        background("orders").depends_on(["db"]),
        lazy("invoices").depends_on(["orders", "queue"]),
    ];
    let monitor = monitor(checks);
    sleep(MINUTE).await;
    monitor.drill("db", Forced::fail("the reason"), 10 * MINUTE).expect("a drill");
    sleep(2 * INTERVAL).await;
    for name in ["orders", "invoices"] {
        let seen = result(&monitor, name).await;
        assert!(matches!(seen.cause(), Some(Cause::Blocked { .. })), "{seen:?}");
        let drill = seen.drill().expect("because of one");
        assert_eq!((drill.behavior(), drill.reason()), ("fail", None), "the reason is a detail of another check");
    }
    sleep(10 * MINUTE).await;
    for name in ["orders", "invoices"] {
        // Nobody has asked for them since.
        let last = monitor.history(name).expect("a check").pop().expect("a change");
        assert_eq!((last.current(), last.is_drill()), (Status::Pass, true), "{name}");
        let seen = result(&monitor, name).await;
        assert_eq!((seen.status(), seen.drill()), (Status::Pass, None), "{name}");
    }
}

/// One of the checks that block it fails by itself.
#[tokio::test(start_paused = true)]
async fn dependent_of_a_real_failure_is_not_in_a_drill() {
    let down = Check::new("queue", Level::L3, || async { false });
    let monitor = monitor([lazy("db"), down, lazy("orders").depends_on(["db", "queue"])]);
    monitor.drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
    let seen = result(&monitor, "orders").await;
    assert!(matches!(seen.cause(), Some(Cause::Blocked { by, .. }) if by.len() == 2), "{seen:?}");
    assert_eq!(seen.drill(), None);
    assert_eq!(result(&monitor, "queue").await.drill(), None);
}

#[tokio::test(start_paused = true)]
async fn muted_check_stays_muted_in_a_drill() {
    let monitor = monitor([lazy("db")]);
    monitor.mute("db", 10 * MINUTE, "maintenance").expect("a check");
    monitor.drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
    let report = monitor.report(&Selection::everything()).await;
    let entry = &report.entries()[0];
    assert_eq!((report.status(), entry.result.status()), (Status::Pass, Status::Fail));
    assert!(entry.muted.is_some() && entry.drill.is_some());
    let change = monitor.history("db").expect("a check").pop().expect("a change");
    assert!(change.is_muted() && change.is_drill());
    sleep(MINUTE).await;
    let report = monitor.report(&Selection::everything()).await;
    assert!(report.entries()[0].muted.is_some() && report.entries()[0].drill.is_none());
}

#[tokio::test(start_paused = true)]
async fn forced_outcome_brings_its_message_and_data() {
    let monitor = monitor([lazy("db").critical(false)]);
    let outcome = Outcome::fail("postgres://ada:secret@db is gone").with_data(serde_json::json!({ "lag": 7 }));
    monitor.drill("db", outcome, MINUTE).expect("a drill");
    let seen = result(&monitor, "db").await;
    assert_eq!(seen.status(), Status::Warn, "it is not critical");
    assert_eq!(seen.message(), Some("postgres://***@db is gone"));
    assert_eq!(seen.data().map(ToString::to_string).as_deref(), Some(r#"{"lag":7}"#));
    assert_eq!(seen.drill().and_then(|drill| drill.reason()), Some("postgres://***@db is gone"));
    assert_eq!(status(&monitor, "db").await, Status::Warn);
}

/// The function that a test forces is drilled like any other, and the kit counts the runs.
#[tokio::test(start_paused = true)]
async fn test_kit_counts_runs_of_a_drill() {
    let kit = TestMonitor::with_checks([lazy("db").max_age(Duration::ZERO)]);
    kit.run("db").await;
    let before = kit.runs("db");
    kit.monitor().drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
    kit.run("db").await.assert_status(Status::Fail);
    assert!(kit.runs("db") > before);
    kit.advance(MINUTE).await;
    kit.run("db").await.assert_status(Status::Pass);
}

/// The function of a slow drill is its own, and so are its failures.
#[tokio::test(start_paused = true)]
async fn failure_of_the_own_function_in_a_slow_drill_is_not_a_drill() {
    for own in [Forced::fail("connection refused"), Forced::panic("out of memory"), Forced::warn("lag of 9 s")] {
        let kit = TestMonitor::with_checks([background("db").success_threshold(2)]);
        kit.run("db").await;
        kit.monitor().drill("db", Forced::slow_by(Duration::from_millis(5)), 10 * MINUTE).expect("a drill");
        let seen = kit.run("db").await;
        assert!(seen.result().status() == Status::Pass && seen.result().drill().is_some(), "{seen:?}");

        kit.force("db", own.clone());
        let seen = kit.run("db").await;
        assert!(seen.result().status() > Status::Pass && seen.result().drill().is_none(), "{seen:?}");
        let change = kit.changes("db").await.pop().expect("a change");
        assert!(change.current() > Status::Pass && !change.is_drill(), "{change:?}");

        kit.force("db", Forced::pass());
        let seen = kit.run("db").await;
        // The threshold keeps the failure, which is not the drill's.
        assert_eq!(seen.result().drill().is_none(), seen.result().status() == Status::Fail, "{seen:?}");
        let seen = kit.run("db").await;
        assert!(seen.result().status() == Status::Pass && seen.result().drill().is_some(), "{seen:?}");
    }
}

/// A run that waits for one of the drill is over later than the drill.
#[tokio::test(start_paused = true)]
async fn dependent_that_waits_for_a_hanging_drill_runs_again_after_its_end() {
    let monitor = monitor([
        lazy("db").timeout(Duration::from_secs(10)),
        lazy("orders").depends_on(["db"]),
        lazy("shop").depends_on(["orders"]),
    ]);
    monitor.drill("db", Forced::hang(), MINUTE).expect("a drill");
    let report = tokio::spawn({
        let monitor = monitor.clone();
        async move { monitor.report(&Selection::everything()).await }
    });
    sleep(Duration::from_secs(5)).await;
    monitor.undrill("db").expect("a check");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(report.await.expect("no panic").status(), Status::Fail, "it was asked for in the drill");
    for name in ["orders", "shop"] {
        // Nobody has asked for them since.
        let last = monitor.history(name).expect("a check").pop().expect("a change");
        assert_eq!((last.current(), last.is_drill()), (Status::Pass, true), "{name}");
    }
}
