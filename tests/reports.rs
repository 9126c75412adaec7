//! What a report says: levels, criticality, dependencies, slowness, age; and what a registry refuses.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Group, Level, Monitor, Outcome, Problem, Registry, Selection, State, Status};
use health_tests::monitor;
use tokio::time::{Instant, advance, sleep};

/// A check that a test turns on and off, and that counts its runs.
#[derive(Clone, Default)]
struct Switch {
    is_down: Arc<AtomicBool>,
    runs: Arc<AtomicUsize>,
}

impl Switch {
    fn check(&self, name: &str, level: Level) -> Check {
        let switch = self.clone();
        Check::new(name, level, move || {
            switch.runs.fetch_add(1, Ordering::SeqCst);
            let is_up = !switch.is_down.load(Ordering::SeqCst);
            async move { is_up }
        })
    }

    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

/// Status and cause of one check, in a report of everything.
async fn look(monitor: &Monitor, name: &str) -> (Status, Option<&'static str>) {
    let report = monitor.report(&Selection::everything()).await;
    let result = report.result(name).expect("in the report");
    (result.status(), result.cause().map(health_runtime::Cause::as_str))
}

#[tokio::test(start_paused = true)]
async fn a_result_is_used_again_while_it_is_young() {
    let switch = Switch::default();
    let monitor = monitor([switch.check("db", Level::L1)]);
    for (age, runs) in [(0, 1), (0, 1), (999, 1), (1, 2), (1_000, 3)] {
        advance(Duration::from_millis(age)).await;
        monitor.report(&Selection::everything()).await;
        assert_eq!(switch.runs(), runs, "after {age} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn max_age_zero_shares_only_what_overlaps() {
    let switch = Switch::default();
    let monitor = monitor([switch.check("db", Level::L1).with_max_age(Duration::ZERO)]);
    for runs in 1..4 {
        monitor.report(&Selection::everything()).await;
        assert_eq!(switch.runs(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn checks_of_all_levels_run_at_the_same_time() {
    let monitor = monitor((0..100).map(|number| {
        let level = Level::ALL[number % 5];
        Check::new(format!("check_{number}"), level, || sleep(Duration::from_millis(500)))
    }));
    let start = Instant::now();
    assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_not_critical_warns_at_most() {
    let monitor = monitor([
        Check::new("critical", Level::L5, || async { Status::Warn }),
        Check::new("other", Level::L5, || async { Status::Fail }).critical(false),
        Check::new("gone", Level::L5, std::future::pending::<()>).critical(false),
    ]);
    let report = monitor.report(&Selection::everything()).await;
    assert_eq!(report.status(), Status::Warn);
    for (name, observed) in [("critical", Status::Warn), ("other", Status::Fail), ("gone", Status::Fail)] {
        let result = report.result(name).expect("in the report");
        assert_eq!((result.status(), result.observed()), (Status::Warn, observed), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_pass_is_a_warning() {
    let slow = |name: &str, status| {
        Check::new(name, Level::L5, move || async move {
            sleep(Duration::from_millis(301)).await;
            status
        })
        .with_degraded_after(Duration::from_millis(300))
    };
    let quick = slow("quick", Status::Pass).with_degraded_after(Duration::from_millis(301));
    let monitor =
        monitor([slow("slow", Status::Pass), quick, slow("warns", Status::Warn), slow("fails", Status::Fail)]);
    assert_eq!(look(&monitor, "slow").await, (Status::Warn, Some("slow")));
    assert_eq!(look(&monitor, "quick").await, (Status::Pass, None));
    assert_eq!(look(&monitor, "warns").await, (Status::Warn, None));
    assert_eq!(look(&monitor, "fails").await, (Status::Fail, None));
    let report = monitor.report(&Selection::check("slow")).await;
    assert_eq!(report.result("slow").map(health_runtime::CheckResult::observed), Some(Status::Pass));
}

#[tokio::test(start_paused = true)]
async fn since_stays_while_the_status_does() {
    let switch = Switch::default();
    let monitor = monitor([switch.check("db", Level::L1).with_max_age(Duration::ZERO)]);
    let result = async || monitor.report(&Selection::everything()).await.result("db").cloned().expect("in the report");
    let first = result().await;
    assert_eq!(first.since(), first.checked_at());
    std::thread::sleep(Duration::from_millis(2));
    let second = result().await;
    assert_eq!(second.since(), first.since());
    assert!(second.checked_at() > first.checked_at());
    switch.set_down(true);
    let third = result().await;
    assert_eq!(third.since(), third.checked_at());
    assert!(third.since() > first.since());
}

#[tokio::test(start_paused = true)]
async fn what_depends_on_a_failed_check_is_not_run() {
    let (db, cache, api) = (Switch::default(), Switch::default(), Switch::default());
    let monitor = monitor([
        db.check("db", Level::L1).with_max_age(Duration::ZERO),
        cache.check("cache", Level::L2).critical(false).with_max_age(Duration::ZERO),
        api.check("api", Level::L3).depends_on(["db", "cache"]).with_max_age(Duration::from_secs(30)),
    ]);
    assert_eq!(look(&monitor, "api").await, (Status::Pass, None));

    // A young result is no excuse: what it stands on is gone.
    db.set_down(true);
    cache.set_down(true);
    let report = monitor.report(&Selection::everything()).await;
    let result = report.result("api").expect("in the report");
    assert_eq!(result.cause().map(health_runtime::Cause::as_str), Some("blocked"));
    assert_eq!(result.message(), Some("not run, because of db, cache"));
    assert_eq!(result.duration(), Duration::ZERO);
    assert_eq!(api.runs(), 1);

    // One that is not critical blocks, too: it does not work.
    db.set_down(false);
    assert_eq!(look(&monitor, "api").await, (Status::Fail, Some("blocked")));
    assert_eq!(api.runs(), 1);

    cache.set_down(false);
    assert_eq!(look(&monitor, "api").await, (Status::Pass, None));
    assert_eq!(api.runs(), 2);
    assert_eq!(look(&monitor, "api").await, (Status::Pass, None));
    assert_eq!(api.runs(), 2, "its result is young, and what it depends on works");
}

#[tokio::test(start_paused = true)]
async fn dependencies_are_run_for_those_who_need_them_and_not_reported() {
    let db = Switch::default();
    db.set_down(true);
    let monitor = monitor([
        db.check("db", Level::L1),
        Check::new("api", Level::L3, || async {}).depends_on(["db"]),
        Check::new("page", Level::L4, || async {}).depends_on(["api"]).readiness(),
    ]);
    let report = monitor.report(&Selection::group(Group::Readiness)).await;
    assert_eq!(report.entries().len(), 1);
    let page = report.result("page").expect("in the report");
    assert_eq!(page.message(), Some("not run, because of api"));
    assert_eq!(db.runs(), 1);
}

/// `depends_on` is the only order: a check waits for what it depends on and for nothing else.
#[tokio::test(start_paused = true)]
async fn a_chain_takes_its_own_time_and_no_more() {
    let sleeps = |name: &str, millis| Check::new(name, Level::L3, move || sleep(Duration::from_millis(millis)));
    let monitor = monitor([
        sleeps("a", 100),
        sleeps("b", 100).depends_on(["a"]),
        sleeps("c", 100).depends_on(["a", "b"]).with_timeout(Duration::from_millis(150)),
        sleeps("slow", 1_000),
    ]);
    let start = Instant::now();
    let report = monitor.report(&Selection::check("c")).await;
    assert_eq!(start.elapsed(), Duration::from_millis(300));
    let c = report.result("c").expect("in the report");
    assert_eq!(
        (c.status(), c.duration()),
        (Status::Pass, Duration::from_millis(100)),
        "its timeout starts when it does"
    );

    let start = Instant::now();
    monitor.report(&Selection::everything()).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_times_out_blocks_what_depends_on_it() {
    let monitor = monitor([
        Check::new("hangs", Level::L5, std::future::pending::<()>).with_timeout(Duration::from_millis(50)),
        Check::new("next", Level::L5, || async {}).depends_on(["hangs"]),
    ]);
    let start = Instant::now();
    assert_eq!(look(&monitor, "next").await, (Status::Fail, Some("blocked")));
    assert_eq!(start.elapsed(), Duration::from_millis(50));
}

/// A check of 600 ms on a database that fails while it runs: no report shows the one failing beside the other passing.
#[tokio::test(start_paused = true)]
async fn a_run_that_began_before_its_dependency_failed_does_not_count() {
    let db = Switch::default();
    let api = || sleep(Duration::from_millis(600));
    let monitor = monitor([
        db.check("db", Level::L1).with_max_age(Duration::from_millis(100)),
        Check::new("api", Level::L3, api).depends_on(["db"]),
    ]);
    let first = tokio::spawn({
        let monitor = monitor.clone();
        async move { look(&monitor, "api").await }
    });
    sleep(Duration::from_millis(200)).await;
    db.set_down(true);
    let report = monitor.report(&Selection::everything()).await;
    assert_eq!(report.result("db").map(health_runtime::CheckResult::status), Some(Status::Fail));
    assert_eq!(
        report.result("api").and_then(|result| result.cause()).map(health_runtime::Cause::as_str),
        Some("blocked")
    );
    first.await.expect("a report");
}

#[tokio::test(start_paused = true)]
async fn ladders_and_long_chains_cost_nothing_special() {
    let name = |layer: usize, side: usize| format!("{layer}_{side}");
    let ladder = (0..200).flat_map(|layer| (0..2).map(move |side| (layer, side))).map(|(layer, side)| {
        let check = Check::new(name(layer, side), Level::L2, || async {});
        if layer == 0 { check } else { check.depends_on([name(layer - 1, 0), name(layer - 1, 1)]) }
    });
    assert_eq!(monitor(ladder).report(&Selection::check("199_0")).await.status(), Status::Pass);

    let chain = (0..20_000).map(|number| {
        let check = Check::new(number.to_string(), Level::L2, || async {});
        if number == 0 { check } else { check.depends_on([(number - 1).to_string()]) }
    });
    assert_eq!(monitor(chain).report(&Selection::check("19999")).await.status(), Status::Pass);
}

fn problems(checks: impl IntoIterator<Item = Check>) -> String {
    let registry = checks.into_iter().fold(Registry::builder(), health_runtime::RegistryBuilder::check);
    registry.build().expect_err("something is wrong").to_string()
}

fn good(name: &str) -> Check {
    Check::new(name, Level::L5, || async {})
}

#[test]
fn two_checks_of_one_name_are_named_with_their_places() {
    let here = line!() + 1;
    let shallow = Check::new("db", Level::L5, || async {});
    let deep = Check::new("db", Level::L1, || async {});
    let text = problems([shallow, deep]);
    let (first, second) = (here + 1, here);
    assert_eq!(
        text,
        format!(
            "the health checks cannot start: two checks are named `db`, at tests/reports.rs:{first} and at \
             tests/reports.rs:{second}; give one of them another `name = \"…\"`"
        )
    );
    assert!(problems([good("a"), good("a"), good("a")]).contains("for 2 reasons:\n  - two checks are named `a`"));
}

#[test]
fn dependencies_have_to_exist() {
    let text =
        problems([good("database"), good("billing").depends_on(["databse"]), good("b").depends_on(["zzz", "b"])]);
    assert!(text.contains("`billing` (tests/reports.rs:"), "{text}");
    assert!(text.contains("depends on `databse`, which is no check; did you mean `database`?"), "{text}");
    assert!(text.contains("depends on `zzz`, which is no check\n"), "{text}");
    assert!(text.contains("checks depend on each other in a circle: `b` → `b`"), "{text}");
}

#[test]
fn circles_are_named() {
    let text = problems([
        good("a").depends_on(["b"]),
        good("b").depends_on(["c"]),
        good("c").depends_on(["b", "d"]),
        good("d"),
        good("x").depends_on(["y"]),
        good("y").depends_on(["x"]),
    ]);
    assert!(text.contains("circle: `b` → `c` → `b`"), "{text}");
    assert!(text.contains("circle: `x` → `y` → `x`"), "{text}");
    assert!(text.contains("for 2 reasons"), "{text}");
}

#[test]
fn all_that_is_wrong_comes_out_at_once_and_stays_the_same() {
    let build = || {
        Registry::builder()
            .check(Check::new("deep", Level::L4, || async {}).liveness())
            .check(good("hasty").with_timeout(Duration::ZERO))
            .check(good("line\nbreak"))
            .check(good("probe").with_fault("the path /nowhere does not exist"))
            .state(State::new().with("a").with("b").with(1u8))
            .build()
            .expect_err("so much is wrong")
    };
    let error = build();
    assert_eq!(error.problems().len(), 5, "{error}");
    assert!(error.problems().contains(&Problem::RepeatedState { type_name: "&str" }));
    let text = error.to_string();
    for part in [
        "the state holds two values of type `&str`",
        "`deep` (tests/reports.rs:",
        "restarts the whole fleet",
        "`hasty` (tests/reports.rs:",
        "has a timeout of zero",
        "is named \"line\\nbreak\"",
        "cannot work: the path /nowhere does not exist",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(build().to_string(), text);
    // `fn main() -> Result<(), Error>` prints the `Debug` form.
    assert_eq!(format!("{error:?}"), text);
}

#[test]
fn answers_are_what_they_look_like() {
    use health_runtime::IntoOutcome;
    assert_eq!(().into_outcome(), Outcome::pass());
    assert_eq!(true.into_outcome(), Outcome::pass());
    assert_eq!(false.into_outcome().status(), Status::Fail);
    assert_eq!(Status::Warn.into_outcome().status(), Status::Warn);
    assert_eq!(Ok::<_, String>(Status::Warn).into_outcome().status(), Status::Warn);
    assert_eq!(Err::<(), _>("gone").into_outcome(), Outcome::fail("gone"));
    assert_eq!(Err::<Outcome, _>(std::fmt::Error).into_outcome().status(), Status::Fail);
}
