//! Changes of status: each is published once and in order, and no subscriber affects another.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use futures_util::StreamExt;
use health_runtime::{
    Cause, Check, Lagged, Level, Monitor, Selection, Status, StatusChange, Subscription,
    testing::{Forced, TestMonitor},
};
use health_tests::{
    builder,
    flapping::{ask, flapping, flapping_counted, flapping_every},
    get, monitor, serve,
};

async fn change(changes: &mut Subscription) -> Arc<StatusChange> {
    changes.next().await.expect("the monitor is there").expect("none is missed")
}

/// Returns the remaining changes, after it has dropped the monitor.
async fn rest(monitor: Monitor, changes: &mut Subscription) -> Vec<Result<Arc<StatusChange>, Lagged>> {
    drop(monitor);
    let mut rest = Vec::new();
    while let Some(change) = changes.next().await {
        rest.push(change);
    }
    rest
}

#[tokio::test(start_paused = true)]
async fn change_has_the_previous_and_the_current_status() {
    let kit = TestMonitor::with_checks([Check::new("db", Level::L1, || async {}).critical(false)]);
    let mut changes = kit.monitor().subscribe();
    kit.force("db", Forced::fail("cannot reach postgres://user:secret@host/db"));
    kit.run("db").await;
    let first = change(&mut changes).await;
    assert_eq!((first.check(), first.level()), ("db", Level::L1));
    assert_eq!((first.previous(), first.current(), first.cause()), (None, Status::Warn, None));
    assert_eq!(first.message(), Some("cannot reach postgres://***@host/db"));
    assert_eq!(first.previous_since(), None);
    assert!(!first.is_muted());

    // The same status is not a change.
    kit.run("db").await;
    kit.release("db");
    kit.run("db").await;
    let second = change(&mut changes).await;
    assert_eq!((second.previous(), second.current(), second.message()), (Some(Status::Warn), Status::Pass, None));
    assert_eq!(second.previous_since(), Some(first.at()));
    assert!(second.at() >= first.at());
    drop(kit);
    assert_eq!(changes.next().await, None, "nothing more");
    assert_eq!(changes.next().await, None, "and stays over");
}

#[tokio::test(start_paused = true)]
async fn change_has_its_cause_and_precedes_those_of_dependents() {
    let kit = TestMonitor::with_checks([
        Check::new("hangs", Level::L4, std::future::pending::<()>),
        Check::new("above", Level::L3, || async {}).depends_on(["hangs"]),
    ]);
    let mut changes = kit.monitor().subscribe();
    kit.report(&Selection::everything()).await;
    let (first, second) = (change(&mut changes).await, change(&mut changes).await);
    assert_eq!((first.check(), first.cause().map(Cause::as_str)), ("hangs", Some("timed_out")));
    assert_eq!((second.check(), second.cause().map(Cause::as_str)), ("above", Some("blocked")));
}

#[tokio::test(start_paused = true)]
async fn status_kept_by_a_threshold_is_not_a_change() {
    let kit = TestMonitor::with_checks([flapping("flaps").failure_threshold(2)]);
    kit.run_times("flaps", 10).await.assert_changes([Status::Fail, Status::Pass]);
}

#[tokio::test(start_paused = true)]
async fn background_checks_publish_changes_without_requests() {
    let monitor = monitor([flapping_every(Duration::from_secs(30), "flaps", Level::L3)]);
    let mut changes = monitor.subscribe();
    ask(&monitor, 1).await;
    for run in 0u32..5 {
        let change = change(&mut changes).await;
        assert_eq!(change.current(), if run.is_multiple_of(2) { Status::Fail } else { Status::Pass });
    }
    assert_eq!(rest(monitor, &mut changes).await, [], "the schedule does not keep the monitor alive");
}

