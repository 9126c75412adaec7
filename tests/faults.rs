//! Checks that hang, block and panic, and clients that hang up: reports are correct and in time.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    Cause, Check, CheckResult, Group, Level, Monitor, Outcome, Report, Selection, Status, testing::TestMonitor,
};
use health_tests::{endpoint, get, monitor, serve};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

const TIMEOUT: Duration = Duration::from_millis(300);

/// A blocker of a thread until the test ends. The runtime waits for its threads, so the end releases them.
#[derive(Clone, Default)]
struct Blocker {
    is_released: Arc<AtomicBool>,
    started: Arc<AtomicUsize>,
}

impl Blocker {
    fn block(&self) {
        self.started.fetch_add(1, Ordering::SeqCst);
        while !self.is_released.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Blocker {
    fn drop(&mut self) {
        self.is_released.store(true, Ordering::SeqCst);
    }
}

/// A check that blocks; dropping the check does not release its thread.
fn blocks(name: &str, blocker: &Blocker) -> Check {
    let (is_released, started) = (Arc::clone(&blocker.is_released), Arc::clone(&blocker.started));
    Check::new(name, Level::L5, move || {
        let blocker = std::mem::ManuallyDrop::new(Blocker {
            is_released: Arc::clone(&is_released),
            started: Arc::clone(&started),
        });
        async move { blocker.block() }
    })
    .timeout(TIMEOUT)
}

fn never(name: &str) -> Check {
    Check::new(name, Level::L3, pending::<()>).timeout(TIMEOUT)
}

fn panics(name: &str) -> Check {
    Check::new(name, Level::L1, || async { panic!("on purpose") as () })
}

fn twenty_good() -> impl Iterator<Item = Check> {
    (0..20u8).map(|number| {
        let level = Level::ALL[usize::from(number % 5)];
        Check::new(format!("good_{number:02}"), level, move || async move {
            tokio::time::sleep(Duration::from_millis(u64::from(number))).await;
            Outcome::pass().with_data(number.into())
        })
    })
}

fn assert_all_told(report: &Report) {
    assert_eq!(report.entries().len(), 23);
    let cause = |name: &str| {
        let result = report.result(name).expect("in the report");
        assert_eq!(result.status(), Status::Fail, "{name}");
        result.cause().expect("a cause").as_str()
    };
    assert!(matches!(cause("never"), "timed_out"));
    assert!(matches!(cause("blocks"), "timed_out" | "still_running"));
    assert!(matches!(cause("panics"), "panicked"));
    for number in 0..20u8 {
        let result = report.result(&format!("good_{number:02}")).expect("in the report");
        assert_eq!((result.status(), result.data()), (Status::Pass, Some(&number.into())));
    }
}

/// Real time, because a thread is really blocked. The fastest of ten tries counts: another program may take the
/// processor for 50 ms, but not ten times in a row.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn faulty_checks_do_not_delay_twenty_others() {
    let in_time = TIMEOUT + Duration::from_millis(50);
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        if quickest < in_time {
            break;
        }
        let blocker = Blocker::default();
        let monitor = monitor(twenty_good().chain([never("never"), blocks("blocks", &blocker), panics("panics")]));
        let start = Instant::now();
        let report = monitor.report(&Selection::everything()).await;
        quickest = quickest.min(start.elapsed());
        assert_all_told(&report);
        assert_eq!(report.result("panics").and_then(|result| result.message()), Some("panicked: on purpose"));
    }
    assert!(quickest >= TIMEOUT, "{quickest:?}");
    assert!(quickest < in_time, "{quickest:?}");
}

#[tokio::test(start_paused = true)]
async fn check_that_never_returns_takes_its_timeout() {
    let kit = TestMonitor::with_checks([never("never")]);
    let start = Instant::now();
    let seen = kit.snapshot("never").await;
    assert_eq!(start.elapsed(), TIMEOUT);
    assert_eq!(seen.result().duration(), TIMEOUT);
    assert_eq!(seen.result().message(), Some("no answer within 300ms"));
}

