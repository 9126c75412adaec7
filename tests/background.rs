//! Background checks, thresholds and holds: reports while time passes, on a paused clock.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    Cause, Check, CheckResult, Group, Level, Monitor, Outcome, Registry, Selection, Status,
    testing::{Forced, TestMonitor},
};
use health_tests::{builder, monitor};
use tokio::time::{Instant, sleep};

const INTERVAL: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn values_view_shows_null_for_a_check_without_a_result() {
    let endpoint = builder([good("nightly").interval(Duration::from_hours(1)), good("db")]).build();
    let router = endpoint.expect("good").router();
    let values = health_tests::ask(router.clone(), "/health/levels/2?view=values", &[]).await.json();
    assert_eq!(values, serde_json::json!({ "db": true, "nightly": null }));
    sleep(Duration::from_secs(11)).await;
    let values = health_tests::ask(router, "/health/levels/2?view=values", &[]).await.json();
    assert_eq!(values, serde_json::json!({ "db": true, "nightly": true }));
}

fn good(name: &str) -> Check {
    Check::new(name, Level::L2, || async {})
}

/// A check that a test turns on and off, and that records its runs.
#[derive(Clone)]
struct Switch {
    is_down: Arc<AtomicBool>,
    started: Arc<Mutex<Vec<Instant>>>,
}

impl Switch {
    fn new() -> Self {
        Self { is_down: Arc::default(), started: Arc::default() }
    }

    fn check(&self, name: &str) -> Check {
        let switch = self.clone();
        Check::new(name, Level::L2, move || {
            switch.started.lock().expect("no panic").push(Instant::now());
            let is_up = !switch.is_down.load(Ordering::SeqCst);
            async move { is_up }
        })
    }

    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn started(&self) -> Vec<Instant> {
        self.started.lock().expect("no panic").clone()
    }

    /// Returns the times between one start and the next, in seconds.
    fn pauses(&self) -> Vec<f64> {
        let started = self.started();
        started.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
    }
}

async fn result(monitor: &Monitor, selection: Selection, name: &str) -> CheckResult {
    monitor.report(&selection).await.result(name).expect("in the report").clone()
}

async fn look(monitor: &Monitor, name: &str) -> (Status, Option<&'static str>) {
    let result = result(monitor, Selection::everything(), name).await;
    (result.status(), result.cause().map(Cause::as_str))
}

