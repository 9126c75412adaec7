//! The ends of drills: by time, by a caller, by a drain, by an update.

use std::{sync::Arc, time::Duration};

use health_runtime::{CheckUpdate, Forced, Monitor, Status};
use health_tests::{Log, builder, monitor};
use tokio::time::{Instant, advance, sleep};

use crate::{INTERVAL, MINUTE, Passing, background, is_drilled, lazy, result, settle, status};

fn log() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time().finish();
    (log, tracing::subscriber::set_default(subscriber))
}

fn drill(monitor: &Monitor) {
    monitor.drill("db", Forced::fail("does the pager ring?"), 5 * MINUTE).expect("a drill");
}

/// Returns the lines about the begin and the end of drills.
fn lines(log: &Log) -> Vec<String> {
    log.text().lines().filter(|line| line.contains("health check drill")).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn begin_and_expiry_are_logged_once() {
    let (log, _guard) = log();
    let monitor = monitor([lazy("db")]);
    drill(&monitor);
    let line = line!() - 1;
    sleep(4 * MINUTE).await;
    assert_eq!(status(&monitor, "db").await, Status::Fail);
    sleep(10 * MINUTE).await;
    for _ in 0..3 {
        assert_eq!(status(&monitor, "db").await, Status::Pass);
    }
    let lines = lines(&log);
    let [begun, ended] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(
        begun.starts_with(" WARN health_runtime") && begun.contains("health check drill begun check=\"db\""),
        "{begun}"
    );
    for part in ["behavior=\"fail\"", "until=\"20", "reason=\"does the pager ring?\"", "by=\"tests/drills/ends.rs:"] {
        assert!(begun.contains(part), "{part}: {begun}");
    }
    assert!(
        !begun.contains(&format!("ends.rs:{line}")),
        "the log names the line of the helper and not that of its caller: {begun}"
    );
    assert!(ended.starts_with(" INFO") && ended.contains("health check drill ended check=\"db\""), "{ended}");
    assert!(ended.contains("by=\"tests/drills/ends.rs:") && ended.ends_with("cause=\"expired\""), "{ended}");
}

#[tokio::test(start_paused = true)]
async fn undrill_ends_the_drill_of_one_check() {
    let (log, _guard) = log();
    let monitor = monitor([lazy("db"), lazy("cache")]);
    drill(&monitor);
    monitor.drill("cache", Forced::warn("drill"), MINUTE).expect("a drill");
    assert_eq!((status(&monitor, "db").await, status(&monitor, "cache").await), (Status::Fail, Status::Warn));
    monitor.undrill("db").expect("a check");
    assert_eq!((status(&monitor, "db").await, status(&monitor, "cache").await), (Status::Pass, Status::Warn));
    monitor.undrill("db").expect("in no drill, which is not an error");
    let lines = lines(&log);
    assert!(lines.len() == 3 && lines[2].ends_with("cause=\"undrill\""), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn drain_ends_every_drill() {
    let (log, _guard) = log();
    let endpoint = builder([lazy("db"), background("cache")]).build().expect("a good endpoint");
    let monitor = endpoint.monitor();
    drill(monitor);
    monitor.drill("cache", Forced::hang(), MINUTE).expect("a drill");
    settle().await;
    monitor.drain();
    monitor.drain();
    settle().await;
    for name in ["db", "cache"] {
        assert_eq!(status(monitor, name).await, Status::Pass, "{name}");
        assert!(!is_drilled(monitor, name).await, "{name}");
    }
    let ended: Vec<_> = lines(&log).into_iter().filter(|line| line.contains("ended")).collect();
    assert!(ended.len() == 2 && ended.iter().all(|line| line.ends_with("cause=\"drain\"")), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn later_drill_replaces_an_earlier_one() {
    let monitor = monitor([lazy("db")]);
    monitor.drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
    monitor.drill("db", Forced::warn("drill"), 10 * MINUTE).expect("a drill");
    assert_eq!(status(&monitor, "db").await, Status::Warn);
    sleep(9 * MINUTE).await;
    assert_eq!(status(&monitor, "db").await, Status::Warn, "the timer of the first one is gone");
    sleep(MINUTE).await;
    assert_eq!(status(&monitor, "db").await, Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn update_of_another_check_keeps_the_drill() {
    let monitor = monitor([lazy("db"), lazy("cache")]);
    drill(&monitor);
    monitor.add(lazy("queue")).expect("a good check");
    monitor.replace(lazy("cache")).expect("a good check");
    monitor.remove("cache").expect("a check");
    assert_eq!(status(&monitor, "db").await, Status::Fail);
    assert!(is_drilled(&monitor, "db").await);
    sleep(5 * MINUTE).await;
    assert_eq!(status(&monitor, "db").await, Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn replacement_and_removal_of_the_check_end_the_drill() {
    let (log, _guard) = log();
    for make in [lazy, background] {
        let monitor = monitor([make("db"), lazy("orders").depends_on(["db"])]);
        drill(&monitor);
        settle().await;
        assert_eq!(status(&monitor, "orders").await, Status::Fail);
        settle().await;
        let own = Passing::default();
        let new = own.check("db");
        monitor
            .replace(if make("x").spec().interval().is_some() { new.interval(INTERVAL) } else { new })
            .expect("good");
        settle().await;
        assert_eq!(own.calls(), 1, "it runs at once");
        // Nobody has asked, and no result of the drill is left.
        for name in ["db", "orders"] {
            let last = monitor.history(name).expect("a check").pop().expect("a change");
            assert_eq!(last.current(), Status::Pass, "{name}");
        }
        assert!(!is_drilled(&monitor, "db").await);

        drill(&monitor);
        monitor.update(CheckUpdate::new().remove("db").remove("orders").add(lazy("db"))).expect("a good update");
        assert_eq!(status(&monitor, "db").await, Status::Pass);
        assert!(!is_drilled(&monitor, "db").await);
        let lines = lines(&log);
        assert!(lines.len().is_multiple_of(4) && lines[lines.len() - 1].ends_with("cause=\"update\""), "{lines:?}");
    }
}

/// The end is a moment for stored responses, too.
#[tokio::test(start_paused = true)]
async fn end_of_the_drill_outdates_stored_responses() {
    let endpoint = builder([lazy("db").readiness()]).build().expect("a good endpoint");
    let app = || endpoint.router();
    let paths = ["/readyz", "/health/levels/3", "/health/levels", "/health/checks/db"];
    let codes = async || {
        let mut codes = Vec::new();
        for path in paths {
            codes.push(health_tests::ask(app(), path, &[]).await.status);
        }
        codes
    };
    assert_eq!(codes().await, [200; 4]);
    drill(endpoint.monitor());
    assert_eq!(codes().await, [503; 4]);
    advance(Duration::from_millis(5 * 60_000 - 1)).await;
    assert_eq!(codes().await, [503; 4]);
    advance(Duration::from_millis(1)).await;
    assert_eq!(codes().await, [200; 4]);
    drill(endpoint.monitor());
    assert_eq!(codes().await, [503; 4]);
    endpoint.monitor().undrill("db").expect("a check");
    assert_eq!(codes().await, [200; 4]);
}

/// The timer is on the runtime of the caller, which may be gone before the service.
#[test]
fn drill_ends_although_the_runtime_of_its_timer_is_gone() {
    let monitor = monitor([lazy("db"), background("cache")]);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime().block_on(async {
        for name in ["db", "cache"] {
            monitor.drill(name, Forced::fail("drill"), Duration::from_millis(300)).expect("a drill");
            settle().await;
        }
        assert_eq!(status(&monitor, "db").await, Status::Fail);
    });
    std::thread::sleep(Duration::from_millis(300));
    runtime().block_on(async {
        assert_eq!(status(&monitor, "db").await, Status::Pass);
        let began = Instant::now();
        while status(&monitor, "cache").await != Status::Pass {
            assert!(began.elapsed() < Duration::from_secs(5), "it runs at once");
            settle().await;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn monitor_ends_during_a_drill() {
    let monitor = monitor([lazy("db"), background("cache")]);
    for name in ["db", "cache"] {
        monitor.drill(name, Forced::fail("drill"), 5 * MINUTE).expect("a drill");
    }
    settle().await;
    drop(monitor);
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "no timer is left");
}

/// Many callers begin and end drills on real threads, while others ask: no report shows a forced result without its drill.
#[test]
fn reports_never_show_a_forced_result_without_its_drill() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let monitor = Arc::new(monitor([
            Passing::default().check("db").max_age(Duration::ZERO),
            Passing::default().check("orders").depends_on(["db"]).max_age(Duration::ZERO),
        ]));
        let operators = (0..2).map(|_| {
            let monitor = Arc::clone(&monitor);
            tokio::spawn(async move {
                for turn in 0..200 {
                    monitor.drill("db", Forced::fail("drill"), MINUTE).expect("a drill");
                    tokio::task::yield_now().await;
                    if turn % 2 == 0 {
                        monitor.undrill("db").expect("a check");
                    }
                }
            })
        });
        let operators: Vec<_> = operators.collect();
        while operators.iter().any(|operator| !operator.is_finished()) {
            let report = monitor.report(&health_runtime::Selection::everything()).await;
            for entry in report.entries() {
                let is_forced = entry.result.status() != Status::Pass;
                assert!(!is_forced || entry.drill.is_some(), "{report:?}");
            }
        }
        monitor.undrill("db").expect("a check");
        let seen = result(&monitor, "orders").await;
        assert_eq!((seen.status(), seen.drill()), (Status::Pass, None));
    });
}