#[tokio::test(start_paused = true)]
async fn many_stalled_checks_cost_one_deadline() {
    let names = || (0..100).map(|number| format!("never_{number}"));
    let kit = TestMonitor::with_checks(names().map(|name| never(&name).timeout(Duration::from_mins(1))));
    let start = Instant::now();
    let seen = kit.report(&Selection::everything()).await;
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    seen.assert_status(Status::Fail);
    for name in names() {
        seen.check(&name).assert_cause("timed_out");
    }
}

#[tokio::test(start_paused = true)]
async fn group_answers_within_900_ms_with_known_results() {
    let kit = TestMonitor::with_checks([
        never("never").timeout(Duration::from_secs(5)).readiness(),
        Check::new("good", Level::L3, || async {}).readiness(),
    ]);
    let start = Instant::now();
    let ready = kit.group(Group::Readiness).await;
    assert_eq!(start.elapsed(), Duration::from_millis(900));
    ready.check("good").assert_status(Status::Pass);
    ready.check("never").assert_cause("timed_out");

    // The run went on, and a later report gets its result.
    let start = Instant::now();
    let seen = kit.snapshot("never").await;
    assert_eq!(start.elapsed(), Duration::from_millis(4_100));
    assert_eq!(seen.result().message(), Some("no answer within 5s"));
    assert_eq!(kit.runs("never"), 1);
}

/// A plain function blocks a thread of the blocking pool. It cannot be stopped, and no second one is started.
#[tokio::test]
async fn blocking_function_is_given_up_and_not_started_again() {
    let blocker = Blocker::default();
    let (is_released, started) = (Arc::clone(&blocker.is_released), Arc::clone(&blocker.started));
    let in_check = std::mem::ManuallyDrop::new(Blocker { is_released, started });
    let monitor = monitor([Check::blocking("blocks", Level::L3, move || in_check.block())
        .timeout(Duration::from_millis(20))
        .max_age(Duration::ZERO)]);
    let cause = async || {
        let report = monitor.report(&Selection::everything()).await;
        let result = report.result("blocks").expect("in the report");
        result.cause().map(health_runtime::Cause::as_str)
    };
    assert_eq!(cause().await, Some("timed_out"));
    for _ in 0..100 {
        assert_eq!(cause().await, Some("still_running"));
    }
    assert_eq!(blocker.started.load(Ordering::SeqCst), 1);

    // It returns too late to count, and the next run starts.
    let started = Arc::clone(&blocker.started);
    drop(blocker);
    while cause().await.is_some() {
        tokio::task::yield_now().await;
    }
    assert!(started.load(Ordering::SeqCst) >= 2);
}

#[tokio::test(start_paused = true)]
async fn panics_are_outcomes_wherever_they_occur() {
    struct PanicsInDrop;
    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    struct PanicsInSerialize;
    impl serde::Serialize for PanicsInSerialize {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in serialize");
        }
    }
    let monitor = monitor([
        panics("in_body"),
        Check::new("in_construction", Level::L1, || {
            assert!(Instant::now().elapsed() >= Duration::MAX, "in construction");
            async {}
        }),
        Check::new("in_serialize", Level::L1, || async { health_runtime::Details::pass(PanicsInSerialize) }),
        Check::new("in_drop", Level::L1, || {
            let guard = PanicsInDrop;
            async move {
                let _guard = &guard;
                pending::<()>().await;
            }
        }),
        Check::new("with_any_payload", Level::L1, || async { std::panic::panic_any(PanicsInDrop) as () }),
        Check::blocking("in_plain_function", Level::L1, || panic!("in {}", "plain") as ()),
    ]);
    let report = monitor.report(&Selection::everything()).await;
    for (name, message) in [
        ("in_body", "panicked: on purpose"),
        ("in_construction", "panicked: in construction"),
        ("in_serialize", "panicked: in serialize"),
        ("with_any_payload", "panicked: no text"),
        ("in_plain_function", "panicked: in plain"),
    ] {
        let result = report.result(name).expect("in the report");
        assert_eq!(result.cause().map(health_runtime::Cause::as_str), Some("panicked"), "{name}");
        assert_eq!(result.message(), Some(message));
    }
    // Its destructor panicked after the timeout.
    let result = report.result("in_drop").expect("in the report");
    assert_eq!(result.cause().map(health_runtime::Cause::as_str), Some("timed_out"));
}

