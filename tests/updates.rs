//! Checks that come and go while the service runs: validation, runs in progress, and everything that is kept about a
//! check.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use futures_util::FutureExt;
use health_runtime::{
    Cause, Check, CheckUpdate, Endpoint, Group, Level, Monitor, Outcome, Problem, Registry, Selection, Status,
    access::{Access, Caller, Decision, Policy, closed, public},
    health_check,
    testing::{Forced, TestMonitor},
};
use health_tests::{ask, builder, endpoint, events::Client, get, monitor, serve};
use tokio::{
    runtime::{Builder, Handle},
    time::{Instant, sleep},
};

const HOUR: Duration = Duration::from_hours(1);

fn passing(name: &str) -> Check {
    Check::new(name, Level::L3, || async {})
}

fn failing(name: &str) -> Check {
    Check::new(name, Level::L3, || async { Outcome::fail("it is down") })
}

/// A check whose run takes a second.
fn slow(name: &str, outcome: Outcome) -> Check {
    Check::new(name, Level::L3, move || {
        let outcome = outcome.clone();
        async move {
            sleep(Duration::from_secs(1)).await;
            outcome
        }
    })
}

fn names(monitor: &Monitor) -> Vec<String> {
    monitor.checks().map(|check| check.name().to_owned()).collect()
}

async fn status(monitor: &Monitor, check: &str) -> Option<(Status, Option<Cause>)> {
    let report = monitor.report(&Selection::check(check)).await;
    report.result(check).map(|result| (result.status(), result.cause().cloned()))
}

#[tokio::test]
async fn refused_update_lists_all_problems_and_changes_nothing() {
    let monitor = monitor([passing("db"), passing("orders").depends_on(["db"]), passing("queue")]);
    let before: Vec<_> = monitor.checks().collect();
    let error = monitor
        .update(
            CheckUpdate::new()
                .remove("db")
                .remove("ordres")
                .replace(passing("cache"))
                .add(passing("queue"))
                .add(passing("late").depends_on(["queu"]).timeout(Duration::ZERO))
                .add(passing("one").depends_on(["two"]))
                .add(passing("two").depends_on(["one"]))
                .add(passing("alive").liveness()),
        )
        .expect_err("it is full of mistakes");
    let kind = |problem: &Problem| format!("{problem:?}").split(' ').next().unwrap_or_default().to_owned();
    let mut kinds: Vec<_> = error.problems().iter().map(kind).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "DeepLiveness",
            "DependencyCycle",
            "DuplicateName",
            "RemainingDependents",
            "UnknownCheck",
            "UnknownCheck",
            "UnknownDependency",
            "ZeroTimeout",
        ]
    );
    let text = error.to_string();
    for part in [
        "the health checks cannot be updated, for 8 reasons:",
        "cannot remove `ordres`, because there is no check named `ordres`; did you mean `orders`?",
        "cannot replace `cache`, because there is no check named `cache`",
        "cannot remove `db`, because other checks depend on it: `orders`; remove or replace them in the same update",
        "depends on `queu`, but there is no check named `queu`; did you mean `queue`?",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let after: Vec<_> = monitor.checks().collect();
    assert!(before.iter().zip(&after).all(|(before, after)| Arc::ptr_eq(before, after)) && before.len() == after.len());
}

#[tokio::test]
async fn update_is_applied_step_by_step_and_at_once() {
    let monitor = monitor([passing("db"), passing("orders").depends_on(["db"])]);
    monitor.remove("db").expect_err("`orders` depends on it");
    monitor.update(CheckUpdate::new().remove("db").replace(passing("orders"))).expect("a good update");
    assert_eq!(names(&monitor), ["orders"]);
    let added = CheckUpdate::new().add(passing("a").depends_on(["b"])).add(passing("b"));
    monitor.update(added).expect("each is there for the other");
    assert_eq!(names(&monitor), ["a", "b", "orders"]);
    let error = monitor.update(CheckUpdate::new().add(passing("a")).remove("a")).expect_err("it is there already");
    assert!(matches!(error.problems(), [Problem::DuplicateName { .. }]), "{error}");
    monitor.update(CheckUpdate::new().remove("a").add(passing("a"))).expect("it was removed before");
    let all = names(&monitor).iter().fold(CheckUpdate::new(), CheckUpdate::remove);
    monitor.update(all).expect("nothing is left to depend on them");
    assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
    monitor.update(CheckUpdate::new()).expect("nothing to do");
}

