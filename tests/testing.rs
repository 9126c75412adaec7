//! The kit for tests of checks: time, forced outcomes, and what a failed assertion says.
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
    Check, Group, Level, Outcome, Registry, Selection, State, Status, health_check,
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

/// A good check that takes no time, on a thread and not.
fn both() -> [Check; 2] {
    [good("task"), Check::blocking("plain", Level::L3, || std::thread::sleep(Duration::from_millis(2)))]
}

#[tokio::test(start_paused = true)]
async fn declared_checks_are_forced_and_released() {
    let asked = Arc::new(AtomicUsize::new(0));
    let state = State::new().with(Broker { asked: Arc::clone(&asked) });
    let kit = TestMonitor::new(Registry::builder().declared().state(state).build().expect("good checks"));
    kit.report(&Selection::everything()).await.assert_status(Status::Pass).assert_checks(["broker", "orders"]);
    kit.force("broker", Forced::fail("no route"));
    kit.run("broker").await.assert_status(Status::Fail).assert_message("no route").assert_cause(None);
    kit.look("orders").await.assert_cause("blocked").assert_message("broker");
    kit.group(Group::Readiness).await.assert_status(Status::Fail).assert_checks(["broker"]);
    assert_eq!((asked.load(Ordering::SeqCst), kit.runs("broker")), (1, 2));
    kit.release("broker");
    kit.run("broker").await.assert_changes([Status::Pass, Status::Fail, Status::Pass]);
    kit.look("orders").await.assert_status(Status::Pass);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let told: Vec<_> = kit.changes("orders").await.iter().map(|change| (change.from(), change.to())).collect();
    let (pass, fail) = (Status::Pass, Status::Fail);
    assert_eq!(told, [(None, pass), (Some(pass), fail), (Some(fail), pass)]);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_forced_happens() {
    let timeout = 2 * SECOND;
    let kit = TestMonitor::with_checks(both().map(|check| check.with_timeout(timeout).with_degraded_after(SECOND)));
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
            kit.force(name, forced);
            let seen = kit.run(name).await;
            seen.assert_status(status).assert_cause(cause);
            assert_eq!(seen.result().duration(), takes, "{seen}");
            assert!(seen.result().message().unwrap_or_default().starts_with(message), "{seen}");
        }
        let data = json!({ "free": 7 });
        kit.force(name, Outcome::pass().with_data(data.clone()));
        assert_eq!(kit.run(name).await.result().data(), Some(&data));
        kit.release(name);
        let seen = kit.run(name).await;
        assert_eq!(seen.assert_status(Status::Pass).result().data(), None);
        assert_eq!(kit.runs(name), 9);
    }
}

#[tokio::test(start_paused = true)]
async fn some_runs_are_forced_and_then_it_goes_on_as_before() {
    use Status::{Fail, Pass, Warn};
    let kit = TestMonitor::with_checks([good("db").with_failure_threshold(2).with_max_age(Duration::ZERO)]);
    kit.force("db", Forced::warn("so far"));
    kit.force_next("db", [Forced::fail("one"), Forced::pass(), Forced::fail("two"), Forced::fail("three")]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(kit.run("db").await.result().status());
    }
    assert_eq!(seen, [Fail, Pass, Pass, Fail, Warn, Warn]);
    assert_eq!(kit.runs("db"), 6, "each once");
    kit.force_next("db", [Forced::fail("four")]);
    kit.release("db");
    kit.run("db").await.assert_status(Pass);
}

/// A run that is under way is not changed by what is forced after it.
#[tokio::test(start_paused = true)]
async fn a_run_ends_as_it_began() {
    let kit = TestMonitor::with_checks([Check::new("db", Level::L3, || sleep(SECOND)).with_interval(10 * SECOND)]);
    while kit.runs("db") == 0 {
        kit.advance(Duration::from_millis(10)).await;
    }
    kit.force("db", Forced::fail("too late"));
    kit.run("db").await.assert_status(Status::Pass);
    kit.run("db").await.assert_message("too late").assert_changes([Status::Pass, Status::Fail]);
}

