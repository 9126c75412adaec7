//! `TestMonitor`: time, forced behavior, and the texts of failed assertions.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    Check, Group, Level, Outcome, Registry, Selection, Status, health_check,
    testing::{Forced, TestMonitor},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

struct Broker {
    asked: Arc<AtomicUsize>,
}

#[health_check(level = 3, timeout = "2s", readiness)]
async fn broker(broker: &Broker) {
    broker.asked.fetch_add(1, Ordering::SeqCst);
}

#[health_check(level = 2, depends_on("broker"))]
fn orders() -> bool {
    true
}

fn good(name: &str) -> Check {
    Check::new(name, Level::L3, || async {})
}

/// Two passing checks: a task, and a plain function on a thread.
fn both() -> [Check; 2] {
    [good("task"), Check::blocking("plain", Level::L3, || std::thread::sleep(Duration::from_millis(2)))]
}

#[tokio::test(start_paused = true)]
async fn declared_checks_are_forced_and_released() {
    let asked = Arc::new(AtomicUsize::new(0));
    let broker = Broker { asked: Arc::clone(&asked) };
    let monitor = TestMonitor::new(Registry::builder().declared().state(broker).build().expect("good checks"));
    monitor.report(&Selection::everything()).await.assert_status(Status::Pass).assert_checks(["broker", "orders"]);
    monitor.force("broker", Forced::fail("no route"));
    monitor.run("broker").await.assert_status(Status::Fail).assert_message("no route").assert_cause(None);
    monitor.snapshot("orders").await.assert_cause("blocked").assert_message("broker");
    monitor.group(Group::Readiness).await.assert_status(Status::Fail).assert_checks(["broker"]);
    assert_eq!((asked.load(Ordering::SeqCst), monitor.runs("broker")), (1, 2));
    monitor.release("broker");
    monitor.run("broker").await.assert_changes([Status::Pass, Status::Fail, Status::Pass]);
    monitor.snapshot("orders").await.assert_status(Status::Pass);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let changes: Vec<_> =
        monitor.changes("orders").await.iter().map(|change| (change.previous(), change.current())).collect();
    let (pass, fail) = (Status::Pass, Status::Fail);
    assert_eq!(changes, [(None, pass), (Some(pass), fail), (Some(fail), pass)]);
}

#[tokio::test(start_paused = true)]
async fn every_forced_behavior_is_played() {
    let timeout = 2 * SECOND;
    let monitor = TestMonitor::with_checks(both().map(|check| check.timeout(timeout).degraded_after(SECOND)));
    for name in ["task", "plain"] {
        for (forced, status, cause, message, takes) in [
            (Forced::pass(), Status::Pass, None, "", Duration::ZERO),
            (Forced::warn("nearly full"), Status::Warn, None, "nearly full", Duration::ZERO),
            (Forced::fail("full"), Status::Fail, None, "full", Duration::ZERO),
            (Forced::panic("no memory"), Status::Fail, Some("panicked"), "panicked: no memory", Duration::ZERO),
            (Forced::hang(), Status::Fail, Some("timed_out"), "no answer within 2s", timeout),
            (Forced::slow_by(SECOND * 3 / 2), Status::Warn, Some("slow"), "", SECOND * 3 / 2),
            (Forced::slow_by(SECOND * 3), Status::Fail, Some("timed_out"), "no answer", timeout),
        ] {
            monitor.force(name, forced);
            let seen = monitor.run(name).await;
            seen.assert_status(status).assert_cause(cause);
            assert_eq!(seen.result().duration(), takes, "{seen}");
            assert!(seen.result().message().unwrap_or_default().starts_with(message), "{seen}");
        }
        let data = json!({ "free": 7 });
        monitor.force(name, Outcome::pass().with_data(data.clone()));
        assert_eq!(monitor.run(name).await.result().data(), Some(&data));
        monitor.release(name);
        let seen = monitor.run(name).await;
        assert_eq!(seen.assert_status(Status::Pass).result().data(), None);
        assert_eq!(monitor.runs(name), 9);
    }
}

#[tokio::test(start_paused = true)]
async fn forced_next_runs_are_followed_by_the_previous_behavior() {
    use Status::{Fail, Pass, Warn};
    let monitor = TestMonitor::with_checks([good("db").failure_threshold(2).max_age(Duration::ZERO)]);
    monitor.force("db", Forced::warn("so far"));
    monitor.force_next("db", [Forced::fail("one"), Forced::pass(), Forced::fail("two"), Forced::fail("three")]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(monitor.run("db").await.result().status());
    }
    assert_eq!(seen, [Fail, Pass, Pass, Fail, Warn, Warn]);
    assert_eq!(monitor.runs("db"), 6, "each once");
    monitor.force_next("db", [Forced::fail("four")]);
    monitor.release("db");
    monitor.run("db").await.assert_status(Pass);
}