#[tokio::test]
async fn declared_check_is_replaced_and_removed() {
    #[health_check(level = 3)]
    async fn declared() {}

    let monitor = Monitor::new(Registry::builder().declared().build().expect("good checks"));
    assert_eq!(names(&monitor), ["declared"]);
    monitor.replace(failing("declared")).expect("a good check");
    assert_eq!(status(&monitor, "declared").await, Some((Status::Fail, None)));
    monitor.remove("declared").expect("a check");
    assert_eq!(status(&monitor, "declared").await, None);
}

/// The report waits for the run that it began, although the check is gone.
#[tokio::test(start_paused = true)]
async fn run_of_a_removed_check_ends_for_its_report_alone() {
    let monitor = monitor([slow("db", Outcome::fail("too late"))]);
    let mut changes = monitor.subscribe();
    let waiting = tokio::spawn({
        let monitor = monitor.clone();
        async move { status(&monitor, "db").await }
    });
    sleep(Duration::from_millis(500)).await;
    let removed_at = Instant::now();
    monitor.remove("db").expect("a check");
    assert_eq!(status(&monitor, "db").await, None, "later reports are without it");
    assert_eq!(waiting.await.expect("a report"), Some((Status::Fail, None)));
    assert_eq!(removed_at.elapsed(), Duration::from_millis(500));
    assert!(changes.next().now_or_never().is_none(), "its result is published");
    monitor.history("db").expect_err("its history is gone");
    monitor.mute("db", HOUR, "gone").expect_err("no such check");
}

#[tokio::test(start_paused = true)]
async fn run_of_a_replaced_check_counts_for_nothing() {
    let endpoint = endpoint([slow("db", Outcome::fail("the old one"))]);
    let monitor = endpoint.monitor().clone();
    let mut changes = monitor.subscribe();
    let waiting = tokio::spawn({
        let monitor = monitor.clone();
        async move { status(&monitor, "db").await }
    });
    sleep(Duration::from_millis(500)).await;
    monitor.replace(passing("db")).expect("a good check");
    assert_eq!(status(&monitor, "db").await, Some((Status::Pass, None)), "it does not wait for the old run");
    assert_eq!(waiting.await.expect("a report"), Some((Status::Fail, None)), "the report that asked for the old one");
    assert_eq!(status(&monitor, "db").await, Some((Status::Pass, None)));
    let change = changes.next().now_or_never().flatten().expect("a change").expect("none is missed");
    assert_eq!((change.previous(), change.current()), (None, Status::Pass));
    assert!(changes.next().now_or_never().is_none(), "the old result is published");
    let numbers = ask(endpoint.router(), "/health/metrics", &[]).await.body;
    assert!(numbers.contains("health_check_runs_total{check=\"db\",level=\"3\",outcome=\"fail\"} 0"), "{numbers}");
    assert!(numbers.contains("health_check_runs_total{check=\"db\",level=\"3\",outcome=\"pass\"} 1"), "{numbers}");
}

#[tokio::test(start_paused = true)]
async fn replacement_keeps_history_mute_and_thresholds() {
    let kit = TestMonitor::with_checks([passing("db").max_age(HOUR)]);
    kit.snapshot("db").await.assert_status(Status::Pass);
    kit.monitor().mute("db", HOUR, "they move").expect("a check");
    kit.monitor().replace(failing("db").failure_threshold(2)).expect("a good check");
    kit.snapshot("db").await.assert_status(Status::Pass).assert_observed(Status::Fail).assert_muted(true);
    kit.run("db").await.assert_status(Status::Fail).assert_muted(true).assert_changes([Status::Pass, Status::Fail]);
    assert_eq!(kit.monitor().history("db").expect("a check").len(), 2);
    kit.monitor().replace(failing("db")).expect("a good check");
    kit.snapshot("db").await.assert_changes([Status::Pass, Status::Fail]);
}

