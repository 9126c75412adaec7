//! One run for a fleet: monitors that share a store, on a paused clock.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod clients;
mod schedules;
mod store;

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use futures_util::FutureExt as _;
use health_runtime::{
    Cause, Check, CheckResult, Fleet, FleetRole, Group, Level, Levels, Monitor, Outcome, Registry, Selection,
    ShowDetails, Status,
    access::{Access, User, basic},
};
use health_tests::{Log, ask, builder};
use serde_json::{Value, json};
use store::{Link, Store};
use tokio::time::{Instant, advance, sleep};
use tower::ServiceExt as _;

const INTERVAL: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(2);
/// Time after which a run in progress counts as dead.
const LEASE: Duration = Duration::from_secs(7);

/// The function of a check that every instance has.
#[derive(Clone, Default)]
pub(crate) struct Work {
    runs: Arc<AtomicU64>,
    hangs: Arc<AtomicBool>,
    answer: Arc<Mutex<Option<Outcome>>>,
}

impl Work {
    fn check(&self) -> Check {
        let work = self.clone();
        let run = move || {
            let work = work.clone();
            async move {
                work.runs.fetch_add(1, Ordering::Relaxed);
                if work.hangs.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                sleep(Duration::from_millis(100)).await;
                work.answer.lock().expect("no panic").clone().unwrap_or_else(Outcome::pass)
            }
        };
        Check::new("lag of the replica", Level::L2, run).interval(INTERVAL).timeout(TIMEOUT).fleet(true)
    }

    fn answers(&self, outcome: Outcome) {
        *self.answer.lock().expect("no panic") = Some(outcome);
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }
}

pub(crate) fn instance(check: Check, name: &str, link: Link) -> Monitor {
    let fleet = Fleet::new("orders", link).instance(name);
    Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"))
}

fn instances(number: usize, store: &Arc<Store>, work: &Work) -> Vec<Monitor> {
    (0..number).map(|index| instance(work.check(), &format!("pod-{index}"), store.link())).collect()
}

pub(crate) async fn result(monitor: &Monitor) -> CheckResult {
    let report = monitor.report(&Selection::everything()).await;
    report.entries()[0].result.as_ref().clone()
}

pub(crate) async fn role(monitor: &Monitor) -> FleetRole {
    result(monitor).await.fleet().expect("a result of the fleet").role()
}

#[tokio::test(start_paused = true)]
async fn one_instance_runs_the_check_in_each_interval() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(20, &store, &work);
    sleep(INTERVAL * 3).await;
    let (runs, requests) = (work.runs(), store.requests());
    sleep(INTERVAL * 20).await;
    let (runs, requests) = (work.runs() - runs, store.requests() - requests);
    assert!((18..=20).contains(&runs), "{runs} runs in 20 intervals");
    assert!(requests <= 20 * 20 * 2, "{requests} requests of 20 instances in 20 intervals");
    let mut checked_by = Vec::new();
    for monitor in &fleet {
        let result = result(monitor).await;
        assert_eq!((result.status(), result.cause()), (Status::Pass, None));
        assert!((100..110).contains(&result.duration().as_millis()), "that of the instance that ran it");
        checked_by.push(result.fleet().expect("of the fleet").checked_by().to_owned());
    }
    assert!(checked_by.iter().all(|name| name.starts_with("pod-")), "{checked_by:?}");
    assert_eq!(store.keys(), ["health.v1.orders.lag=20of=20the=20replica"]);
}

#[tokio::test(start_paused = true)]
async fn single_instance_runs_in_every_interval() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(1, &store, &work);
    sleep(INTERVAL * 21).await;
    assert!((19..=21).contains(&work.runs()), "{}", work.runs());
    assert_eq!(role(&fleet[0]).await, FleetRole::Leader);
}