/// 1,000 concurrent requests on several threads, for checks that change with every run: there are as many changes as
/// runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousand_requests_see_each_change_once_and_in_order() {
    let names = ["one", "two"];
    let runs = names.map(|_| Arc::new(AtomicU64::new(0)));
    let monitor = monitor(names.into_iter().zip(&runs).map(|(name, runs)| flapping_counted(name, runs)));
    let (done, is_done) = mpsc::channel::<()>();
    let heard = Arc::new(AtomicU64::new(0));
    let listener = Arc::clone(&heard);
    monitor.on_change(move |_| {
        let _until_the_listener_is_dropped = &done;
        listener.fetch_add(1, Ordering::SeqCst);
    });
    let mut changes = monitor.subscribe();
    let taking = tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Some(change) = changes.next().await {
            taken.push(change);
        }
        taken
    });
    for _ in 0..5 {
        let requests: Vec<_> = (0..1_000)
            .map(|_| {
                let monitor = monitor.clone();
                tokio::spawn(async move { ask(&monitor, 1).await })
            })
            .collect();
        for request in requests {
            request.await.expect("no panic");
        }
    }
    let report = monitor.report(&Selection::everything()).await;
    drop(monitor);
    let taken = taking.await.expect("no panic");
    assert!(is_done.recv().is_err(), "the listener is dropped with the monitor");

    let mut missed = 0;
    let mut last: HashMap<&str, &StatusChange> = HashMap::new();
    for change in &taken {
        match change {
            Ok(change) => {
                let before = last.insert(change.check(), change);
                assert_ne!(change.previous(), Some(change.current()));
                if let Some(before) = before {
                    let was = (Some(before.current()), Some(before.at()));
                    assert_eq!((change.previous(), change.previous_since()), was);
                } else {
                    assert!(missed > 0 || change.previous().is_none());
                }
            }
            Err(Lagged { count, .. }) => {
                missed += count;
                last.clear();
            }
        }
    }
    let runs = runs.map(|runs| runs.load(Ordering::SeqCst));
    assert_eq!(taken.iter().filter(|change| change.is_ok()).count() as u64 + missed, runs[0] + runs[1]);
    for (name, last) in last {
        assert_eq!(last.current(), report.result(name).expect("in the report").status());
    }
    assert!((1..=runs[0] + runs[1]).contains(&heard.load(Ordering::SeqCst)));
}

/// Each run of the check changes its status, so the number of runs is the number of changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost() {
    let runs = Arc::default();
    let monitor = monitor([flapping_counted("flaps", &runs)]);
    let mut changes = monitor.subscribe();
    let mut seen = 0;
    for round in 1..=30 {
        let requests: Vec<_> = (0..8)
            .map(|_| {
                let monitor = monitor.clone();
                tokio::spawn(async move { ask(&monitor, 1).await })
            })
            .collect();
        for request in requests {
            request.await.expect("no panic");
        }
        while seen < runs.load(Ordering::SeqCst) {
            let change = change(&mut changes).await;
            assert_eq!(change.current(), if seen % 2 == 0 { Status::Fail } else { Status::Pass }, "round {round}");
            seen += 1;
        }
    }
    assert_eq!(rest(monitor, &mut changes).await, []);
}

#[tokio::test(start_paused = true)]
async fn slow_subscriber_loses_the_oldest_changes_and_gets_their_number() {
    let monitor = monitor([flapping("flaps")]);
    let mut slow = monitor.subscribe();
    let mut quick = monitor.subscribe();
    for run in 0u32..100 {
        ask(&monitor, 1).await;
        let change = change(&mut quick).await;
        assert_eq!(change.current(), if run.is_multiple_of(2) { Status::Fail } else { Status::Pass });
    }
    assert_eq!(slow.next().await.expect("there").expect_err("missed").count, 36);
    let rest = rest(monitor, &mut slow).await;
    let messages: Vec<_> =
        rest.iter().filter_map(|change| change.as_ref().expect("no more missed").message()).collect();
    assert_eq!((rest.len(), messages[0], messages[31]), (64, "run 36", "run 98"));
}