/// A check of 200 ms that counts its runs.
fn counted(runs: &Arc<AtomicUsize>) -> Check {
    let runs = Arc::clone(runs);
    Check::new("slow", Level::L2, move || {
        runs.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(200))
    })
}

#[tokio::test(start_paused = true)]
async fn thousand_concurrent_requests_share_one_run() {
    for max_age in [Duration::from_secs(1), Duration::ZERO] {
        let runs = Arc::default();
        let monitor = monitor([counted(&runs).max_age(max_age)]);
        let requests: Vec<_> = (0..1_000)
            .map(|_| {
                let monitor = monitor.clone();
                tokio::spawn(async move { monitor.report(&Selection::everything()).await.status() })
            })
            .collect();
        let start = Instant::now();
        for request in requests {
            assert_eq!(request.await.expect("an answer"), Status::Pass);
        }
        assert_eq!(start.elapsed(), Duration::from_millis(200));
        assert_eq!(runs.load(Ordering::SeqCst), 1, "max_age {max_age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_report_stops_no_run() {
    let runs = Arc::default();
    let monitor = monitor([counted(&runs)]);
    let everything = Selection::everything();
    let first = tokio::time::timeout(Duration::from_millis(50), monitor.report(&everything));
    first.await.expect_err("it gives up");
    let start = Instant::now();
    let report = monitor.report(&Selection::everything()).await;
    assert_eq!(start.elapsed(), Duration::from_millis(150));
    assert_eq!((report.status(), runs.load(Ordering::SeqCst)), (Status::Pass, 1));
}

/// The same as above, with a real client that closes its connection.
#[tokio::test]
async fn disconnected_client_stops_no_run() {
    let runs = Arc::default();
    // All requests come while the result is young, even on a slow machine.
    let endpoint = endpoint([counted(&runs).max_age(Duration::from_hours(1))]);
    let address = serve(endpoint.router()).await;
    let mut first = TcpStream::connect(address).await.expect("a server");
    first.write_all(b"GET /health/levels/2 HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("a request");
    while runs.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let others: Vec<_> = (0..5).map(|_| tokio::spawn(async move { get(address, "/health/levels/2").await })).collect();
    drop(first);
    for other in others {
        let answer = other.await.expect("an answer");
        assert_eq!((answer.status, &answer.json()["status"]), (200, &"pass".into()));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// A runtime that shuts down drops its runs. The monitor outlives it and starts new ones elsewhere.
#[test]
fn monitor_outlives_its_runtime() {
    let monitor = monitor([counted(&Arc::default())]);
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let first = runtime();
    first.block_on(async {
        let everything = Selection::everything();
        let cut_short = tokio::time::timeout(Duration::from_millis(10), monitor.report(&everything));
        cut_short.await.expect_err("not done");
    });
    drop(first);
    assert_eq!(runtime().block_on(monitor.report(&Selection::everything())).status(), Status::Pass);
}

/// A report that waits for a run of another runtime starts its own run when that runtime shuts down.
#[test]
fn cut_off_run_is_started_again() {
    let started = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&started);
    let is_cut_off_once = Check::new("db", Level::L1, move || {
        let run = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            if run == 0 {
                pending::<()>().await;
            }
        }
    });
    let monitor = monitor([is_cut_off_once, Check::new("api", Level::L3, || async {}).depends_on(["db"])]);
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime");
    let (first, second) = (runtime(), runtime());
    let report = |monitor: &Monitor| {
        let monitor = monitor.clone();
        async move { monitor.report(&Selection::everything()).await }
    };
    first.spawn(report(&monitor));
    while started.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    let joined = second.spawn(report(&monitor));
    std::thread::sleep(Duration::from_millis(50));
    drop(first);
    let report = second.block_on(joined).expect("a report");
    assert_eq!(report.status(), Status::Pass, "{report:?}");
}

/// A late result does not count, even without an observer to give the run up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_result_does_not_count() {
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    let monitor = monitor([Check::new("late", Level::L5, move || {
        let done = Arc::clone(&done);
        async move {
            std::thread::sleep(Duration::from_millis(100));
            done.store(true, Ordering::SeqCst);
        }
    })
    .timeout(Duration::from_millis(20))
    .max_age(Duration::from_hours(1))]);
    let everything = Selection::everything();
    let _ = tokio::time::timeout(Duration::from_millis(1), monitor.report(&everything)).await;
    while !is_done.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let report = monitor.report(&everything).await;
    let cause = report.result("late").and_then(CheckResult::cause).map(Cause::as_str);
    // The run may not have ended yet after its answer.
    assert!(matches!(cause, Some("timed_out" | "still_running")), "{cause:?}");
}

/// A single check, requested from a worker thread: it may block the thread that drives the timers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_blocking_check_is_given_up() {
    for _ in 0..20 {
        let blocker = Blocker::default();
        let monitor = monitor([blocks("blocks", &blocker).timeout(Duration::from_millis(10))]);
        // A timer wakes the requesting task, as it wakes a background check's.
        let asks = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(2)).await;
            monitor.report(&Selection::everything()).await.status()
        });
        let (answered, answer) = std::sync::mpsc::channel();
        tokio::spawn(async move { answered.send(asks.await) });
        // Without the runtime's timers, which may have stopped.
        let answer = tokio::task::spawn_blocking(move || answer.recv_timeout(Duration::from_secs(10)));
        let answer = answer.await.expect("no panic").expect("an answer in time");
        assert_eq!(answer.expect("a report"), Status::Fail);
    }
}