#[tokio::test(start_paused = true)]
async fn background_check_runs_once_per_interval_and_requests_only_read() {
    let db = Switch::new();
    let start = Instant::now();
    let monitor = monitor([db.check("db").interval(INTERVAL)]);
    for _ in 0..2_000 {
        monitor.report(&Selection::everything()).await;
        sleep(Duration::from_millis(500)).await;
    }
    assert!(db.started()[0] - start <= Duration::from_secs(10));
    let pauses = db.pauses();
    assert!((30..=38).contains(&pauses.len()), "{pauses:?}");
    assert!(pauses.iter().all(|pause| (26.9..=33.1).contains(pause)), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn first_runs_are_spread() {
    let switches: Vec<_> = (0..200).map(|_| Switch::new()).collect();
    let start = Instant::now();
    let checks = switches
        .iter()
        .enumerate()
        .map(|(number, switch)| switch.check(&number.to_string()).interval(Duration::from_secs(5)));
    let _monitor = monitor(checks);
    // Some first runs come at the very end of the interval.
    sleep(Duration::from_secs(6)).await;
    let first = |switch: &Switch| (switch.started()[0] - start).as_secs_f64();
    let (early, late) = switches.iter().map(first).partition::<Vec<_>, _>(|first| *first < 2.5);
    assert!(early.len() > 50 && late.len() > 50, "{} and {}", early.len(), late.len());
}

#[tokio::test(start_paused = true)]
async fn check_without_a_result_is_pending() {
    let check = Check::new("db", Level::L2, || sleep(Duration::from_secs(2))).interval(INTERVAL).readiness().startup();
    let alive = Check::new("alive", Level::L5, || sleep(Duration::from_millis(900))).interval(INTERVAL).liveness();
    let after = Check::new("after", Level::L3, || async {}).depends_on(["db"]);
    let kit = TestMonitor::with_checks([check, alive, after]);
    let start = Instant::now();
    for (selection, name, status) in [
        (Selection::everything(), "db", Status::Warn),
        (Selection::check("db"), "db", Status::Warn),
        (Selection::group(Group::Readiness), "db", Status::Fail),
        (Selection::group(Group::Startup), "db", Status::Fail),
        (Selection::group(Group::Liveness), "alive", Status::Pass),
    ] {
        kit.report(&selection).await.check(name).assert_status(status).assert_cause("pending");
    }
    // Its dependency has not failed.
    kit.snapshot("after").await.assert_status(Status::Pass).assert_cause(None);
    assert_eq!(start.elapsed(), Duration::ZERO, "requests wait for nothing");
    kit.advance(Duration::from_secs(12)).await;
    kit.snapshot("db").await.assert_status(Status::Pass).assert_cause(None);
}

#[tokio::test(start_paused = true)]
async fn failing_check_is_retried_sooner() {
    let db = Switch::new();
    db.set_down(true);
    let check = db.check("db").interval(INTERVAL).retry_interval(Duration::from_secs(2));
    let monitor = monitor([check]);
    sleep(Duration::from_mins(1)).await;
    let pauses = db.pauses();
    assert!(pauses.len() > 20 && pauses.iter().all(|pause| (1.7..=2.3).contains(pause)), "{pauses:?}");
    db.set_down(false);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(look(&monitor, "db").await, (Status::Pass, None));
    let before = db.started().len();
    sleep(Duration::from_secs(20)).await;
    assert_eq!(db.started().len(), before, "it works, and has its interval again");
}

#[tokio::test(start_paused = true)]
async fn run_longer_than_its_interval_never_overlaps() {
    let alive = Arc::new(AtomicUsize::new(0));
    let check = Check::new("slow", Level::L2, move || {
        let alive = Arc::clone(&alive);
        async move {
            assert_eq!(alive.fetch_add(1, Ordering::SeqCst), 0, "two runs at once");
            sleep(Duration::from_secs(3)).await;
            alive.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let monitor = monitor([check.interval(Duration::from_secs(1))]);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(look(&monitor, "slow").await, (Status::Pass, None));
}

/// A hanging check is retried and reported; its last pass is not kept.
#[tokio::test(start_paused = true)]
async fn hanging_check_does_not_stay_good() {
    let check = good("db").interval(Duration::from_secs(10)).timeout(Duration::from_secs(1));
    let kit = TestMonitor::with_checks([check]);
    kit.advance(Duration::from_secs(10)).await;
    kit.snapshot("db").await.assert_status(Status::Pass).assert_cause(None);
    kit.force("db", Forced::hang());
    kit.advance(Duration::from_secs(13)).await;
    kit.snapshot("db").await.assert_status(Status::Fail).assert_cause("timed_out");
}

/// Only a monitor whose runtime is gone can have a result that old: all other runs end in time.
#[test]
fn stale_result_does_not_count_and_shows_its_age() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let db = Switch::new();
    let quick = Duration::from_millis(20);
    let check = db.check("db").timeout(quick).interval(quick).stale_after(quick * 3);
    let registry = Registry::builder().check(check).build().expect("a good check");
    let first = runtime();
    let (monitor, good) = first.block_on(async {
        let monitor = Monitor::new(registry);
        while look(&monitor, "db").await.0 != Status::Pass {
            sleep(Duration::from_millis(1)).await;
        }
        let good = result(&monitor, Selection::everything(), "db").await;
        (monitor, good)
    });
    drop(first);
    std::thread::sleep(Duration::from_millis(200));
    runtime().block_on(async {
        let stale = result(&monitor, Selection::everything(), "db").await;
        assert_eq!((stale.status(), stale.cause()), (Status::Fail, Some(&Cause::Stale)));
        assert!(stale.checked_at() >= good.checked_at());
        let age = stale.checked_at().elapsed().expect("a clock that goes forward");
        assert!(age >= Duration::from_millis(100), "{age:?}");
        // That request started another task, on its own runtime.
        while look(&monitor, "db").await.0 != Status::Pass {
            sleep(Duration::from_millis(1)).await;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn dependents_of_a_background_check_are_blocked_without_a_run() {
    let kit = TestMonitor::with_checks([
        good("db").interval(Duration::from_secs(1)),
        good("api").depends_on(["db"]).interval(Duration::from_mins(1)),
    ]);
    kit.advance(Duration::from_secs(12)).await;
    kit.snapshot("api").await.assert_status(Status::Pass).assert_cause(None);
    let runs = kit.runs("api");
    kit.force("db", Forced::fail("down"));
    kit.advance(Duration::from_secs(3)).await;
    kit.snapshot("api").await.assert_status(Status::Fail).assert_cause("blocked");
    kit.release("db");
    kit.advance(Duration::from_secs(3)).await;
    // Its own result still holds.
    kit.snapshot("api").await.assert_status(Status::Pass).assert_cause(None);
    assert_eq!(kit.runs("api"), runs);
}

/// Its interval may be long, and reports must not show it blocked for so long while its dependencies pass.
#[tokio::test(start_paused = true)]
async fn blocked_background_check_runs_when_its_dependencies_pass() {
    let kit = TestMonitor::with_checks([
        good("db").interval(Duration::from_secs(1)),
        good("orders").depends_on(["db"]).interval(Duration::from_mins(10)),
        good("shop").depends_on(["orders", "db"]).interval(Duration::from_mins(10)),
    ]);
    kit.advance(Duration::from_secs(12)).await;
    kit.force("db", Forced::fail("gone"));
    kit.advance(Duration::from_mins(11)).await;
    for name in ["orders", "shop"] {
        kit.snapshot(name).await.assert_cause("blocked").assert_changes([Status::Pass, Status::Fail]);
        assert_eq!(kit.runs(name), 1);
    }
    kit.release("db");
    kit.run("db").await;
    // A second for each of the two, and the ticks of their timers, without any request.
    kit.advance(Duration::from_millis(2_100)).await;
    for name in ["orders", "shop"] {
        kit.snapshot(name).await.assert_cause(None).assert_changes([Status::Pass, Status::Fail, Status::Pass]);
        assert_eq!(kit.runs(name), 2);
    }
    kit.advance(Duration::from_mins(5)).await;
    assert_eq!(kit.runs("orders"), 2, "from then on at its interval");
}

/// `db` fails, and neither `orders` nor its dependent has run since.
#[tokio::test(start_paused = true)]
async fn check_blocked_in_one_report_blocks_its_dependents_in_it() {
    for asked in [true, false] {
        let shop = good("shop").depends_on(["orders"]);
        let kit = TestMonitor::with_checks([
            good("db").interval(Duration::from_secs(1)),
            good("orders").depends_on(["db"]).interval(Duration::from_mins(10)),
            if asked { shop } else { shop.interval(Duration::from_mins(10)) },
        ]);
        kit.advance(Duration::from_secs(11)).await;
        kit.report(&Selection::everything()).await.assert_status(Status::Pass);
        kit.force("db", Forced::fail("gone"));
        kit.run("db").await;
        for _ in 0..3 {
            let report = kit.report(&Selection::everything()).await;
            report.check("orders").assert_cause("blocked").assert_message("because of db");
            report
                .check("shop")
                .assert_status(Status::Fail)
                .assert_cause("blocked")
                .assert_message("because of orders");
            kit.advance(Duration::from_secs(2)).await;
        }
        kit.release("db");
        kit.run("db").await;
        // A result of one report alone is not published.
        kit.report(&Selection::everything()).await.assert_status(Status::Pass);
        kit.snapshot("shop").await.assert_changes([Status::Pass]);
    }
}

/// A dependency without an answer in time does not hide one that fails.
#[tokio::test(start_paused = true)]
async fn one_failing_dependency_blocks_regardless_of_others() {
    let names = [["cache", "db"], ["db", "cache"]];
    for (names, is_background) in names.into_iter().flat_map(|names| [(names, true), (names, false)]) {
        let api = good("api").depends_on(names).readiness();
        let kit = TestMonitor::with_checks([
            good("cache").max_age(Duration::ZERO),
            good("db").max_age(Duration::ZERO),
            if is_background { api.interval(INTERVAL) } else { api },
        ]);
        kit.run("api").await.assert_status(Status::Pass);
        kit.force("cache", Forced::hang());
        kit.force("db", Forced::fail("gone"));
        kit.group(Group::Readiness).await.check("api").assert_cause("blocked").assert_message("because of db");
    }
}

/// A pending check fails in readiness, and blocks no dependent there.
#[tokio::test(start_paused = true)]
async fn pending_check_does_not_block_a_second_look() {
    let kit = TestMonitor::with_checks([
        good("cache").interval(INTERVAL),
        good("db").max_age(Duration::ZERO),
        good("disk").max_age(Duration::ZERO),
        good("api").depends_on(["cache", "db", "disk"]).readiness(),
    ]);
    kit.force("cache", Forced::hang());
    kit.force("db", Forced::fail("gone"));
    kit.force("disk", Forced::slow_by(Duration::from_millis(50)));
    let everything = Selection::everything();
    let (before, after) = tokio::join!(kit.report(&everything), async {
        sleep(Duration::from_millis(20)).await;
        kit.release("db");
        // It joins the run that knows of the failure.
        kit.group(Group::Readiness).await
    });
    before.check("api").assert_cause("blocked");
    after.check("api").assert_status(Status::Pass);
}

/// Returns the status, the raw status and the number of consecutive results after each of these outcomes.
async fn after_each(outcomes: &[Status], configure: impl Fn(Check) -> Check) -> Vec<(Status, Status, u32)> {
    let kit = TestMonitor::with_checks([configure(good("db")).max_age(Duration::ZERO)]);
    kit.force_next("db", outcomes.iter().map(|status| Outcome::new(*status).into()));
    let mut seen = Vec::new();
    for _ in outcomes {
        let seen_now = kit.run("db").await;
        let result = seen_now.result();
        seen.push((result.status(), result.observed(), result.consecutive()));
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn consecutive_failures_change_the_status() {
    use Status::{Fail, Pass, Warn};
    assert_eq!(
        after_each(&[Pass, Fail, Pass, Fail, Fail, Pass], |check| check.failure_threshold(2)).await,
        [(Pass, Pass, 1), (Pass, Fail, 1), (Pass, Pass, 1), (Pass, Fail, 1), (Fail, Fail, 2), (Pass, Pass, 1)]
    );
    assert_eq!(
        after_each(&[Fail, Pass, Pass, Fail, Pass, Pass, Pass], |check| check.success_threshold(3)).await,
        [
            (Fail, Fail, 1),
            (Fail, Pass, 1),
            (Fail, Pass, 2),
            (Fail, Fail, 1),
            (Fail, Pass, 1),
            (Fail, Pass, 2),
            (Pass, Pass, 3)
        ]
    );
    assert_eq!(
        after_each(&[Pass, Fail, Fail], |check| check.failure_threshold(2).critical(false)).await,
        [(Pass, Pass, 1), (Pass, Fail, 1), (Warn, Fail, 2)]
    );
}

/// A blockade is not a result: it shows at once, and the count goes on after it.
#[tokio::test(start_paused = true)]
async fn thresholds_count_results_only() {
    let kit = TestMonitor::with_checks([
        good("db").max_age(Duration::ZERO),
        good("api").depends_on(["db"]).failure_threshold(3).max_age(Duration::ZERO),
    ]);
    kit.snapshot("api").await.assert_status(Status::Pass).assert_cause(None);
    kit.force("db", Forced::fail("down"));
    kit.snapshot("api").await.assert_status(Status::Fail).assert_cause("blocked");
    kit.release("db");
    kit.force("api", Forced::fail("down"));
    // The check was failing and does not pass.
    kit.snapshot("api").await.assert_status(Status::Fail);
    kit.release("api");
    kit.snapshot("api").await.assert_status(Status::Pass).assert_cause(None);
}

/// A blocked check fails at once. If it then fails by itself, its threshold does not make it pass meanwhile.
#[tokio::test(start_paused = true)]
async fn failing_check_fails_until_it_passes() {
    let check = |name| good(name).max_age(Duration::ZERO);
    let kit = TestMonitor::with_checks([
        check("db"),
        check("api").depends_on(["db"]).readiness().failure_threshold(3).hold(Duration::from_mins(1)),
        check("page").depends_on(["api"]),
    ]);
    kit.run("page").await.assert_status(Status::Pass);
    kit.force("db", Forced::fail("down"));
    kit.run("page").await.assert_cause("blocked");
    kit.release("db");
    kit.force("api", Forced::fail("down, too"));
    for (after, ready) in [(59, Status::Warn), (1, Status::Fail), (1, Status::Fail), (1, Status::Fail)] {
        kit.advance(Duration::from_secs(after)).await;
        kit.group(Group::Readiness).await.assert_status(ready).check("api").assert_message("down, too");
        kit.snapshot("page").await.assert_cause("blocked").assert_changes([Status::Pass, Status::Fail]);
    }
}

#[tokio::test(start_paused = true)]
async fn failure_below_the_threshold_does_not_block_dependents() {
    let kit = TestMonitor::with_checks([
        good("db").failure_threshold(2).max_age(Duration::ZERO),
        good("api").depends_on(["db"]).max_age(Duration::ZERO),
    ]);
    kit.snapshot("api").await.assert_status(Status::Pass).assert_cause(None);
    kit.force("db", Forced::fail("down"));
    kit.snapshot("api").await.assert_status(Status::Pass).assert_cause(None);
    kit.snapshot("api").await.assert_status(Status::Fail).assert_cause("blocked");
}

#[tokio::test(start_paused = true)]
async fn readiness_holds_the_last_pass_and_levels_do_not() {
    let kit = TestMonitor::with_checks([good("db").readiness().hold(Duration::from_mins(1))]);
    kit.group(Group::Readiness).await.assert_status(Status::Pass);
    kit.force("db", Forced::fail("down"));
    kit.advance(Duration::from_secs(1)).await;
    for _ in 0..60 {
        let ready = kit.group(Group::Readiness).await;
        let held = ready.check("db").assert_status(Status::Warn).assert_observed(Status::Fail);
        assert!(held.result().held_until().is_some(), "{held}");
        kit.report(&Selection::everything()).await.check("db").assert_status(Status::Fail);
        kit.advance(Duration::from_secs(1)).await;
    }
    let ready = kit.group(Group::Readiness).await;
    assert_eq!(ready.check("db").assert_status(Status::Fail).result().held_until(), None);
    // It has to pass once before it is held again.
    kit.release("db");
    kit.advance(Duration::from_secs(2)).await;
    kit.group(Group::Readiness).await.assert_status(Status::Pass);
    kit.force("db", Forced::fail("down"));
    kit.advance(Duration::from_secs(2)).await;
    kit.group(Group::Readiness).await.assert_status(Status::Warn);
}

#[tokio::test(start_paused = true)]
async fn check_that_never_passed_is_not_held() {
    let kit = TestMonitor::with_checks([good("db").readiness().hold(Duration::from_mins(1))]);
    kit.force("db", Forced::fail("down"));
    for _ in 0..3 {
        kit.group(Group::Readiness).await.assert_status(Status::Fail);
        kit.advance(Duration::from_secs(2)).await;
    }
}

/// Readiness answers in 900 ms, and a hanging check fails in that report.
#[tokio::test(start_paused = true)]
async fn unanswered_check_is_held_from_the_first_report_on() {
    let check = |name| good(name).readiness().timeout(Duration::from_secs(5)).hold(Duration::from_mins(1));
    let kit = TestMonitor::with_checks([check("db")]);
    kit.group(Group::Readiness).await.assert_status(Status::Pass);
    kit.force("db", Forced::hang());
    for second in 0..30 {
        kit.advance(Duration::from_secs(1)).await;
        let ready = kit.group(Group::Readiness).await;
        let held =
            ready.check("db").assert_status(Status::Warn).assert_observed(Status::Fail).assert_cause("timed_out");
        assert!(held.result().held_until().is_some(), "after {second} s: {held}");
    }
    kit.advance(Duration::from_mins(1)).await;
    kit.group(Group::Readiness).await.assert_status(Status::Fail);

    let never_passed = TestMonitor::with_checks([check("db")]);
    never_passed.force("db", Forced::hang());
    never_passed.group(Group::Readiness).await.assert_status(Status::Fail);
}

/// Only its next run records the blockade, and may take a while to come.
#[tokio::test(start_paused = true)]
async fn check_blocked_in_a_report_is_held() {
    let kit = TestMonitor::with_checks([
        good("db").max_age(Duration::ZERO),
        good("api").depends_on(["db"]).interval(INTERVAL).readiness().hold(Duration::from_mins(1)),
    ]);
    kit.run("api").await.assert_status(Status::Pass);
    kit.force("db", Forced::fail("down"));
    for _ in 0..60 {
        kit.group(Group::Readiness).await.check("api").assert_status(Status::Warn).assert_cause("blocked");
        kit.advance(Duration::from_secs(1)).await;
    }
    kit.advance(INTERVAL + INTERVAL / 10).await;
    kit.group(Group::Readiness).await.check("api").assert_status(Status::Fail);
}

/// The next run may come late, and many reports may know of the failure before.
#[tokio::test(start_paused = true)]
async fn hold_that_began_in_a_report_has_the_usual_length() {
    let kit = TestMonitor::with_checks([
        good("db").max_age(Duration::ZERO),
        good("api").depends_on(["db"]).interval(Duration::from_mins(10)).readiness().hold(INTERVAL),
    ]);
    kit.run("api").await.assert_status(Status::Pass);
    for _ in 0..2 {
        kit.force("db", Forced::fail("down"));
        for _ in 0..30 {
            kit.group(Group::Readiness).await.check("api").assert_status(Status::Warn).assert_cause("blocked");
            kit.advance(Duration::from_secs(1)).await;
        }
        kit.group(Group::Readiness).await.check("api").assert_status(Status::Fail).assert_cause("blocked");
        // It works again, so the next failure is held anew.
        kit.release("db");
        kit.group(Group::Readiness).await.check("api").assert_status(Status::Pass);
    }
    kit.force("db", Forced::fail("down"));
    kit.group(Group::Readiness).await.check("api").assert_status(Status::Warn);
    kit.advance(INTERVAL).await;
    kit.group(Group::Readiness).await.check("api").assert_status(Status::Fail);
    kit.advance(Duration::from_mins(11)).await;
    // Its own run has recorded the failure, which begins no other hold.
    kit.group(Group::Readiness).await.check("api").assert_status(Status::Fail);
}

/// Its hold ends with its pass, although the report saw a failure before.
#[tokio::test(start_paused = true)]
async fn check_that_passes_while_a_report_waits_does_not_fail_in_it() {
    let kit = TestMonitor::with_checks([
        good("db").interval(Duration::from_secs(5)).readiness().hold(Duration::from_mins(1)),
        Check::new("slow", Level::L3, || sleep(Duration::from_millis(800))).readiness().max_age(Duration::ZERO),
    ]);
    kit.run("db").await.assert_status(Status::Pass);
    kit.force("db", Forced::fail("down"));
    kit.run("db").await.assert_status(Status::Fail);
    kit.release("db");
    let mut seen = Vec::new();
    while seen.last() != Some(&Status::Pass) {
        seen.push(kit.group(Group::Readiness).await.report().status());
    }
    assert!(seen.len() > 5 && !seen.contains(&Status::Fail), "{seen:?}");
}

/// A cached response is valid as long as its content.
#[tokio::test(start_paused = true)]
async fn cached_responses_end_with_a_hold() {
    use tower::ServiceExt;
    let db = Switch::new();
    let check = db.check("db").readiness().hold(Duration::from_secs(20)).interval(Duration::from_secs(8));
    let app = builder([check]).build().expect("good").router();
    let ready = async || {
        let request = axum::http::Request::get("/readyz").body(axum::body::Body::empty()).expect("a request");
        app.clone().oneshot(request).await.expect("an answer").status().as_u16()
    };
    sleep(Duration::from_secs(8)).await;
    assert_eq!(ready().await, 200);
    db.set_down(true);
    let mut seen = Vec::new();
    for _ in 0..400 {
        sleep(Duration::from_millis(100)).await;
        seen.push(ready().await);
    }
    let failing_at = seen.iter().position(|status| *status == 503).expect("it fails in the end");
    // The failure is seen within an interval, and held for 20 s from then on.
    assert!((200..=290).contains(&failing_at), "{failing_at}");
    assert!(seen[failing_at..].iter().all(|status| *status == 503));
}

#[test]
fn contradictory_settings_are_start_up_errors() {
    let check = || Check::new("db", Level::L2, || async {});
    let second = Duration::from_secs(1);
    for (check, text) in [
        (check().interval(Duration::ZERO), "its interval is zero"),
        (check().interval(second).retry_interval(Duration::ZERO), "its retry interval is zero"),
        (check().retry_interval(second), "a retry interval and no interval"),
        (check().stale_after(second), "can become stale, but has no interval"),
        (check().interval(second).stale_after(second * 11 / 10), "stale before the next one can arrive"),
        // An interval, a tenth of it, and a timeout of 5 s.
        (check().interval(second).stale_after(second * 61 / 10), "make `stale_after` longer than 6.1s"),
        (
            check().interval(second).retry_interval(2 * second).stale_after(7 * second),
            "make `stale_after` longer than 7.2s",
        ),
        (check().interval(second).max_age(second), "an interval and a `max_age`"),
        (check().failure_threshold(0), "its failure threshold is zero"),
        (check().success_threshold(0), "its success threshold is zero"),
        (check().readiness().hold(Duration::ZERO), "its hold is zero"),
        (check().hold(second), "is not in the readiness group"),
        (check().degraded_after(Duration::ZERO), "every pass is a warning"),
        (check().timeout(second).degraded_after(second), "no pass can take as long"),
        (check().degraded_after(5 * second), "no pass can take as long"),
    ] {
        let error = Registry::builder().check(check).build().expect_err(text);
        assert_eq!(error.problems().len(), 1, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    let good = check().readiness().interval(second).stale_after(Duration::from_millis(6_101)).hold(second);
    Registry::builder().check(good).build().expect("a good check");
}

/// Runs take nearly their timeout, and pauses vary by a tenth. The shortest valid `stale_after` covers both.
#[tokio::test(start_paused = true)]
async fn healthy_check_is_never_stale() {
    let millis = Duration::from_millis;
    let check = Check::new("db", Level::L2, || sleep(Duration::from_millis(490)))
        .timeout(millis(500))
        .interval(millis(1_000))
        .stale_after(millis(1_601));
    let monitor = monitor([check]);
    sleep(millis(2_000)).await;
    for _ in 0..6_000 {
        sleep(millis(10)).await;
        assert_eq!(look(&monitor, "db").await, (Status::Pass, None));
    }
}

#[tokio::test(start_paused = true)]
async fn hold_of_a_stale_check_counts_from_the_moment_it_became_stale() {
    let second = Duration::from_secs(1);
    let kit = TestMonitor::with_checks([
        Check::new("upstream", Level::L1, || async {}).timeout(1_000 * second).max_age(Duration::ZERO),
        Check::new("db", Level::L1, || async {})
            .readiness()
            .depends_on(["upstream"])
            .timeout(second)
            .interval(second)
            .stale_after(10 * second)
            .hold(60 * second),
    ]);
    kit.run("db").await.assert_status(Status::Pass);
    // Its next run waits for this one.
    kit.force("upstream", Forced::hang());
    // No request comes meanwhile.
    kit.advance(40 * second).await;
    kit.snapshot("db").await.assert_status(Status::Fail).assert_cause("stale");
    kit.group(Group::Readiness).await.assert_status(Status::Warn);
    kit.advance(31 * second).await;
    kit.group(Group::Readiness).await.assert_status(Status::Fail);
}

/// Without any request, a run that blocks its thread is given up in time, and no other run overlaps it.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn blocking_check_does_not_stay_good() {
    struct Release(Arc<AtomicBool>);
    impl Drop for Release {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let release = Release(Arc::default());
    let (released, runs) = (Arc::clone(&release.0), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&runs);
    let blocks = Check::new("blocks", Level::L2, move || {
        let released = Arc::clone(&released);
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            while !released.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    let quick = Duration::from_millis(20);
    let monitor = monitor([blocks.interval(quick).timeout(quick)]);
    let seen = async {
        loop {
            let (status, cause) = look(&monitor, "blocks").await;
            if cause == Some("still_running") {
                return status;
            }
            assert!(matches!(cause, Some("pending" | "timed_out")), "{cause:?}");
            sleep(Duration::from_millis(1)).await;
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(30), seen).await.expect("it is seen");
    assert_eq!((status, runs.load(Ordering::SeqCst)), (Status::Fail, 1));
}