#[tokio::test(start_paused = true)]
async fn background_check_starts_when_it_is_added_and_ends_when_it_is_removed() {
    let monitor = monitor([]);
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let check = Check::new("db", Level::L1, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    monitor.add(check.interval(Duration::from_secs(20)).readiness()).expect("a good check");
    assert_eq!(status(&monitor, "db").await, Some((Status::Warn, Some(Cause::Pending))));
    let readiness = monitor.report(&Selection::group(Group::Readiness)).await;
    assert_eq!(readiness.status(), Status::Fail, "pending");
    sleep(Duration::from_secs(11)).await;
    assert_eq!((runs.load(Ordering::SeqCst), status(&monitor, "db").await), (1, Some((Status::Pass, None))));
    monitor.replace(failing("db").level(Level::L1).interval(Duration::from_secs(20))).expect("a good check");
    assert_eq!(status(&monitor, "db").await, Some((Status::Pass, None)), "not pending");
    sleep(Duration::from_secs(11)).await;
    assert_eq!(status(&monitor, "db").await, Some((Status::Fail, None)));
    monitor.remove("db").expect("a check");
    sleep(HOUR).await;
    assert_eq!((runs.load(Ordering::SeqCst), tasks()), (1, before), "the old function is not called again");
}

/// Each replacement ends the run that hangs before its timeout.
#[tokio::test(start_paused = true)]
async fn hanging_check_becomes_stale_however_often_it_is_replaced() {
    let runs = Arc::new(AtomicUsize::new(0));
    let check = Check::new("db", Level::L3, move || {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move {
            if run > 0 {
                std::future::pending::<()>().await;
            }
        }
    });
    let check = check.interval(Duration::from_secs(10));
    let monitor = monitor([check.clone()]);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(status(&monitor, "db").await, Some((Status::Pass, None)));
    for _ in 0..20 {
        sleep(Duration::from_secs(4)).await;
        monitor.replace(check.clone()).expect("a good check");
    }
    assert_eq!(status(&monitor, "db").await, Some((Status::Fail, Some(Cause::Stale))));
}

/// Callers of one level learn nothing of the results that the check had at another one.
#[tokio::test(start_paused = true)]
async fn check_at_another_level_keeps_its_mute_and_starts_without_a_result() {
    let access = Access::new().levels([Level::L5], public()).levels(Level::L1..=Level::L4, closed());
    let endpoint = builder([]).access(access).build().expect("a good endpoint");
    let monitor = endpoint.monitor();
    let check = || failing("db").interval(HOUR);
    monitor.add(check()).expect("a good check");
    monitor.mute("db", HOUR * 9, "they move").expect("a check");
    sleep(Duration::from_secs(11)).await;
    assert_eq!(monitor.history("db").expect("a check").len(), 1);
    monitor.replace(check().level(Level::L5)).expect("a good check");
    let shown = async || ask(endpoint.router(), "/health/checks/db", &[]).await.json();
    let moved = shown().await;
    assert_eq!((&moved["cause"], &moved["history"]), (&"pending".into(), &serde_json::json!([])), "{moved}");
    assert!(moved["muted"].is_object(), "{moved}");
    sleep(Duration::from_secs(11)).await;
    let run = shown().await;
    assert_eq!((&run["status"], run["history"].as_array().map(Vec::len)), (&"fail".into(), Some(1)), "{run}");
    assert_eq!(monitor.history("db").expect("a check").len(), 2, "operators see both");
}

#[tokio::test(start_paused = true)]
async fn answer_of_a_slow_run_shows_no_change_of_the_level_to_which_the_check_moves() {
    let access = Access::new().levels([Level::L5], public()).levels(Level::L1..=Level::L4, closed());
    let slow = slow("db", Outcome::pass()).level(Level::L5);
    let endpoint = builder([slow]).access(access).build().expect("a good endpoint");
    let waiting = tokio::spawn({
        let router = endpoint.router();
        async move { ask(router, "/health/checks/db", &[]).await }
    });
    sleep(Duration::from_millis(500)).await;
    endpoint.monitor().replace(failing("db").level(Level::L1)).expect("a good check");
    assert_eq!(status(endpoint.monitor(), "db").await, Some((Status::Fail, None)));
    let answer = waiting.await.expect("an answer").json();
    assert_eq!((&answer["status"], &answer["history"]), (&"pass".into(), &serde_json::json!([])), "{answer}");
}

/// Results on demand may be old when the check is moved to the background.
#[tokio::test(start_paused = true)]
async fn old_result_is_not_stale_after_a_replacement() {
    let monitor = monitor([passing("db")]);
    assert_eq!(status(&monitor, "db").await, Some((Status::Pass, None)));
    sleep(HOUR).await;
    monitor.replace(passing("db").interval(Duration::from_secs(10))).expect("a good check");
    assert_eq!(status(&monitor, "db").await, Some((Status::Pass, None)));
}

#[test]
fn checks_added_outside_a_runtime_start_with_the_first_report() {
    let monitor = monitor([]);
    monitor.add(passing("db").interval(Duration::from_millis(1))).expect("a good check");
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        while status(&monitor, "db").await != Some((Status::Pass, None)) {
            sleep(Duration::from_millis(1)).await;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn check_that_a_thread_without_a_runtime_adds_starts() {
    let monitor = monitor([]);
    let runs = Arc::new(AtomicUsize::new(0));
    let (adding, counted) = (monitor.clone(), Arc::clone(&runs));
    let check = Check::new("db", Level::L3, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    let thread = thread::spawn(move || adding.add(check.interval(HOUR)));
    thread.join().expect("no panic").expect("a good check");
    sleep(Duration::from_secs(11)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn added_check_is_isolated_like_the_first_ones() {
    let endpoint = builder([]).isolated_checks().build().expect("a good endpoint");
    let here = thread::current().id();
    let elsewhere = move || async move { thread::current().id() != here };
    endpoint.monitor().add(Check::new("added", Level::L3, elsewhere)).expect("a good check");
    assert_eq!(status(endpoint.monitor(), "added").await, Some((Status::Pass, None)));
    endpoint.monitor().replace(Check::new("added", Level::L2, elsewhere)).expect("a good check");
    assert_eq!(status(endpoint.monitor(), "added").await, Some((Status::Pass, None)));
}

#[test]
fn added_check_runs_on_the_runtime_of_checks() {
    let monitor = monitor([]);
    let application = Builder::new_multi_thread().worker_threads(1).thread_name("application").enable_all().build();
    let application = application.expect("a runtime");
    assert!(monitor.run_on(application.handle()));
    let there = || async { thread::current().name() == Some("application") };
    monitor.add(Check::new("added", Level::L3, there)).expect("a good check");
    monitor.add(passing("background").interval(HOUR)).expect("it starts although no runtime is current");
    let other = Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_eq!(other.block_on(status(&monitor, "added")), Some((Status::Pass, None)));
}

#[tokio::test(start_paused = true)]
async fn test_kit_forces_added_checks() {
    let kit = TestMonitor::with_checks([passing("db")]);
    kit.monitor().add(passing("added").depends_on(["db"])).expect("a good check");
    kit.force("added", Forced::fail("forced"));
    kit.run("added").await.assert_status(Status::Fail).assert_message("forced");
    kit.monitor().replace(passing("added")).expect("a good check");
    kit.run("added").await.assert_status(Status::Fail);
    assert_eq!(kit.runs("added"), 2);
    kit.release("added");
    kit.run("added").await.assert_status(Status::Pass);
    kit.monitor().remove("added").expect("a check");
    assert_eq!(kit.report(&Selection::everything()).await.report().entries().len(), 1);
}

#[tokio::test]
async fn checks_come_and_go_during_a_drain() {
    let monitor = monitor([passing("db").readiness()]);
    monitor.drain();
    monitor.add(passing("added").readiness()).expect("a good check");
    monitor.remove("db").expect("a check");
    let readiness = monitor.report(&Selection::group(Group::Readiness)).await;
    assert_eq!((readiness.status(), readiness.entries().len()), (Status::Fail, 1));
}

#[tokio::test]
async fn list_of_mutes_holds_for_added_checks() {
    let endpoint = builder([passing("db")]).muted("late=1h,later").build().expect("a good endpoint");
    let monitor = endpoint.monitor();
    monitor.update(CheckUpdate::new().add(failing("late")).add(failing("later"))).expect("good checks");
    assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
    monitor.unmute("late").expect("a check");
    assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Fail);
    monitor.update(CheckUpdate::new().remove("late").add(failing("late"))).expect("good checks");
    assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Fail, "an operator has unmuted it");
}

/// A value in the function of a check may update checks when it is dropped.
#[tokio::test]
async fn dropped_function_may_update_checks() {
    struct RemovesOther(Monitor);

    impl Drop for RemovesOther {
        fn drop(&mut self) {
            self.0.remove("other").expect("a check");
        }
    }

    let monitor = monitor([passing("other")]);
    let owned = RemovesOther(monitor.clone());
    let check = Check::new("db", Level::L3, move || {
        let _ = &owned;
        async {}
    });
    monitor.add(check).expect("a good check");
    monitor.remove("db").expect("a check");
    assert_eq!(names(&monitor), [""; 0]);
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("it cannot be closed");
    }
}

fn owning_a_panic(name: &str) -> Check {
    let owned = PanicsWhenDropped;
    Check::new(name, Level::L3, move || {
        let _ = &owned;
        sleep(Duration::from_secs(1))
    })
}

/// Two panics at once would end the process, and the report is a stranger to both.
#[tokio::test(start_paused = true)]
async fn panicking_destructors_of_removed_checks_harm_nobody() {
    let monitor = monitor([owning_a_panic("one"), owning_a_panic("two")]);
    let waiting = tokio::spawn({
        let monitor = monitor.clone();
        async move { monitor.report(&Selection::everything()).await.status() }
    });
    sleep(Duration::from_millis(500)).await;
    let update = CheckUpdate::new().remove("one").remove("two").add(passing("added").interval(HOUR));
    monitor.update(update.add(owning_a_panic("three")).add(owning_a_panic("four"))).expect("a good update");
    assert_eq!(waiting.await.expect("no panic"), Status::Pass);
    monitor.update(CheckUpdate::new().remove("three").remove("four")).expect("a good update");
    let refused = CheckUpdate::new().add(owning_a_panic("five")).add(owning_a_panic("six")).remove("seven");
    monitor.update(refused).expect_err("there is no `seven`");
    sleep(Duration::from_secs(11)).await;
    assert_eq!(status(&monitor, "added").await, Some((Status::Pass, None)));
}

#[tokio::test]
async fn names_in_errors_forge_no_line() {
    let monitor = monitor([]);
    let forged = "x\nERROR \u{1b}[31mforged\u{202e}";
    let errors = [
        monitor.remove(forged).expect_err("no such check").to_string(),
        monitor.mute(forged, HOUR, "why").expect_err("no such check").to_string(),
        monitor.add(passing("db").depends_on([forged])).expect_err("no such check").to_string(),
    ];
    for error in errors {
        assert!(error.contains("x\\nERROR \\u{1b}[31mforged\\u{202e}`"), "{error}");
        assert!(!error.contains(char::is_control), "{error}");
    }
}

/// Each liveness check names every deep check behind it once, by whatever paths.
#[tokio::test]
async fn text_of_an_error_lists_the_first_hundred_problems() {
    let update = (0..150).fold(CheckUpdate::new(), |update, number| update.remove(format!("gone {number}")));
    let error = monitor([]).update(update).expect_err("unknown names");
    assert_eq!(error.problems().len(), 150);
    let text = error.to_string();
    assert!(text.contains("for 150 reasons:") && text.ends_with("named `gone 99`\n  - and 50 more"), "{text}");
    assert_eq!(text.matches("gone ").count(), 200, "each of a hundred is named twice");
}

#[tokio::test]
async fn liveness_checks_name_the_deep_checks_behind_them() {
    let live = |name: &str| passing(name).level(Level::L5).liveness();
    let update = CheckUpdate::new()
        .add(live("a").depends_on(["b", "c", "middle"]))
        .add(live("b").depends_on(["c", "deep"]))
        .add(live("c").depends_on(["middle"]))
        .add(live("local").depends_on(["alone"]))
        .add(passing("alone").level(Level::L5))
        .add(passing("middle").level(Level::L5).depends_on(["deep"]))
        .add(passing("deep").depends_on(["deeper"]))
        .add(passing("deeper").level(Level::L1));
    let error = monitor([]).update(update).expect_err("three reach outside");
    let mut found: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| match problem {
            Problem::Misconfigured { check, fault, .. } => (check.clone(), fault.split('`').nth(1).map(str::to_owned)),
            other => panic!("{other}"),
        })
        .collect();
    found.sort();
    let expected =
        ["a", "b", "c"].map(|check| ["deep", "deeper"].map(|deep| (check.to_owned(), Some(deep.to_owned()))));
    assert_eq!(found, expected.concat());
}

#[derive(Clone, Default)]
struct Replacing {
    endpoint: Arc<Mutex<Option<Endpoint>>>,
    has_replaced: Arc<AtomicBool>,
}

impl Policy for Replacing {
    async fn decide(&self, _caller: &Caller) -> Decision {
        let endpoint = self.endpoint.lock().expect("no panic").clone();
        if let Some(endpoint) = endpoint {
            endpoint.monitor().replace(passing("db").level(Level::L1)).expect("a good check");
            self.has_replaced.store(true, Ordering::SeqCst);
        }
        Decision::allow().only_levels([Level::L5])
    }
}

/// Access was decided about a check of level 5, and the one of level 1 is another one.
#[tokio::test]
async fn check_that_moves_to_another_level_is_not_shown_by_the_earlier_decision() {
    let policy = Replacing::default();
    let access = Access::new().levels([Level::L5], policy.clone()).levels(Level::L1..=Level::L4, public());
    let endpoint = builder([passing("db").level(Level::L5)]).access(access).build().expect("a good endpoint");
    *policy.endpoint.lock().expect("no panic") = Some(endpoint.clone());
    let answer = ask(endpoint.router(), "/health/checks/db", &[]).await;
    assert!(policy.has_replaced.load(Ordering::SeqCst));
    assert_eq!(answer.status, 404, "{}", answer.body);
}

#[tokio::test]
async fn stored_responses_and_documents_follow_updates() {
    let endpoint = endpoint([passing("db").max_age(HOUR)]);
    for path in
        ["/health", "/health/levels/1", "/health/levels/3?format=html", "/health/openapi.json", "/health/metrics"]
    {
        let shows = async |name: &str| ask(endpoint.router(), path, &[]).await.body.contains(name);
        // The overview lists checks that fail.
        let late = failing("late_one").max_age(HOUR);
        assert!(!shows("late_one").await && !shows("late_one").await, "{path}");
        endpoint.monitor().add(late).expect("a good check");
        assert!(shows("late_one").await, "{path}");
        endpoint.monitor().remove("late_one").expect("a check");
        assert!(!shows("late_one").await, "{path}");
    }
}

#[tokio::test]
async fn event_stream_names_the_checks_that_come_and_go() {
    let endpoint = endpoint([passing("db")]);
    let address = serve(endpoint.router()).await;
    let mut client = Client::open(address, "/health/events", None).await;
    let first = client.event().await;
    assert_eq!(first.name, "state");
    let update = CheckUpdate::new().add(passing("a").level(Level::L5)).replace(passing("db"));
    endpoint.monitor().update(update).expect("a good update");
    let event = client.event().await;
    assert_eq!(event.name, "checks");
    let named = |check: &str, level: u8| serde_json::json!([{ "check": check, "level": level }]);
    assert_eq!((&event.data["added"], &event.data["replaced"]), (&named("a", 5), &named("db", 3)));
    assert_eq!(event.data["removed"], serde_json::json!([]));
    get(address, "/health/checks/a").await;
    assert_eq!(client.event().await.name, "change");
    endpoint.monitor().remove("a").expect("a check");
    let removed = client.event().await;
    assert_eq!((removed.name.as_str(), &removed.data["removed"]), ("checks", &named("a", 5)));

    // A client from before the update misses no change, and then gets the whole state.
    let mut back = Client::open(address, "/health/events", Some(&first.id)).await;
    let (change, state) = (back.event().await, back.event().await);
    assert_eq!((change.name.as_str(), state.name.as_str()), ("change", "state"));
    assert_eq!(state.data["checks"], serde_json::json!({}));
    let mut same = Client::open(address, "/health/events", Some(&removed.id)).await;
    endpoint.monitor().remove("db").expect("a check");
    assert_eq!(same.event().await.name, "checks");
}

/// Callers that see some levels learn nothing of updates at others.
#[tokio::test]
async fn updates_of_hidden_levels_send_no_event() {
    let endpoint = endpoint([]);
    let address = serve(endpoint.levels([Level::L5]).router()).await;
    let mut client = Client::open(address, "/health/events", None).await;
    let first = client.event().await;
    endpoint.monitor().add(passing("hidden")).expect("a good check");
    endpoint.monitor().add(passing("seen").level(Level::L5)).expect("a good check");
    let event = client.event().await;
    assert_eq!(event.data["added"], serde_json::json!([{ "check": "seen", "level": 5 }]));
    assert_ne!(first.id, event.id);
    endpoint.monitor().replace(passing("seen")).expect("a good check");
    assert_eq!(client.event().await.data["removed"], serde_json::json!([{ "check": "seen", "level": 5 }]));
}
