//! Each behavior, of each kind of check.

use std::{sync::Arc, time::Duration};

use health_runtime::{Cause, Check, Fleet, FleetStore, Forced, Level, Monitor, Registry, Status, StoreFuture};
use health_tests::monitor;
use tokio::time::{Instant, sleep};

use crate::{INTERVAL, MINUTE, Passing, TIMEOUT, background, is_drilled, lazy, result, settle, status};

const DELAY: Duration = Duration::from_millis(500);

fn failed() -> (Status, Option<Cause>) {
    (Status::Fail, None)
}

fn timed_out() -> (Status, Option<Cause>) {
    (Status::Fail, Some(Cause::TimedOut))
}

/// Each behavior with the status and cause that it leads to, and whether the own function is called.
fn behaviors() -> [(Forced, (Status, Option<Cause>), bool); 7] {
    [
        (Forced::fail("drill"), failed(), false),
        (Forced::warn("drill"), (Status::Warn, None), false),
        (Forced::panic("drill"), (Status::Fail, Some(Cause::Panicked)), false),
        (Forced::hang(), timed_out(), false),
        (Forced::slow_by(DELAY), (Status::Warn, Some(Cause::Slow)), true),
        (Forced::slow_by(DELAY / 5), (Status::Pass, None), true),
        (Forced::slow_by(TIMEOUT + DELAY), timed_out(), false),
    ]
}

/// Tries each behavior on a check that has passed.
async fn assert_behaves(check: impl Fn(&Passing) -> Check) {
    for (forced, (expected, cause), calls_function) in behaviors() {
        let own = Passing::default();
        let monitor = monitor([check(&own).degraded_after(DELAY / 2)]);
        sleep(INTERVAL).await;
        assert_eq!(status(&monitor, "db").await, Status::Pass);
        let before = own.calls();

        monitor.drill("db", forced.clone(), 5 * MINUTE).expect("a drill");
        assert!(is_drilled(&monitor, "db").await, "{forced:?}");
        sleep(TIMEOUT + Duration::from_secs(1)).await;
        let seen = result(&monitor, "db").await;
        assert_eq!((seen.status(), seen.cause()), (expected, cause.as_ref()), "{forced:?}: {seen:?}");
        assert!(seen.drill().is_some(), "{forced:?}");
        assert_eq!(own.calls() > before, calls_function, "{forced:?}");
        if matches!(cause, Some(Cause::TimedOut)) {
            assert!((TIMEOUT..TIMEOUT + Duration::from_millis(100)).contains(&seen.duration()), "{seen:?}");
        }

        sleep(5 * MINUTE).await;
        let seen = result(&monitor, "db").await;
        assert_eq!((seen.status(), seen.cause(), seen.drill()), (Status::Pass, None, None), "{forced:?}");
        assert!(!is_drilled(&monitor, "db").await);
    }
}

#[tokio::test(start_paused = true)]
async fn check_on_demand_behaves_as_forced_and_then_by_itself() {
    assert_behaves(|own| own.check("db").max_age(Duration::from_hours(1))).await;
}

#[tokio::test(start_paused = true)]
async fn check_that_is_run_for_each_request_behaves_as_forced() {
    assert_behaves(|own| own.check("db").max_age(Duration::ZERO)).await;
}

#[tokio::test(start_paused = true)]
async fn background_check_behaves_as_forced_and_then_by_itself() {
    assert_behaves(|own| own.check("db").interval(INTERVAL)).await;
}

#[tokio::test(start_paused = true)]
async fn blocking_check_behaves_as_forced_and_then_by_itself() {
    assert_behaves(|own| own.blocking("db").max_age(Duration::from_hours(1))).await;
    assert_behaves(|own| own.blocking("db").interval(INTERVAL)).await;
}

/// Behind a check that passes, so that each run waits for another before it begins.
#[tokio::test(start_paused = true)]
async fn dependent_check_behaves_as_forced_and_then_by_itself() {
    for (forced, expected, _) in behaviors() {
        let db = Passing::default().check("db").degraded_after(DELAY / 2).depends_on(["dns"]).max_age(Duration::ZERO);
        let monitor = monitor([lazy("dns"), db]);
        monitor.drill("db", forced.clone(), MINUTE).expect("a drill");
        let seen = result(&monitor, "db").await;
        assert_eq!((seen.status(), seen.cause().cloned()), expected, "{forced:?}");
        sleep(MINUTE).await;
        assert_eq!(status(&monitor, "db").await, Status::Pass, "{forced:?}");
    }
}

/// On real threads, which a paused clock would wait for.
#[test]
fn isolated_check_behaves_as_forced_and_keeps_no_thread() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let own = Passing::default();
        let endpoint =
            health_tests::builder([own.check("db").timeout(Duration::from_millis(200)).max_age(Duration::ZERO)])
                .isolated_checks()
                .build()
                .expect("a good endpoint");
        let monitor = endpoint.monitor();
        for (forced, cause) in [
            (Forced::hang(), Some(Cause::TimedOut)),
            (Forced::slow_by(MINUTE), Some(Cause::TimedOut)),
            (Forced::fail("drill"), None),
        ] {
            monitor.drill("db", forced.clone(), MINUTE).expect("a drill");
            let seen = result(monitor, "db").await;
            assert_eq!((seen.status(), seen.cause()), (Status::Fail, cause.as_ref()), "{forced:?}: {seen:?}");
        }
        assert_eq!(own.calls(), 0);
        monitor.undrill("db").expect("a check");
        assert_eq!(status(monitor, "db").await, Status::Pass);
    });
}