/// A behavior that is forced during a run does not change that run.
#[tokio::test(start_paused = true)]
async fn force_does_not_change_unfinished_run() {
    let monitor = TestMonitor::with_checks([Check::new("db", Level::L3, || sleep(SECOND)).interval(10 * SECOND)]);
    while monitor.runs("db") == 0 {
        monitor.advance(Duration::from_millis(10)).await;
    }
    monitor.force("db", Forced::fail("too late"));
    monitor.run("db").await.assert_status(Status::Pass);
    monitor.run("db").await.assert_message("too late").assert_changes([Status::Pass, Status::Fail]);
}

#[tokio::test(start_paused = true)]
async fn advance_runs_every_check_that_is_due() {
    const CHECKS: u64 = 200;
    let interval = 10 * SECOND;
    let checks = (0..CHECKS).map(|number| good(&number.to_string()).interval(interval));
    let monitor = TestMonitor::with_checks(checks.chain(both().map(|check| check.interval(interval))));
    let start = Instant::now();
    let mut passed = Duration::ZERO;
    for time in [0, 1, 700, 1_000, 1_500, 59_999_999, 1] {
        monitor.advance(Duration::from_micros(time)).await;
        passed += Duration::from_micros(time);
        assert_eq!(start.elapsed(), passed);
    }
    monitor.advance(Duration::from_mins(10)).await;
    // At most 11 s between two runs.
    let expected = (passed + Duration::from_mins(10)).as_secs() / 11;
    for name in (0..CHECKS).map(|number| number.to_string()).chain(["task".to_owned(), "plain".to_owned()]) {
        assert!(monitor.runs(&name) >= expected, "{name}: {} runs", monitor.runs(&name));
    }
    monitor.report(&Selection::everything()).await.assert_status(Status::Pass);
}

/// More changes than a subscriber's buffer holds.
#[tokio::test(start_paused = true)]
async fn simultaneous_changes_are_all_recorded() {
    let names: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    let monitor = TestMonitor::with_checks(names.iter().map(|name| good(name)));
    monitor.report(&Selection::everything()).await.assert_status(Status::Pass);
    for name in &names {
        monitor.force(name, Forced::fail("down"));
    }
    monitor.advance(SECOND).await;
    let report = monitor.report(&Selection::everything()).await;
    for name in &names {
        report.check(name).assert_changes([Status::Pass, Status::Fail]);
    }
}

/// A thread takes real time, but its result is there when `advance` ends.
#[tokio::test(start_paused = true)]
async fn advance_waits_for_plain_functions() {
    let check = Check::blocking("plain", Level::L3, || std::thread::sleep(Duration::from_millis(20)));
    let monitor = TestMonitor::with_checks([check.interval(SECOND)]);
    monitor.advance(2 * SECOND).await;
    let start = Instant::now();
    for _ in 0..5 {
        let before = monitor.runs("plain");
        while monitor.runs("plain") == before {
            monitor.advance(Duration::from_millis(50)).await;
        }
        monitor.snapshot("plain").await.assert_status(Status::Pass).assert_changes([Status::Pass]);
    }
    assert!(start.elapsed() <= 6 * SECOND, "the clock stood while they ran");
}

#[tokio::test(start_paused = true)]
async fn blocked_check_has_no_run() {
    let monitor = TestMonitor::with_checks([good("db"), good("api").depends_on(["db"]).interval(SECOND)]);
    monitor.force("db", Forced::hang());
    monitor.run("api").await.assert_cause("blocked").assert_message("because of db");
    assert_eq!(monitor.runs("api"), 0);
}

#[tokio::test(start_paused = true)]
async fn monitor_can_be_muted_and_drained() {
    let monitor = TestMonitor::with_checks([good("db").readiness()]);
    monitor.force("db", Forced::fail("gone"));
    monitor.monitor().mute("db", SECOND, "known").expect("a check");
    monitor.group(Group::Readiness).await.assert_status(Status::Pass).check("db").assert_muted(true);
    monitor.advance(SECOND).await;
    monitor.group(Group::Readiness).await.assert_status(Status::Fail).check("db").assert_muted(false);
    monitor.release("db");
    monitor.run("db").await.assert_status(Status::Pass);
    monitor.monitor().drain();
    monitor.group(Group::Readiness).await.assert_status(Status::Fail).check("db").assert_status(Status::Pass);
}

thread_local! {
    static PANICKED_AT: Cell<u32> = const { Cell::new(0) };
}

/// Returns the line and the text of the panic.
fn panic_of<T>(code: impl FnOnce() -> T) -> (u32, String) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            let here = info.location().filter(|place| place.file() == file!());
            PANICKED_AT.set(here.map_or(0, std::panic::Location::line));
            before(info);
        }));
    });
    let panic = catch_unwind(AssertUnwindSafe(code)).err().expect("a panic");
    let text =
        panic.downcast::<String>().or_else(|panic| panic.downcast::<&str>().map(|text| Box::new((*text).to_owned())));
    (PANICKED_AT.get(), *text.expect("a text"))
}