/// Checks that wait are started before, between and behind others that block their thread, at their first poll or later.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waiting_checks_go_on_while_others_block() {
    for round in 0..20 {
        let blockers = [Blocker::default(), Blocker::default()];
        let waits = ["a", "c", "e"].map(|name| {
            Check::new(name, Level::L5, || async {
                for _ in 0..3 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        });
        let [early, late] = blockers.each_ref().map(|Blocker { is_released, started }| {
            let (is_released, started) = (Arc::clone(is_released), Arc::clone(started));
            move || std::mem::ManuallyDrop::new(Blocker { is_released: is_released.clone(), started: started.clone() })
        });
        let early = Check::new("b", Level::L5, move || {
            let blocker = early();
            async move { blocker.block() }
        });
        let late = Check::new("d", Level::L5, move || {
            let blocker = late();
            async move {
                tokio::task::yield_now().await;
                blocker.block();
            }
        });
        let blocked = [early, late].map(|check| check.timeout(Duration::from_millis(50)));
        let monitor = monitor(waits.into_iter().chain(blocked));
        let report = tokio::spawn(async move { monitor.report(&Selection::everything()).await });
        let report = report.await.expect("a report");
        let status = |name| report.result(name).map(CheckResult::status);
        for name in ["a", "c", "e"] {
            assert_eq!(status(name), Some(Status::Pass), "round {round}: {report:?}");
        }
        for name in ["b", "d"] {
            assert_eq!(status(name), Some(Status::Fail), "round {round}: {report:?}");
        }
    }
}

/// Occupies the other thread of a runtime with two until a check blocks this one. Any thread has to take what this one has
/// woken by then.
fn occupy_until_blocked(blocker: &Blocker) {
    let started = Arc::clone(&blocker.started);
    let (begun, has_begun) = std::sync::mpsc::channel();
    tokio::spawn(async move {
        begun.send(()).expect("the test waits");
        while started.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    // The task that a thread spawned last stays with that thread.
    tokio::spawn(async {});
    has_begun.recv().expect("it begins");
}

/// Returns what a task sends, without the runtime's threads and timers, which may be blocked.
async fn receive<T: Send + 'static>(receiver: std::sync::mpsc::Receiver<T>) -> T {
    let answer = tokio::task::spawn_blocking(move || receiver.recv_timeout(Duration::from_secs(5)));
    answer.await.expect("no panic").expect("an answer in time")
}

/// Tells its observers that it begins, and blocks its thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn blocking_check_behind_another_is_given_up() {
    for _ in 0..5 {
        let blocker = Blocker::default();
        let db = Check::new("db", Level::L5, || tokio::time::sleep(Duration::from_millis(5)));
        let api = blocks("api", &blocker).timeout(Duration::from_millis(20)).depends_on(["db"]);
        let monitor = monitor([db, api]);
        let (answered, answer) = std::sync::mpsc::channel();
        tokio::spawn(async move { answered.send(monitor.report(&Selection::everything()).await.status()) });
        assert_eq!(receive(answer).await, Status::Fail);
    }
}

/// A single check that a timer wakes, and that blocks the thread that drives the timers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn check_that_blocks_after_a_wait_is_given_up() {
    for _ in 0..5 {
        let blocker = Blocker::default();
        let (is_released, started) = (Arc::clone(&blocker.is_released), Arc::clone(&blocker.started));
        let blocks_late = Check::new("blocks", Level::L5, move || {
            let (is_released, started) = (Arc::clone(&is_released), Arc::clone(&started));
            let blocker = std::mem::ManuallyDrop::new(Blocker { is_released, started });
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                blocker.block();
            }
        });
        let monitor = monitor([blocks_late.timeout(Duration::from_millis(20))]);
        let (answered, answer) = std::sync::mpsc::channel();
        tokio::spawn(async move { answered.send(monitor.report(&Selection::everything()).await.status()) });
        assert_eq!(receive(answer).await, Status::Fail);
    }
}