/// Both kinds run at once, however far the next run is, and a reader that runs nothing sees it.
#[tokio::test(start_paused = true)]
async fn drill_takes_effect_at_once_and_so_does_its_end() {
    for check in [background("db").interval(Duration::from_hours(1)), lazy("db")] {
        let monitor = monitor([check]);
        sleep(MINUTE).await;
        assert_eq!(status(&monitor, "db").await, Status::Pass);
        let mut changes = monitor.subscribe();
        monitor.drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
        settle().await;
        let latest = monitor.history("db").expect("a check").last().map(|change| change.current());
        assert_eq!(latest, Some(Status::Fail), "nobody has asked");
        sleep(MINUTE).await;
        let latest = monitor.history("db").expect("a check").last().map(|change| change.current());
        assert_eq!(latest, Some(Status::Pass), "nobody has asked");
        for expected in [Status::Fail, Status::Pass] {
            let change = changes.next().await.expect("the monitor is there").expect("no change is lost");
            assert!(change.is_drill() && change.current() == expected, "{change:?}");
        }
    }
}

/// A run that has begun before goes on for those who wait for it, and nobody else sees its result.
#[tokio::test(start_paused = true)]
async fn result_from_before_the_drill_is_not_kept_during_it() {
    let slow = Check::new("db", Level::L3, || sleep(Duration::from_secs(1))).max_age(Duration::from_hours(1));
    let monitor = monitor([slow]);
    let early = tokio::spawn({
        let monitor = monitor.clone();
        async move { status(&monitor, "db").await }
    });
    settle().await;
    monitor.drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
    assert_eq!(status(&monitor, "db").await, Status::Fail);
    assert_eq!(early.await.expect("no panic"), Status::Pass);
    sleep(MINUTE / 2).await;
    assert_eq!(status(&monitor, "db").await, Status::Fail);
}

/// A run of the drill that is left when it ends, such as one that hangs, changes nothing.
#[tokio::test(start_paused = true)]
async fn result_of_the_drill_is_not_kept_after_it() {
    let monitor = monitor([lazy("db")]);
    monitor.drill("db", Forced::hang(), MINUTE).expect("a drill");
    let hanging = tokio::spawn({
        let monitor = monitor.clone();
        async move { result(&monitor, "db").await }
    });
    settle().await;
    monitor.undrill("db").expect("a check");
    assert_eq!(status(&monitor, "db").await, Status::Pass);
    let hung = hanging.await.expect("no panic");
    assert_eq!((hung.status(), hung.cause()), (Status::Fail, Some(&Cause::TimedOut)));
    assert!(hung.drill().is_some());
    let seen = result(&monitor, "db").await;
    assert_eq!((seen.status(), seen.drill()), (Status::Pass, None));
    assert!(monitor.history("db").expect("a check").iter().all(|change| change.current() == Status::Pass));
}

/// A store that counts what is written.
#[derive(Debug, Default)]
struct Store {
    entry: std::sync::Mutex<Option<String>>,
    writes: std::sync::atomic::AtomicU64,
}

#[derive(Clone, Debug)]
struct Link(Arc<Store>);

impl FleetStore for Link {
    fn read(&self, _key: &str) -> StoreFuture<Option<String>> {
        let entry = self.0.entry.lock().expect("no panic").clone();
        Box::pin(async { Ok(entry) })
    }

    fn swap(&self, _key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        let mut entry = self.0.entry.lock().expect("no panic");
        let is_swapped = entry.as_deref() == expected;
        if is_swapped {
            *entry = Some(value.to_owned());
            self.0.writes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Box::pin(async move { Ok(is_swapped) })
    }
}

#[tokio::test(start_paused = true)]
async fn drill_of_a_fleet_check_stays_on_its_instance() {
    let store = Arc::<Store>::default();
    let instance = |name: &str| {
        let fleet = Fleet::new("orders", Link(Arc::clone(&store))).instance(name);
        let check = Passing::default().check("db").interval(INTERVAL).fleet(true);
        Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"))
    };
    let (one, other) = (instance("one"), instance("other"));
    sleep(3 * INTERVAL).await;
    for (forced, expected) in [(Forced::fail("drill"), Status::Fail), (Forced::hang(), Status::Fail)] {
        one.drill("db", forced, 10 * MINUTE).expect("a drill");
        sleep(5 * MINUTE).await;
        assert_eq!((status(&one, "db").await, status(&other, "db").await), (expected, Status::Pass));
        let seen = result(&one, "db").await;
        assert!(seen.fleet().is_none(), "it takes no part in the fleet: {seen:?}");
        assert_eq!(result(&other, "db").await.fleet().map(|run| run.checked_by().to_owned()).as_deref(), Some("other"));
        sleep(6 * MINUTE).await;
        let seen = result(&one, "db").await;
        assert!(seen.status() == Status::Pass && seen.fleet().is_some() && seen.drill().is_none(), "{seen:?}");
    }
    let before = store.writes.load(std::sync::atomic::Ordering::Relaxed);
    drop(other);
    one.drill("db", Forced::fail("drill"), 10 * MINUTE).expect("a drill");
    sleep(9 * MINUTE).await;
    // A request that was on its way, at most.
    assert!(store.writes.load(std::sync::atomic::Ordering::Relaxed) <= before + 1);
}

/// From a thread without a runtime, before anything has run.
#[test]
fn drill_without_a_runtime_ends_with_the_first_report_after_its_time() {
    let monitor = monitor([lazy("db")]);
    monitor.drill("db", Forced::fail("drill"), Duration::from_millis(100)).expect("a drill");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let began = Instant::now();
    assert!(runtime.block_on(is_drilled(&monitor, "db")) || began.elapsed() > Duration::from_millis(50));
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(runtime.block_on(status(&monitor, "db")), Status::Pass);
}