#[tokio::test(start_paused = true)]
async fn time_passes_exactly_and_everything_that_is_due_has_been_done() {
    const CHECKS: u64 = 200;
    let interval = 10 * SECOND;
    let checks = (0..CHECKS).map(|number| good(&number.to_string()).with_interval(interval));
    let kit = TestMonitor::with_checks(checks.chain(both().map(|check| check.with_interval(interval))));
    let start = Instant::now();
    let mut passed = Duration::ZERO;
    for time in [0, 1, 700, 1_000, 1_500, 59_999_999, 1] {
        kit.advance(Duration::from_micros(time)).await;
        passed += Duration::from_micros(time);
        assert_eq!(start.elapsed(), passed);
    }
    kit.advance(Duration::from_mins(10)).await;
    // At 11 s at most between one run and the next.
    let expected = (passed + Duration::from_mins(10)).as_secs() / 11;
    for name in (0..CHECKS).map(|number| number.to_string()).chain(["task".to_owned(), "plain".to_owned()]) {
        assert!(kit.runs(&name) >= expected, "{name}: {} runs", kit.runs(&name));
    }
    kit.report(&Selection::everything()).await.assert_status(Status::Pass);
}

/// More than a subscriber could take at once.
#[tokio::test(start_paused = true)]
async fn no_change_is_missed_however_many_come_at_one_moment() {
    let names: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    let kit = TestMonitor::with_checks(names.iter().map(|name| good(name)));
    kit.report(&Selection::everything()).await.assert_status(Status::Pass);
    for name in &names {
        kit.force(name, Forced::fail("down"));
    }
    kit.advance(SECOND).await;
    let report = kit.report(&Selection::everything()).await;
    for name in &names {
        report.check(name).assert_changes([Status::Pass, Status::Fail]);
    }
}

/// A thread takes its time, and by the end of `advance` its result is there all the same.
#[tokio::test(start_paused = true)]
async fn plain_functions_are_waited_for() {
    let check = Check::blocking("plain", Level::L3, || std::thread::sleep(Duration::from_millis(20)));
    let kit = TestMonitor::with_checks([check.with_interval(SECOND)]);
    kit.advance(2 * SECOND).await;
    let start = Instant::now();
    for _ in 0..5 {
        let before = kit.runs("plain");
        while kit.runs("plain") == before {
            kit.advance(Duration::from_millis(50)).await;
        }
        kit.look("plain").await.assert_status(Status::Pass).assert_changes([Status::Pass]);
    }
    assert!(start.elapsed() <= 6 * SECOND, "the clock stood while they ran");
}