#[tokio::test(start_paused = true)]
async fn failed_assertion_shows_result_and_changes() {
    let monitor = TestMonitor::with_checks([good("db").readiness().failure_threshold(2).hold(SECOND), good("api")]);
    monitor.run("db").await;
    monitor.force("db", Forced::fail("refused"));
    let seen = monitor.run_times("db", 2).await;
    let now = "\n  at 2s: db is fail: refused\n    observed fail, 2 in a row\n  its status changed\n    at 0ns: from \
               nothing to pass\n    at 2s: from pass to fail: refused";
    for ((line, text), expected) in [
        (panic_of(|| seen.assert_status(Status::Warn)), "`db` should be `warn`, but is `fail`"),
        (
            panic_of(|| seen.assert_observed(Status::Pass)),
            "`db` should be observed as `pass`, but was observed as `fail`",
        ),
        (panic_of(|| seen.assert_cause("timed_out")), "`db` should have the cause `timed_out`, but has no cause"),
        (panic_of(|| seen.assert_message("no")), "`db` should have a message with \"no\", but has Some(\"refused\")"),
        (panic_of(|| seen.assert_muted(true)), "`db` should be muted, but is counted"),
        (
            panic_of(|| seen.assert_changes([Status::Pass])),
            "`db` should have turned to [Pass], but has turned to [Pass, Fail]",
        ),
    ] {
        assert_eq!(text, format!("{expected}{now}"));
        assert_ne!(line, 0, "the line of the test: {expected}");
    }
    let here = line!() + 1;
    assert_eq!(panic_of(|| seen.assert_status(Status::Pass)).0, here);

    let ready = monitor.group(Group::Readiness).await;
    let (line, text) = panic_of(|| ready.assert_status(Status::Pass));
    assert_eq!(text, "the report should be `pass`, but is `warn`\n  at 2s: 1 checks\n    db is warn: refused (held)");
    assert_ne!(line, 0);
    let text = panic_of(|| ready.check("api").result().status()).1;
    assert!(text.starts_with("`api` should be in the report, but is not\n"), "{text}");
    let text = panic_of(|| ready.assert_checks(["db", "api"])).1;
    assert!(text.starts_with("the report should have the checks [\"api\", \"db\"], but has [\"db\"]\n"), "{text}");
    monitor.monitor().drain();
    let text = monitor.group(Group::Readiness).await.to_string();
    assert!(text.starts_with("  at 2s: 1 checks, all draining\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn failed_assertion_shows_last_eight_changes() {
    let monitor = TestMonitor::with_checks([good("db")]);
    for _ in 0..10 {
        monitor.force("db", Forced::fail("down"));
        monitor.run("db").await;
        monitor.release("db");
        monitor.run("db").await;
    }
    let text = monitor.snapshot("db").await.to_string();
    assert!(text.contains("its status changed 12 times, and then\n"), "{text}");
    assert_eq!(text.lines().count(), 3 + 8);
}

#[tokio::test(start_paused = true)]
async fn mistakes_in_a_test_panic_at_its_line() {
    let monitor = TestMonitor::with_checks([good("database")]);
    let unknown = "there is no check named `databse`; did you mean `database`?";
    for (line, text) in [
        panic_of(|| monitor.force("databse", Forced::pass())),
        panic_of(|| monitor.force_next("databse", [Forced::pass()])),
        panic_of(|| monitor.release("databse")),
        panic_of(|| drop(monitor.run("databse"))),
        panic_of(|| drop(monitor.run_times("databse", 2))),
        panic_of(|| drop(monitor.snapshot("databse"))),
        panic_of(|| monitor.runs("databse")),
        panic_of(|| drop(monitor.changes("databse"))),
    ] {
        assert_eq!(text, unknown);
        assert_ne!(line, 0);
    }
    let (line, text) = panic_of(|| TestMonitor::with_checks([good("db").timeout(Duration::ZERO), good("db")]));
    assert!(text.contains("for 2 reasons") && line != 0, "{text}");
}

fn assert_refused() {
    let (line, text) = panic_of(|| TestMonitor::with_checks([good("db")]));
    assert!(
        text.contains("needs the paused clock of a Tokio runtime with one thread")
            && text.contains("`#[tokio::test(start_paused = true)]`"),
        "{text}"
    );
    assert_ne!(line, 0);
}

#[test]
fn missing_runtime_is_refused() {
    assert_refused();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn multi_thread_runtime_is_refused() {
    assert_refused();
}

#[tokio::test]
async fn running_clock_is_refused() {
    assert_refused();
}