/// The first checks start the thread of the log, which takes longer than a starter's turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn change_is_delivered_although_the_next_check_blocks() {
    let blocker = Blocker::default();
    let good = ["a", "b", "c", "d"].map(|name| Check::new(name, Level::L5, || async {}));
    let monitor = monitor(good.into_iter().chain([blocks("e", &blocker)]));
    let mut changes = monitor.subscribe();
    let (delivered, delivery) = std::sync::mpsc::channel();
    tokio::spawn(async move {
        while let Some(Ok(change)) = changes.next().await {
            let _ = delivered.send(change.check().to_owned());
        }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let delivered = tokio::spawn(async move {
        occupy_until_blocked(&blocker);
        tokio::spawn(async move { monitor.report(&Selection::everything()).await });
        let delivered = tokio::task::spawn_blocking(move || {
            let in_time = || delivery.recv_timeout(Duration::from_millis(200)).ok();
            std::iter::from_fn(in_time).take(4).collect::<Vec<_>>()
        });
        let delivered = delivered.await.expect("no panic");
        drop(blocker);
        delivered
    });
    assert_eq!(delivered.await.expect("deliveries"), ["a", "b", "c", "d"]);
}

/// The task of a connection, say, which a check has woken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn task_that_a_check_has_woken_runs_although_the_next_check_blocks() {
    let blocker = Blocker::default();
    let (ask, mut asked) = tokio::sync::mpsc::unbounded_channel::<tokio::sync::oneshot::Sender<()>>();
    tokio::spawn(async move {
        while let Some(answer) = asked.recv().await {
            let _ = answer.send(());
        }
    });
    let asks = Check::new("a", Level::L5, move || {
        let (sender, answer) = tokio::sync::oneshot::channel();
        let _ = ask.send(sender);
        async move { answer.await.is_ok() }
    });
    let monitor = monitor([asks.timeout(Duration::from_secs(1)), blocks("b", &blocker)]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let report = tokio::spawn(async move {
        occupy_until_blocked(&blocker);
        let (answered, answer) = std::sync::mpsc::channel();
        tokio::spawn(async move { answered.send(monitor.report(&Selection::everything()).await) });
        let report = receive(answer).await;
        drop(blocker);
        report
    });
    let report = report.await.expect("a report");
    let statuses = ["a", "b"].map(|name| report.result(name).map(CheckResult::status));
    assert_eq!(statuses, [Some(Status::Pass), Some(Status::Fail)], "{report:?}");
}

/// The report waits already when a run ends, because the runs before took their time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_is_in_time_although_a_check_blocks_behind_one_that_ends() {
    let blocker = Blocker::default();
    let slow = ["a", "b", "c"]
        .map(|name| Check::new(name, Level::L5, || async { std::thread::sleep(Duration::from_micros(400)) }));
    let quick = Check::new("d", Level::L5, || async {});
    let monitor = monitor(slow.into_iter().chain([quick, blocks("e", &blocker).timeout(Duration::from_millis(20))]));
    let status = tokio::spawn(async move {
        occupy_until_blocked(&blocker);
        let (answered, answer) = std::sync::mpsc::channel();
        tokio::spawn(async move { answered.send(monitor.report(&Selection::everything()).await.status()) });
        let status = receive(answer).await;
        drop(blocker);
        status
    });
    assert_eq!(status.await.expect("a report"), Status::Fail);
}