#[tokio::test(start_paused = true)]
async fn leader_that_dies_during_its_run_is_replaced() {
    let (store, work, doomed) = (Arc::<Store>::default(), Work::default(), Work::default());
    doomed.hangs.store(true, Ordering::Relaxed);
    let link = store.link();
    let leader = instance(doomed.check(), "doomed", link.clone());
    while doomed.runs() == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let died = Instant::now();
    // The run of a monitor that is dropped goes on; that of a dead process says nothing more.
    link.cut(true);
    drop(leader);
    let fleet = instances(3, &store, &work);
    while work.runs() == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(died.elapsed() <= INTERVAL + INTERVAL / 10 + LEASE, "{:?}", died.elapsed());
    sleep(INTERVAL * 2).await;
    assert_eq!(result(&fleet[0]).await.status(), Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn every_instance_runs_alone_while_the_store_is_silent() {
    let (log, _guard) = Log::of_this_thread();
    for is_silent in [false, true] {
        let (store, work) = (Arc::<Store>::default(), Work::default());
        let link = if is_silent { store.link().silent() } else { store.link() };
        let fleet: Vec<_> = (0..4).map(|index| instance(work.check(), &format!("pod-{index}"), link.clone())).collect();
        sleep(INTERVAL * 3).await;
        link.cut(true);
        // A partition takes its time, up to the limit for each answer.
        sleep(INTERVAL * 2).await;
        let runs = work.runs();
        sleep(INTERVAL * 10).await;
        assert!((34..=40).contains(&(work.runs() - runs)), "{}", work.runs() - runs);
        for monitor in &fleet {
            assert_eq!(role(monitor).await, FleetRole::Alone);
            assert_eq!(result(monitor).await.status(), Status::Pass);
        }
        link.cut(false);
        sleep(INTERVAL * 3).await;
        let runs = work.runs();
        sleep(INTERVAL * 10).await;
        assert!((9..=10).contains(&(work.runs() - runs)), "{}", work.runs() - runs);
        for monitor in &fleet {
            assert_ne!(role(monitor).await, FleetRole::Alone);
        }
        let log = log.take();
        let count = |event| log.matches(event).count();
        assert_eq!(count("store of the fleet does not answer; health check runs on this instance alone"), 4, "{log}");
        assert_eq!(count("store of the fleet answers again"), 4, "{log}");
        assert!(!log.contains("hunter2"), "{log}");
    }
}

#[tokio::test(start_paused = true)]
async fn store_without_its_memory_is_filled_again() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(5, &store, &work);
    for _ in 0..10 {
        sleep(INTERVAL * 2 + Duration::from_secs(3)).await;
        store.lose_memory();
    }
    sleep(INTERVAL * 2).await;
    for monitor in &fleet {
        assert_eq!(result(monitor).await.status(), Status::Pass);
    }
    assert!((20..=37).contains(&work.runs()), "{} runs in 25 intervals", work.runs());
}

/// The store comes back as it was before the lease, as a replica does that lacked the last write.
#[tokio::test(start_paused = true)]
async fn failover_that_loses_a_lease_costs_one_run() {
    let (log, _guard) = Log::of_this_thread();
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(5, &store, &work);
    sleep(INTERVAL * 3).await;
    for _ in 0..5 {
        let (before, runs) = (store.text(), work.runs());
        assert!(!before.contains("running"), "{before}");
        while work.runs() == runs {
            sleep(Duration::from_millis(10)).await;
        }
        assert!(store.text().contains("running"), "{}", store.text());
        let results = store.results().len();
        store.poison(&before);
        sleep(INTERVAL * 2).await;
        assert!((2..=3).contains(&(work.runs() - runs)), "{} runs", work.runs() - runs);
        assert!((1..=2).contains(&(store.results().len() - results)), "{} results", store.results().len() - results);
        for monitor in &fleet {
            assert_eq!(result(monitor).await.status(), Status::Pass);
        }
        let log = log.take();
        let event = "result for the fleet discarded; another instance took the run over";
        assert_eq!(log.matches(event).count(), 1, "{log}");
        while store.text().contains("running") {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn entries_are_ascii() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let texts = ["Größe \u{1d11e}", "\u{7f}\u{2028}\"\\"].map(str::to_owned);
    work.answers(Outcome::warn(texts[0].clone()).with_data(json!({ "ключ": texts[1] })));
    let fleet = instances(2, &store, &work);
    sleep(INTERVAL * 3).await;
    assert!(store.text().is_ascii() && store.text().contains("Gr\\u00f6"), "{}", store.text());
    for monitor in &fleet {
        let result = result(monitor).await;
        assert_eq!(result.message(), Some(&*texts[0]));
        assert_eq!(result.data(), Some(&json!({ "ключ": texts[1] })));
    }
}

#[tokio::test(start_paused = true)]
async fn poisoned_entry_is_logged_and_replaced() {
    let (log, _guard) = Log::of_this_thread();
    let deep = format!(r#"{{"run":1,"done":{{"token":1,"data":{}1{}}}}}"#, "[".repeat(9_000), "]".repeat(9_000));
    let lengthy = format!(r#"{{"run":1,"running":{{"token":1,"by":"{}"}}}}"#, "a".repeat(70_000));
    let name = r#"{"run":1,"running":{"token":1,"by":"pod\u001b[31m"}}"#;
    let time = r#"{"run":1,"done":{"token":1,"checked_by":"pod","checked_at":18446744073709551615,"duration_us":1,"status":"pass"}}"#;
    for poison in ["", "\0", "null", "[]", r#"{"run":-1}"#, r#"{"run":1}"#, &deep, &lengthy, name, time] {
        let (store, work) = (Arc::<Store>::default(), Work::default());
        let fleet = instances(3, &store, &work);
        sleep(INTERVAL * 3).await;
        store.poison(poison);
        let runs = work.runs();
        sleep(INTERVAL * 4).await;
        assert!((2..=5).contains(&(work.runs() - runs)), "{poison:.40}: {} runs", work.runs() - runs);
        for monitor in &fleet {
            assert_eq!(result(monitor).await.status(), Status::Pass, "{poison:.40}");
        }
        assert!(store.text().contains("pod-"), "{poison:.40}");
        drop(fleet);
        let log = log.take();
        let count = log.matches("entry of the fleet is not valid").count();
        assert!((1..=3).contains(&count), "{poison:.40}: {log}");
        assert!(!log.contains('\u{1b}'));
    }
}

/// Another program writes to the key all the time. The instances run alone rather than not at all, and do not fight with it.
#[tokio::test(start_paused = true)]
async fn entry_that_is_poisoned_again_and_again_leaves_instances_alone() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(2, &store, &work);
    sleep(INTERVAL * 3).await;
    for number in 0..200 {
        store.poison(&number.to_string());
        sleep(INTERVAL / 5).await;
    }
    for monitor in &fleet {
        assert_eq!((role(monitor).await, result(monitor).await.status()), (FleetRole::Alone, Status::Pass));
    }
}

#[tokio::test(start_paused = true)]
async fn largest_possible_entry_is_followed() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(2, &store, &work);
    let extreme = format!(
        r#"{{"run":18446744073709551615,"done":{{"token":7,"checked_by":"pod","checked_at":253402300799999,"duration_us":{},
        "status":"fail","message":"token=abcdefghijklmnop","data":[1]}}}}"#,
        u64::MAX
    );
    sleep(INTERVAL * 2).await;
    store.poison(&extreme);
    let mut results = Vec::new();
    let poisoned = Instant::now();
    while !results.iter().any(|result: &CheckResult| result.status() == Status::Fail) {
        assert!(poisoned.elapsed() < INTERVAL * 2, "{results:?}");
        sleep(Duration::from_millis(100)).await;
        results.clear();
        for monitor in &fleet {
            results.push(result(monitor).await);
        }
    }
    assert!(!format!("{results:?}").contains("abcdefghijklmnop"), "{results:?}");
    sleep(INTERVAL * 3).await;
    assert_eq!(result(&fleet[0]).await.status(), Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn credentials_do_not_reach_the_store() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let data = json!({ "url": "postgres://app:hunter2@db/orders", "password": "hunter2", "rows": 7 });
    work.answers(Outcome::warn("login with password=hunter2").with_data(data).with_public_data(json!({ "rows": 7 })));
    let fleet = instances(3, &store, &work);
    sleep(INTERVAL * 3).await;
    assert!(!store.text().contains("hunter2") && store.text().contains("rows"), "{}", store.text());
    for monitor in &fleet {
        let result = result(monitor).await;
        assert_eq!(result.status(), Status::Warn);
        assert_eq!(result.data().expect("data")["rows"], 7);
        assert_eq!(result.public_data(), Some(&json!({ "rows": 7 })));
        assert!(result.message().expect("a message").starts_with("login with"), "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_that_is_too_large_stays_with_the_leader() {
    let nested = (0..127).fold(json!(1), |value, _| json!([value]));
    for data in [json!("x".repeat(70_000)), nested] {
        let (store, work) = (Arc::<Store>::default(), Work::default());
        work.answers(Outcome::pass().with_data(data.clone()).with_message("large".repeat(1_000)));
        let fleet = instances(3, &store, &work);
        sleep(INTERVAL * 3).await;
        assert!(store.text().len() < 8_000, "{}", store.text().len());
        for monitor in &fleet {
            let result = result(monitor).await;
            let is_leader = result.fleet().expect("of the fleet").role() == FleetRole::Leader;
            assert_eq!((result.status(), result.data()), (Status::Pass, is_leader.then_some(&data)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_and_panic_of_the_leader_reach_every_instance() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(3, &store, &work);
    work.hangs.store(true, Ordering::Relaxed);
    sleep(INTERVAL * 4).await;
    assert!(work.runs() <= 4, "one hangs at a time: {}", work.runs());
    for monitor in &fleet {
        assert_eq!(result(monitor).await.cause(), Some(&Cause::TimedOut));
    }

    let store = Arc::<Store>::default();
    let panics = || {
        let boom = || -> bool { panic!("boom") };
        Check::blocking("lag", Level::L2, boom).interval(INTERVAL).fleet(true)
    };
    let fleet = [0, 1].map(|index| instance(panics(), &format!("pod-{index}"), store.link()));
    sleep(INTERVAL * 4).await;
    for monitor in &fleet {
        let result = result(monitor).await;
        assert_eq!((result.cause(), result.message()), (Some(&Cause::Panicked), Some("panicked: boom")));
    }
}

/// Its result follows then, so that two calls of the function are never alive.
#[tokio::test(start_paused = true)]
async fn call_that_blocks_its_thread_beyond_the_whole_run_is_dropped_before_its_result() {
    struct Guard(Arc<OnceLock<Monitor>>, Arc<AtomicU64>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let monitor = self.0.get().expect("a monitor");
            let changes = monitor.history("db").expect("a check").len();
            self.1.store(changes as u64, Ordering::Relaxed);
        }
    }
    let (cell, changes) = (Arc::default(), Arc::new(AtomicU64::new(u64::MAX)));
    let check = {
        let (cell, changes) = (Arc::clone(&cell), Arc::clone(&changes));
        let run = move || {
            let guard = Guard(Arc::clone(&cell), Arc::clone(&changes));
            async move {
                let _guard = guard;
                // The time passes within this poll, as it does while a thread is blocked.
                let _ = advance(LEASE * 2).now_or_never();
                std::future::pending::<()>().await;
            }
        };
        Check::new("db", Level::L2, run).interval(INTERVAL).timeout(TIMEOUT).fleet(true)
    };
    let monitor = instance(check, "pod", Arc::<Store>::default().link());
    cell.set(monitor.clone()).expect("once");
    while monitor.history("db").expect("a check").is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(result(&monitor).await.cause(), Some(&Cause::TimedOut));
    assert_eq!(changes.load(Ordering::Relaxed), 0, "its result came before its end");
}

/// Every instance counts the shared results for itself.
#[tokio::test(start_paused = true)]
async fn thresholds_holds_and_history_work_on_shared_results() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let check = || work.check().failure_threshold(2).readiness().hold(INTERVAL * 100);
    let fleet = [0, 1, 2].map(|index| instance(check(), &format!("pod-{index}"), store.link()));
    sleep(INTERVAL * 3).await;
    work.answers(Outcome::fail("down"));
    let runs = work.runs();
    while work.runs() < runs + 1 {
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(1)).await;
    for monitor in &fleet {
        assert_eq!(result(monitor).await.status(), Status::Pass, "one failure is below the threshold");
    }
    sleep(INTERVAL * 4).await;
    for monitor in &fleet {
        let result = result(monitor).await;
        assert_eq!((result.status(), result.observed()), (Status::Fail, Status::Fail));
        let readiness = monitor.report(&Selection::group(Group::Readiness)).await;
        assert_eq!(readiness.status(), Status::Warn, "held");
        let history = monitor.history("lag of the replica").expect("a check");
        assert_eq!(history.iter().map(|change| change.current()).collect::<Vec<_>>(), [Status::Pass, Status::Fail]);
    }
}

/// The store answers reads and takes no run, so nothing is new.
#[tokio::test(start_paused = true)]
async fn shared_result_becomes_stale() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(2, &store, &work);
    sleep(INTERVAL * 3).await;
    store.refuse_writes();
    sleep(INTERVAL * 2).await;
    assert_eq!(result(&fleet[0]).await.cause(), None);
    sleep(INTERVAL * 5).await;
    for monitor in &fleet {
        assert_eq!(result(monitor).await.cause(), Some(&Cause::Stale));
    }
    assert!(store.requests() < 2 * 10 * 1_000, "no loop without a pause: {}", store.requests());
}

#[tokio::test(start_paused = true)]
async fn blocked_instance_leaves_the_run_to_others() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let lag = || work.check().depends_on(["network"]);
    let monitor = |name: &str, works: bool, link| {
        let network = Check::new("network", Level::L5, move || async move { works });
        let fleet = Fleet::new("orders", link).instance(name);
        Monitor::new(Registry::builder().check(lag()).check(network).fleet(fleet).build().expect("good checks"))
    };
    let (cut_off, connected) = (monitor("cut-off", false, store.link()), monitor("connected", true, store.link()));
    sleep(INTERVAL * 4).await;
    let report = cut_off.report(&Selection::everything()).await;
    assert!(matches!(report.result("lag of the replica").expect("a check").cause(), Some(Cause::Blocked { .. })));
    let report = connected.report(&Selection::everything()).await;
    let result = report.result("lag of the replica").expect("a check");
    assert_eq!((result.status(), result.fleet().expect("of the fleet").checked_by()), (Status::Pass, "connected"));
    assert!(work.runs() >= 3);
}

#[tokio::test(start_paused = true)]
async fn native_format_shows_the_fleet() {
    for (details, shows_instance) in [(ShowDetails::Always, true), (ShowDetails::Never, false)] {
        let (store, work) = (Arc::<Store>::default(), Work::default());
        let fleet = Fleet::new("orders", store.link()).instance("pod-0");
        let endpoint = builder([work.check()]).details(details).fleet(fleet).build().expect("good");
        let router = endpoint.router();
        sleep(INTERVAL * 2).await;
        let body = ask(router, "/health/levels/2", &[]).await.json();
        let check = &body["level_2"]["checks"]["lag of the replica"];
        assert_eq!(check["fleet"], "leader", "{body}");
        assert_eq!(check["checked_by"].as_str(), shows_instance.then_some("pod-0"), "{body}");
    }
}

/// Between two intervals a demanded run finds nothing new in the store.
#[tokio::test(start_paused = true)]
async fn demanded_run_without_anything_new_shows_the_latest_result() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let access = || Access::new().levels(Levels::ALL, basic("x", [User::new("ada", "secret")]).may_operate());
    let routers = ["pod-0", "pod-1"].map(|name| {
        let fleet = Fleet::new("orders", store.link()).instance(name);
        builder([work.check()])
            .details(ShowDetails::Always)
            .access(access())
            .fleet(fleet)
            .build()
            .expect("good")
            .router()
    });
    let before_the_first = run(&routers[0]).await;
    assert_eq!((&before_the_first["status"], &before_the_first["fleet"]), (&json!("pass"), &json!("leader")));
    for _ in 0..40 {
        sleep(INTERVAL / 4).await;
        for router in &routers {
            let report = run(router).await;
            assert_eq!((&report["status"], &report["cause"]), (&json!("pass"), &Value::Null), "{report}");
        }
    }
    assert!((8..=12).contains(&work.runs()), "no more than its intervals: {}", work.runs());
}

/// Demands a run of the check, and returns the report.
async fn run(router: &Router) -> Value {
    let request = Request::post("/health/checks/lag%20of%20the%20replica/run")
        .header("Host", "ops.example")
        .header("Content-Type", "application/json")
        .header("Authorization", "Basic YWRhOnNlY3JldA==")
        .body(Body::from("{}"));
    let response = router.clone().oneshot(request.expect("a request")).await.expect("an answer");
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn start_lists_what_a_fleet_cannot_be() {
    let fleet = |name: &str| Check::new(name, Level::L5, || async {}).fleet(true);
    let error = builder([fleet("on_request"), fleet("alive").interval(INTERVAL).liveness()])
        .build()
        .expect_err("contradictions")
        .to_string();
    assert!(error.contains("it runs for the fleet, which takes an interval; set one"), "{error}");
    assert!(error.contains("liveness and startup are about this instance alone"), "{error}");

    let lonely = ["one", "two"].map(|name| fleet(name).interval(INTERVAL));
    let error = builder(lonely).build().expect_err("no fleet").to_string();
    assert!(error.contains("the fleet is missing for the checks `one`, `two`; write for example `fleet: "), "{error}");

    let store = Arc::<Store>::default();
    for name in ["", "orders billing", "ördnung", &"x".repeat(65)] {
        let fleet = Fleet::new(name, store.link());
        let error = builder([]).fleet(fleet).build().expect_err("no name").to_string();
        assert!(error.contains("`Fleet::new` is ") && error.contains("the name of the service"), "{error}");
    }
    let ask = health_runtime::probes::Ask::new(|_| async { Ok::<_, std::io::Error>(String::new()) });
    let error = builder([]).fleet(Fleet::postgres("orders", ask)).build().expect_err("no values").to_string();
    assert!(error.contains("its client takes no values beside a statement"), "{error}");
}
