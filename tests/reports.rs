//! Reports: levels, criticality, dependencies, slowness, age; and the sets of checks that a registry refuses.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_runtime::{
    Check, Group, Level, Outcome, Problem, Registry, RegistryBuilder, Selection, Status,
    testing::{Forced, TestMonitor},
};
use health_tests::monitor;
use tokio::time::{Instant, sleep};

fn good(name: &str) -> Check {
    Check::new(name, Level::L5, || async {})
}

#[tokio::test(start_paused = true)]
async fn young_result_is_reused() {
    let kit = TestMonitor::with_checks([good("db")]);
    for (age, runs) in [(0, 1), (0, 1), (999, 1), (1, 2), (1_000, 3)] {
        kit.advance(Duration::from_millis(age)).await;
        kit.report(&Selection::everything()).await;
        assert_eq!(kit.runs("db"), runs, "after {age} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn max_age_zero_shares_only_overlapping_runs() {
    let kit = TestMonitor::with_checks([good("db").max_age(Duration::ZERO)]);
    for runs in 1..4 {
        kit.report(&Selection::everything()).await;
        assert_eq!(kit.runs("db"), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn checks_of_all_levels_run_concurrently() {
    let monitor = monitor((0..100).map(|number| {
        let level = Level::ALL[number % 5];
        Check::new(format!("check_{number}"), level, || sleep(Duration::from_millis(500)))
    }));
    let start = Instant::now();
    assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn uncritical_check_warns_at_most() {
    let kit = TestMonitor::with_checks([good("critical"), good("other").critical(false), good("gone").critical(false)]);
    kit.force("critical", Outcome::new(Status::Warn));
    kit.force("other", Outcome::new(Status::Fail));
    kit.force("gone", Forced::hang());
    let seen = kit.report(&Selection::everything()).await;
    seen.assert_status(Status::Warn);
    for (name, observed) in [("critical", Status::Warn), ("other", Status::Fail), ("gone", Status::Fail)] {
        seen.check(name).assert_status(Status::Warn).assert_observed(observed);
    }
}

#[tokio::test(start_paused = true)]
async fn slow_pass_is_a_warning() {
    let slow = |name: &str, status| {
        Check::new(name, Level::L5, move || async move {
            sleep(Duration::from_millis(301)).await;
            status
        })
        .degraded_after(Duration::from_millis(300))
    };
    let quick = slow("quick", Status::Pass).degraded_after(Duration::from_millis(301));
    let kit = TestMonitor::with_checks([
        slow("slow", Status::Pass),
        quick,
        slow("warns", Status::Warn),
        slow("fails", Status::Fail),
    ]);
    let seen = kit.report(&Selection::everything()).await;
    seen.check("slow").assert_status(Status::Warn).assert_cause("slow").assert_observed(Status::Pass);
    seen.check("quick").assert_status(Status::Pass).assert_cause(None);
    seen.check("warns").assert_status(Status::Warn).assert_cause(None);
    seen.check("fails").assert_status(Status::Fail).assert_cause(None);
}

#[tokio::test(start_paused = true)]
async fn since_is_kept_while_the_status_is() {
    let kit = TestMonitor::with_checks([good("db").max_age(Duration::ZERO)]);
    let result = async || kit.run("db").await.result().clone();
    let first = result().await;
    assert_eq!(first.since(), first.checked_at());
    std::thread::sleep(Duration::from_millis(2));
    let second = result().await;
    assert_eq!(second.since(), first.since());
    assert!(second.checked_at() > first.checked_at());
    kit.force("db", Forced::fail("down"));
    let third = result().await;
    assert_eq!(third.since(), third.checked_at());
    assert!(third.since() > first.since());
}

#[tokio::test(start_paused = true)]
async fn dependents_of_a_failed_check_are_not_run() {
    let kit = TestMonitor::with_checks([
        good("db").max_age(Duration::ZERO),
        good("cache").critical(false).max_age(Duration::ZERO),
        good("api").depends_on(["db", "cache"]).max_age(Duration::from_secs(30)),
    ]);
    let everything = Selection::everything();
    kit.report(&everything).await.check("api").assert_status(Status::Pass).assert_cause(None);

    // A young result does not count, because its dependency has failed.
    kit.force("db", Forced::fail("down"));
    kit.force("cache", Forced::fail("down"));
    let seen = kit.report(&everything).await;
    let result = seen.check("api").assert_cause("blocked").result();
    assert_eq!(result.message(), Some("not run, because of db, cache"));
    assert_eq!(result.duration(), Duration::ZERO);
    assert_eq!(kit.runs("api"), 1);

    // An uncritical check that fails blocks as well.
    kit.release("db");
    kit.report(&everything).await.check("api").assert_status(Status::Fail).assert_cause("blocked");
    assert_eq!(kit.runs("api"), 1);

    kit.release("cache");
    kit.report(&everything).await.check("api").assert_status(Status::Pass).assert_cause(None);
    assert_eq!(kit.runs("api"), 2);
    kit.report(&everything).await.check("api").assert_status(Status::Pass).assert_cause(None);
    assert_eq!(kit.runs("api"), 2, "its result is young, and its dependencies work");
}

/// A stored result that names another dependency is as wrong as a pass.
#[tokio::test(start_paused = true)]
async fn blocked_check_names_the_dependencies_that_fail_now() {
    let checks = |leaf: Check| {
        TestMonitor::with_checks([
            good("a").max_age(Duration::ZERO),
            good("b").max_age(Duration::ZERO),
            leaf.depends_on(["a", "b"]),
        ])
    };
    let blocked_by = async |kit: &TestMonitor, failing: &[&str], culprits: &str| {
        for name in ["a", "b"] {
            kit.force(name, if failing.contains(&name) { Forced::fail("down") } else { Forced::pass() });
        }
        let everything = kit.report(&Selection::everything()).await;
        let message = everything.check("leaf").assert_cause("blocked").result().message().map(str::to_owned);
        assert_eq!(message.expect("a message"), format!("not run, because of {culprits}"), "{failing:?}");
        kit.snapshot("leaf").await.assert_message(culprits);
    };
    let asked = checks(good("leaf").max_age(Duration::from_hours(1)));
    // A background check is not run again here, so each report finds the names itself.
    let background = checks(good("leaf").interval(Duration::from_hours(1)));
    background.run("leaf").await;
    for kit in [&asked, &background] {
        for (failing, culprits) in [(&["a"][..], "a"), (&["b"], "b"), (&["a", "b"], "a, b"), (&["a"], "a")] {
            blocked_by(kit, failing, culprits).await;
        }
    }
    // Its own run recorded that `a` blocks it.
    background.run("leaf").await.assert_message("because of a");
    blocked_by(&background, &["b"], "b").await;
    // Without a failing dependency the recorded result is shown, until the next run a moment later.
    blocked_by(&background, &[], "a").await;
    assert_eq!((asked.runs("leaf"), background.runs("leaf")), (0, 1));
}

/// The run that the second report joins waits for `slow`, and has earlier results of `a` and `b`.
#[tokio::test(start_paused = true)]
async fn joined_run_that_was_blocked_by_another_check_does_not_count() {
    let kit = TestMonitor::with_checks([
        good("a").max_age(Duration::ZERO),
        good("b").max_age(Duration::ZERO),
        good("slow").max_age(Duration::ZERO),
        good("leaf").depends_on(["a", "b", "slow"]),
    ]);
    kit.force("a", Forced::fail("down"));
    kit.force("slow", Forced::slow_by(Duration::from_millis(50)));
    let everything = Selection::everything();
    let (before, after) = tokio::join!(kit.report(&everything), async {
        sleep(Duration::from_millis(20)).await;
        kit.release("a");
        kit.force("b", Forced::fail("down"));
        kit.report(&everything).await
    });
    before.check("leaf").assert_cause("blocked").assert_message("not run, because of a");
    after.check("leaf").assert_cause("blocked").assert_message("not run, because of b");
    kit.snapshot("leaf").await.assert_message("not run, because of b");
}

#[tokio::test(start_paused = true)]
async fn dependencies_are_run_and_not_reported() {
    let kit = TestMonitor::with_checks([
        good("db"),
        good("api").depends_on(["db"]),
        good("page").depends_on(["api"]).readiness(),
    ]);
    kit.force("db", Forced::fail("down"));
    let ready = kit.group(Group::Readiness).await;
    ready.assert_checks(["page"]).check("page").assert_cause("blocked").assert_message("not run, because of api");
    assert_eq!(kit.runs("db"), 1);
}

/// `depends_on` is the only order: a check waits for its dependencies alone.
#[tokio::test(start_paused = true)]
async fn chain_takes_the_sum_of_its_runs() {
    let sleeps = |name: &str, millis| Check::new(name, Level::L3, move || sleep(Duration::from_millis(millis)));
    let monitor = monitor([
        sleeps("a", 100),
        sleeps("b", 100).depends_on(["a"]),
        sleeps("c", 100).depends_on(["a", "b"]).timeout(Duration::from_millis(150)),
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
async fn check_that_times_out_blocks_its_dependents() {
    let kit = TestMonitor::with_checks([
        good("hangs").timeout(Duration::from_millis(50)),
        good("next").depends_on(["hangs"]),
    ]);
    kit.force("hangs", Forced::hang());
    let start = Instant::now();
    kit.report(&Selection::everything()).await.check("next").assert_status(Status::Fail).assert_cause("blocked");
    assert_eq!(start.elapsed(), Duration::from_millis(50));
}

/// A check of 600 ms depends on a database that fails meanwhile. No report shows the database failing and the check
/// passing.
#[tokio::test(start_paused = true)]
async fn run_that_began_before_its_dependency_failed_does_not_count() {
    let api = || sleep(Duration::from_millis(600));
    let kit = TestMonitor::with_checks([
        good("db").max_age(Duration::from_millis(100)),
        Check::new("api", Level::L3, api).depends_on(["db"]),
    ]);
    let first = tokio::spawn({
        let monitor = kit.monitor().clone();
        async move { monitor.report(&Selection::everything()).await }
    });
    kit.advance(Duration::from_millis(200)).await;
    kit.force("db", Forced::fail("down"));
    let seen = kit.report(&Selection::everything()).await;
    seen.check("db").assert_status(Status::Fail);
    seen.check("api").assert_cause("blocked");
    first.await.expect("a report");
}

#[tokio::test(start_paused = true)]
async fn ladders_and_long_chains_stay_cheap() {
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

#[test]
fn duplicate_names_are_reported_with_their_locations() {
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
fn unknown_dependencies_are_start_up_errors() {
    let text =
        problems([good("database"), good("billing").depends_on(["databse"]), good("b").depends_on(["zzz", "b"])]);
    assert!(text.contains("`billing` (tests/reports.rs:"), "{text}");
    assert!(
        text.contains("depends on `databse`, but there is no check named `databse`; did you mean `database`?"),
        "{text}"
    );
    assert!(text.contains("depends on `zzz`, but there is no check named `zzz`\n"), "{text}");
    assert!(text.contains("checks depend on each other in a circle: `b` → `b`"), "{text}");
}

/// A comparison of each typo with thousands of names would delay a failing start by seconds.
#[test]
fn suggestions_are_bounded() {
    let suggested = |checks: usize, typos: usize| {
        let checks = (0..checks).map(|number| good(&format!("database_{number}")));
        let typos = (0..typos).map(|number| good(&format!("x{number}")).depends_on([format!("databse_{number}")]));
        let registry = checks.chain(typos).fold(Registry::builder(), health_runtime::RegistryBuilder::check);
        let error = registry.build().expect_err("typos");
        let suggestions = error.problems().iter().map(|problem| match problem {
            Problem::UnknownDependency { suggestion, .. } => suggestion.clone(),
            other => panic!("another problem: {other}"),
        });
        suggestions.collect::<Vec<_>>()
    };
    let few = suggested(400, 100);
    assert!(few.len() == 100 && few.iter().all(Option::is_some), "{few:?}");
    assert!(few.contains(&Some("database_7".to_owned())), "{few:?}");
    let many = suggested(9_900, 100);
    assert_eq!(many.len(), 100, "each typo is reported");
    let found = many.iter().flatten().count();
    assert!((1..=10).contains(&found), "{found} typos were compared with all names");
}

#[test]
fn dependency_cycles_are_reported_with_their_names() {
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
fn all_problems_are_reported_at_once_and_in_the_same_order() {
    let build = || {
        Registry::builder()
            .check(Check::new("deep", Level::L4, || async {}).liveness())
            .check(good("hasty").timeout(Duration::ZERO))
            .check(good("line\nbreak"))
            .check(good("probe").fault("the path /nowhere does not exist"))
            .state("a")
            .state("b")
            .state(1u8)
            .build()
            .expect_err("so much is wrong")
    };
    let error = build();
    assert_eq!(error.problems().len(), 5, "{error}");
    let is_repeated = |problem: &Problem| matches!(problem, Problem::RepeatedState { type_name: "&str", .. });
    assert!(error.problems().iter().any(is_repeated));
    let text = error.to_string();
    for part in [
        "the state holds two values of type `&str`",
        "`deep` (tests/reports.rs:",
        "restarts the whole fleet",
        "`hasty` (tests/reports.rs:",
        "has a timeout of zero",
        "has the name \"line\\nbreak\"",
        "cannot work: the path /nowhere does not exist",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(build().to_string(), text);
    // `fn main() -> Result<(), Error>` prints the `Debug` form.
    assert_eq!(format!("{error:?}"), text);
}

/// A blocked liveness check restarts the process, which does not help a dependency outside of it.
#[test]
fn liveness_check_cannot_depend_on_a_deeper_level() {
    let shallow = |name| Check::new(name, Level::L5, || async {});
    let with = |group: fn(Check) -> Check, level| {
        let db = Check::new("db", level, || async {});
        let checks = [db, shallow("pool").depends_on(["db"]), group(shallow("alive")).depends_on(["pool"])];
        checks.into_iter().fold(Registry::builder(), RegistryBuilder::check).build()
    };
    let error = with(Check::liveness, Level::L1).expect_err("it reaches outside").to_string();
    assert!(error.contains("`alive` (tests/reports.rs:") && error.contains("depends on `db` of level 1"), "{error}");
    with(Check::liveness, Level::L5).expect("it stays inside");
    with(Check::readiness, Level::L1).expect("readiness may");
}

#[test]
fn return_types_convert_to_outcomes() {
    use health_runtime::IntoOutcome;
    assert_eq!(().into_outcome(), Outcome::pass());
    assert_eq!(true.into_outcome(), Outcome::pass());
    assert_eq!(false.into_outcome().status(), Status::Fail);
    assert_eq!(Status::Warn.into_outcome().status(), Status::Warn);
    assert_eq!(Ok::<_, String>(Status::Warn).into_outcome().status(), Status::Warn);
    assert_eq!(Err::<(), _>("gone").into_outcome(), Outcome::fail("gone"));
    assert_eq!(Err::<Outcome, _>(std::fmt::Error).into_outcome().status(), Status::Fail);
}