/// Other tasks of a runtime with one thread have their turns between the steps of a report on thousands of checks.
#[tokio::test(start_paused = true)]
async fn large_report_leaves_turns_to_other_tasks() {
    let names = (0..5_000).map(|number| format!("check_{number}"));
    let monitor = monitor(names.map(|name| Check::new(name, Level::L5, || async {}).max_age(Duration::ZERO)));
    let is_over = Arc::new(AtomicBool::new(false));
    let other = tokio::spawn({
        let is_over = Arc::clone(&is_over);
        async move {
            let mut turns = 0;
            while !is_over.load(Ordering::SeqCst) {
                turns += 1;
                tokio::task::yield_now().await;
            }
            turns
        }
    });
    let report = monitor.report(&Selection::everything()).await;
    is_over.store(true, Ordering::SeqCst);
    assert_eq!((report.status(), report.entries().len()), (Status::Pass, 5_000));
    let turns = other.await.expect("no panic");
    assert!(turns >= 20, "{turns} turns");
}

/// Each run is given up at its own timeout, whatever else the report waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn blocking_run_is_given_up_in_time() {
    let blocker = Blocker::default();
    let slow = Check::new("a_slow_one", Level::L1, || tokio::time::sleep(Duration::from_secs(1)));
    let monitor = monitor([slow, blocks("blocks", &blocker)]);
    let report = monitor.report(&Selection::everything()).await;
    let duration = report.result("blocks").map(CheckResult::duration).expect("in the report");
    assert!((TIMEOUT..Duration::from_millis(900)).contains(&duration), "{duration:?}");
}

/// The task of the run cannot end it while it blocks its worker. The observer's timer does, and the time-out is recorded
/// for every later caller.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn observer_records_the_time_out_of_a_run_that_blocks_its_worker() {
    let blocker = Blocker::default();
    let monitor = monitor([blocks("blocks", &blocker)]);
    let report = monitor.report(&Selection::everything()).await;
    let cause = report.result("blocks").and_then(CheckResult::cause).map(Cause::as_str);
    assert_eq!(cause, Some("timed_out"));
    let changes = monitor.history("blocks").expect("the check exists");
    assert_eq!(changes.iter().map(|change| change.current()).collect::<Vec<_>>(), [Status::Fail]);
}