/// Real time and real threads, because one listener blocks forever. The runtime still ends with the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faulty_listeners_affect_nothing_else() {
    let (heard, good) = mpsc::channel();
    let (asked, reports) = mpsc::channel();
    let (panicked, panics) = mpsc::channel();
    let endpoint = builder([flapping("flaps")])
        .on_change(|_| {
            loop {
                std::thread::park();
            }
        })
        .on_change(move |change| {
            panicked.send(change.current()).expect("the test is there");
            panic!("on purpose, with postgres://user:secret@host/db");
        })
        .on_change(move |change| heard.send(change.current()).expect("the test is there"))
        .build()
        .expect("good");
    let monitor = endpoint.monitor().clone();
    endpoint.monitor().on_change(move |_| {
        monitor.mute("flaps", Duration::ZERO, "listeners may mute").expect("a check");
        drop(monitor.subscribe());
        let selection = Selection::check("none");
        let runtime = tokio::runtime::Handle::current();
        let report = runtime.block_on(monitor.report(&selection));
        let monitor = monitor.clone();
        let spawned = runtime.spawn(async move { monitor.report(&selection).await.entries().len() });
        asked.send((report.entries().len(), runtime.block_on(spawned).expect("no panic"))).expect("the test is there");
    });
    let address = serve(endpoint.router()).await;
    let wait = Duration::from_secs(20);
    // More changes than the queue of a listener holds.
    for run in 0u32..150 {
        let answer = get(address, "/health/levels/3").await;
        let status = if run.is_multiple_of(2) { Status::Fail } else { Status::Pass };
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (if run.is_multiple_of(2) { 503 } else { 200 }, &status.as_str().into()),
            "run {run}: {}",
            answer.body
        );
        assert_eq!(good.recv_timeout(wait).expect("called"), status);
        assert_eq!(panics.recv_timeout(wait).expect("called again after a panic"), status);
        assert_eq!(reports.recv_timeout(wait).expect("asked"), (0, 0));
    }
}

/// The listener runs a check, whose change calls the listener: an endless chain, which the test ends.
#[tokio::test]
async fn listener_may_cause_the_next_change() {
    let monitor = monitor([flapping("flaps")]);
    let (end, changes) = tokio::sync::oneshot::channel();
    let (mut end, mut count) = (Some(end), 0);
    let asking = monitor.clone();
    monitor.on_change(move |_| {
        count += 1;
        if count == 20 {
            let _ = end.take().expect("once").send(());
        } else {
            let monitor = asking.clone();
            tokio::spawn(async move { ask(&monitor, 1).await });
        }
    });
    ask(&monitor, 1).await;
    tokio::time::timeout(Duration::from_secs(20), changes).await.expect("in time").expect("called");
}

#[tokio::test(start_paused = true)]
async fn subscription_is_a_stream() {
    let monitor = monitor([flapping("flaps")]);
    let mut changes = monitor.subscribe();
    ask(&monitor, 1).await;
    let change = StreamExt::next(&mut changes).await;
    assert_eq!(change.expect("there").expect("none is missed").current(), Status::Fail);
}

/// The log takes longer than the first runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_and_mutes_of_the_builder_precede_the_first_change() {
    let slow = tracing_subscriber::fmt().with_writer(|| {
        std::thread::sleep(Duration::from_millis(100));
        std::io::sink()
    });
    let (sender, changes) = mpsc::channel();
    let endpoint = tracing::subscriber::with_default(slow.finish(), || {
        builder([flapping_every(Duration::from_millis(5), "db", Level::L3)])
            .muted("db")
            .on_change(move |change| {
                let _ = sender.send((change.previous(), change.current(), change.is_muted()));
            })
            .build()
            .expect("good")
    });
    let first = changes.recv_timeout(Duration::from_secs(10)).expect("a change");
    assert_eq!(first, (None, Status::Fail, true));
    drop(endpoint);
}