#[tokio::test(start_paused = true)]
async fn what_is_blocked_is_seen_without_a_run() {
    let kit = TestMonitor::with_checks([good("db"), good("api").depends_on(["db"]).with_interval(SECOND)]);
    kit.force("db", Forced::hang());
    kit.run("api").await.assert_cause("blocked").assert_message("because of db");
    assert_eq!(kit.runs("api"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_monitor_is_there_to_mute_and_drain() {
    let kit = TestMonitor::with_checks([good("db").readiness()]);
    kit.force("db", Forced::fail("gone"));
    kit.monitor().mute("db", SECOND, "known").expect("a check");
    kit.group(Group::Readiness).await.assert_status(Status::Pass).check("db").assert_muted(true);
    kit.advance(SECOND).await;
    kit.group(Group::Readiness).await.assert_status(Status::Fail).check("db").assert_muted(false);
    kit.release("db");
    kit.run("db").await.assert_status(Status::Pass);
    kit.monitor().drain();
    kit.group(Group::Readiness).await.assert_status(Status::Fail).check("db").assert_status(Status::Pass);
}

thread_local! {
    static PANICKED_AT: Cell<u32> = const { Cell::new(0) };
}

/// The line in which it panics, and what it says.
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
async fn an_assertion_that_does_not_hold_tells_everything() {
    let kit =
        TestMonitor::with_checks([good("db").readiness().with_failure_threshold(2).with_hold(SECOND), good("api")]);
    kit.run("db").await;
    kit.force("db", Forced::fail("refused"));
    let seen = kit.run_times("db", 2).await;
    let now = "\n  at 2s: db is fail: refused\n    observed fail, 2 in a row\n  its status changed\n    at 0ns: from \
               nothing to pass\n    at 2s: from pass to fail: refused";
    for ((line, text), expected) in [
        (panic_of(|| seen.assert_status(Status::Warn)), "`db` should be `warn`, and is `fail`"),
        (
            panic_of(|| seen.assert_observed(Status::Pass)),
            "`db` should be observed as `pass`, and was observed as `fail`",
        ),
        (panic_of(|| seen.assert_cause("timed_out")), "`db` should have the cause `timed_out`, and has no cause"),
        (panic_of(|| seen.assert_message("no")), "`db` should have a message with \"no\", and has Some(\"refused\")"),
        (panic_of(|| seen.assert_muted(true)), "`db` should be muted, and is counted"),
        (
            panic_of(|| seen.assert_changes([Status::Pass])),
            "`db` should have turned to [Pass], and has turned to [Pass, Fail]",
        ),
    ] {
        assert_eq!(text, format!("{expected}{now}"));
        assert_ne!(line, 0, "the line of the test: {expected}");
    }
    let here = line!() + 1;
    assert_eq!(panic_of(|| seen.assert_status(Status::Pass)).0, here);

    let ready = kit.group(Group::Readiness).await;
    let (line, text) = panic_of(|| ready.assert_status(Status::Pass));
    assert_eq!(text, "the report should be `pass`, and is `warn`\n  at 2s: 1 checks\n    db is warn: refused (held)");
    assert_ne!(line, 0);
    let text = panic_of(|| ready.check("api").result().status()).1;
    assert!(text.starts_with("`api` should be in the report, and is not\n"), "{text}");
    let text = panic_of(|| ready.assert_checks(["db", "api"])).1;
    assert!(text.starts_with("the report should be on [\"api\", \"db\"], and is on [\"db\"]\n"), "{text}");
    kit.monitor().drain();
    let text = kit.group(Group::Readiness).await.to_string();
    assert!(text.starts_with("  at 2s: 1 checks, all of it draining\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn only_the_last_changes_are_told() {
    let kit = TestMonitor::with_checks([good("db")]);
    for _ in 0..10 {
        kit.force("db", Forced::fail("down"));
        kit.run("db").await;
        kit.release("db");
        kit.run("db").await;
    }
    let text = kit.look("db").await.to_string();
    assert!(text.contains("its status changed 12 times, and then\n"), "{text}");
    assert_eq!(text.lines().count(), 3 + 8);
}

#[tokio::test(start_paused = true)]
async fn mistakes_in_a_test_are_told_where_they_are() {
    let kit = TestMonitor::with_checks([good("database")]);
    let unknown = "no check is named `databse`; did you mean `database`?";
    for (line, text) in [
        panic_of(|| kit.force("databse", Forced::pass())),
        panic_of(|| kit.force_next("databse", [Forced::pass()])),
        panic_of(|| kit.release("databse")),
        panic_of(|| drop(kit.run("databse"))),
        panic_of(|| drop(kit.run_times("databse", 2))),
        panic_of(|| drop(kit.look("databse"))),
        panic_of(|| kit.runs("databse")),
        panic_of(|| drop(kit.changes("databse"))),
    ] {
        assert_eq!(text, unknown);
        assert_ne!(line, 0);
    }
    let (line, text) = panic_of(|| TestMonitor::with_checks([good("db").with_timeout(Duration::ZERO), good("db")]));
    assert!(text.contains("for 2 reasons") && line != 0, "{text}");
}

fn is_refused() {
    let (line, text) = panic_of(|| TestMonitor::with_checks([good("db")]));
    assert!(
        text.contains("needs the paused clock of a Tokio runtime of one thread")
            && text.contains("`#[tokio::test(start_paused = true)]`"),
        "{text}"
    );
    assert_ne!(line, 0);
}

#[test]
fn without_a_runtime_there_is_no_kit() {
    is_refused();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_runtime_of_many_threads_is_refused() {
    is_refused();
}

#[tokio::test]
async fn a_clock_that_runs_is_refused() {
    is_refused();
}