/// Waits for a check to pass, and returns how often its function was called until then.
async fn calls_until_pass(monitor: &Monitor, name: &str, calls: &AtomicUsize) -> usize {
    while monitor.report(&Selection::check(name)).await.status() != Status::Pass {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    calls.load(Ordering::SeqCst)
}

/// The pool has one thread, and another check blocks it until the run has timed out.
#[test]
fn blocking_function_is_not_called_after_its_timeout() {
    let runtime = tokio::runtime::Builder::new_multi_thread().max_blocking_threads(1).enable_all().build();
    let (blocker, calls) = (Blocker::default(), Arc::new(AtomicUsize::new(0)));
    let (held, counted) = (std::mem::ManuallyDrop::new(blocker.clone()), Arc::clone(&calls));
    let holds = Check::blocking("holds", Level::L5, move || held.block());
    let queued = Check::blocking("queued", Level::L5, move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let monitor =
        monitor([holds, queued].map(|check| check.timeout(Duration::from_millis(20)).max_age(Duration::ZERO)));
    runtime.expect("a runtime").block_on(async {
        for name in ["holds", "queued"] {
            let report = monitor.report(&Selection::check(name)).await;
            assert_eq!(report.result(name).and_then(CheckResult::cause), Some(&Cause::TimedOut), "{name}");
        }
        drop(blocker);
        assert_eq!(calls_until_pass(&monitor, "queued", &calls).await, 1, "it is called by the next run alone");
    });
}

/// The clock may jump between the start of a report and that of its runs, as it does in tests.
#[tokio::test(start_paused = true)]
async fn function_is_called_within_the_grace_of_its_timeout() {
    let monitor = monitor([Check::new("db", Level::L5, || async {}).timeout(Duration::from_secs(1))]);
    let everything = Selection::everything();
    let mut report = std::pin::pin!(monitor.report(&everything));
    let first_poll = std::future::poll_fn(|context| std::task::Poll::Ready(report.as_mut().poll(context).is_pending()));
    assert!(first_poll.await);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(report.await.status(), Status::Pass);
}

/// The runtime has one thread, and another check blocks it until the run has timed out.
#[test]
fn async_function_is_not_called_after_its_timeout() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let blocks = Check::new("a", Level::L5, || async { std::thread::sleep(Duration::from_millis(60)) });
    let queued = Check::new("b", Level::L5, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    let monitor = monitor([blocks, queued.timeout(Duration::from_millis(20)).max_age(Duration::ZERO)]);
    runtime.expect("a runtime").block_on(async {
        let report = monitor.report(&Selection::everything()).await;
        assert_eq!(report.result("b").and_then(CheckResult::cause), Some(&Cause::TimedOut), "{report:?}");
        assert_eq!(calls_until_pass(&monitor, "b", &calls).await, 1, "it is called by the next run alone");
    });
}

#[tokio::test(start_paused = true)]
async fn endless_durations_do_not_panic() {
    let for_ever = |name: &str| {
        Check::new(name, Level::L5, || async { true })
            .timeout(Duration::MAX)
            .max_age(Duration::MAX)
            .degraded_after(Duration::MAX.saturating_sub(Duration::from_nanos(1)))
    };
    let hangs = Check::new("hangs", Level::L5, pending::<()>).timeout(Duration::MAX).max_age(Duration::MAX);
    let endpoint = endpoint([for_ever("a"), for_ever("b").depends_on(["a"]), hangs]);
    let start = Instant::now();
    let report = endpoint.monitor().report(&Selection::everything().with_deadline(Duration::MAX)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert_eq!(report.result("b").map(health_runtime::CheckResult::status), Some(Status::Pass));
    for path in ["/health", "/health/levels/5", "/health/checks/hangs", "/health/checks/b"] {
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).expect("a request");
        let answer = tower::ServiceExt::oneshot(endpoint.router(), request).await.expect("an answer");
        assert_eq!(answer.status(), if path.ends_with('b') { 200 } else { 503 }, "{path}");
    }
}
