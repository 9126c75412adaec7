//! The path from the slot to a report, in thousands of interleavings that a model checker chooses. Run it with
//! `RUSTFLAGS="--cfg shuttle" cargo test -p health-runtime --lib --target-dir target/shuttle -- interleavings`.
//!
//! All locks and tasks are shuttle's (`sync.rs`), which reports endless waiting as a deadlock.
//! The clock is Tokio's paused one, which stands still or is moved by a task of its own.

mod circles;
mod forged;
mod starts;
mod updates;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use shuttle::{
    Config, Runner,
    future::{block_on, spawn, yield_now},
    rand::{Rng, thread_rng},
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::broadcast::Receiver,
    time::{Instant, advance, sleep},
};

use super::{
    engine::Engine,
    report::{Selection, gather},
    slot::{GIVE_UP_GRACE, Lookup, RunId},
    wait::{self, Awaited, Ended},
};
use crate::{
    model::{Check, CheckResult, Level, Outcome, Report, StatusChange},
    run_result::{Provenance, RunResult},
};

const TIMEOUT: Duration = Duration::from_millis(100);
const MAX_AGE: Duration = Duration::from_millis(80);

/// Interleavings of each test and scheduler: chosen evenly, or (`Pct`) so that bugs that need a few preemptions at
/// unlikely points are met with a known probability.
const INTERLEAVINGS: usize = 3_000;

fn in_many_interleavings(test: fn(&Arc<Runtime>)) {
    fn try_all(scheduler: impl Scheduler + 'static, test: fn(&Arc<Runtime>)) {
        let mut config = Config::new();
        config.stack_size = 0x40000;
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = Arc::new(runtime.expect("a runtime"));
        let clock = Arc::clone(&runtime);
        let _context = runtime.enter();
        Runner::new(scheduler, config).run(move || test(&clock));
    }
    try_all(RandomScheduler::new(INTERLEAVINGS), test);
    try_all(PctScheduler::new(3, INTERLEAVINGS), test);
}

/// Lets time pass while the others run, in steps of any length, until they are done.
fn let_time_pass(runtime: &Arc<Runtime>, is_over: &Arc<AtomicBool>) {
    let (runtime, is_over) = (Arc::clone(runtime), Arc::clone(is_over));
    shuttle::thread::spawn(move || {
        while !is_over.load(Ordering::SeqCst) {
            let step = Duration::from_millis(thread_rng().gen_range(1..60));
            runtime.block_on(advance(step));
            shuttle::thread::yield_now();
        }
    });
}

/// The true course of events, for comparison with the reports.
#[derive(Default)]
struct Truth {
    alive: AtomicUsize,
    runs: AtomicUsize,
    reported: Mutex<BTreeMap<usize, ReportedRun>>,
    abandoned: Mutex<Vec<RunId>>,
}

#[derive(Default)]
struct ReportedRun {
    /// The slot's id of the run, where it is known.
    id: Option<RunId>,
    /// Time from which its `max_age` counts.
    known_at: Option<Instant>,
    /// Whether its result is late or discarded.
    is_void: bool,
}

/// A run that counts as alive until it is dropped.
struct Alive {
    truth: Arc<Truth>,
    number: usize,
    began: Instant,
}

impl Alive {
    fn new(truth: &Arc<Truth>) -> Self {
        assert_eq!(truth.alive.fetch_add(1, Ordering::SeqCst), 0, "two runs of one check are alive");
        let number = truth.runs.fetch_add(1, Ordering::SeqCst);
        Self { truth: Arc::clone(truth), number, began: Instant::now() }
    }

    /// Returns the opposite of the run before, so that each recorded run is a change.
    fn outcome(&self) -> Outcome {
        if self.began.elapsed() >= TIMEOUT + GIVE_UP_GRACE {
            self.note(|run| run.is_void = true);
        }
        let outcome = if self.number.is_multiple_of(2) { Outcome::pass() } else { Outcome::fail("odd") };
        outcome.with_data(self.number.into())
    }

    fn note(&self, what: impl FnOnce(&mut ReportedRun)) {
        what(self.truth.reported.lock().expect("no panic").entry(self.number).or_default());
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.truth.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Truth {
    /// Checks the result of an observer that asked at this time, whether it waited for a run or not.
    fn check_reported(&self, asked_at: Instant, waited_for: Option<RunId>, result: &CheckResult) {
        let Some(number) = number(result) else { return };
        let mut runs = self.reported.lock().expect("no panic");
        let run = runs.entry(number).or_default();
        assert!(!run.is_void, "the result of run {number} counted although it had been given up");
        let known_at = *run.known_at.get_or_insert_with(Instant::now);
        // A run may have ended a while before it was recorded, and its own observers get its result at any age.
        let has_waited = waited_for.is_some() && waited_for == run.id;
        assert!(has_waited || known_at + MAX_AGE > asked_at, "run {number} was too old");
    }
}

/// Returns the number of the run behind a result; `None` if no run took place.
fn number(result: &CheckResult) -> Option<usize> {
    result.data.as_ref().and_then(Value::as_u64).and_then(|number| number.try_into().ok())
}

/// Waits for all runs and tasks, which hold the engine until they have published their result.
fn wait_until_alone(engine: &Arc<Engine>) {
    while Arc::strong_count(engine) > 1 {
        shuttle::thread::yield_now();
    }
}

/// Counts the changes, and checks that each comes once and begins with the status of the one before.
fn in_order(events: &mut Receiver<Arc<StatusChange>>) -> usize {
    let mut before = None;
    let mut count = 0;
    while let Ok(change) = events.try_recv() {
        if change.check() == "db" {
            assert_eq!(change.previous(), before, "an event is missing, comes twice or out of order");
            assert_ne!(change.previous(), Some(change.current()));
            before = Some(change.current());
            count += 1;
        }
    }
    count
}

/// Runs `count` observers at the same time, and waits for all of them.
fn all_at_once<F: Future<Output = ()> + Send + 'static>(count: usize, observer: impl Fn() -> F) {
    let observers: Vec<_> = (0..count).map(|_| spawn(observer())).collect();
    for observer in observers {
        block_on(observer).expect("it is not cancelled");
    }
}

fn assert_goes_together(report: &Report) {
    let result = |name| report.result(name).expect("in the report");
    let failing: Vec<_> = ["db", "cache"].into_iter().filter(|name| result(name).is_failing).collect();
    assert_eq!(result("api").blocked_by(), failing, "{report:?}");
}

/// The clock stands still, so that no timeout hides a lost wake-up: it is a deadlock.
#[test]
fn overlapping_reports_share_a_run_and_none_waits_forever() {
    in_many_interleavings(|_| {
        let truth = Arc::new(Truth::default());
        let max_age = if thread_rng().r#gen() { MAX_AGE } else { Duration::ZERO };
        let of_run = Arc::clone(&truth);
        let db = Check::new("db", Level::L1, move || {
            let alive = Alive::new(&of_run);
            async move {
                yield_now().await;
                alive.outcome()
            }
        });
        let answers = AtomicUsize::new(0);
        // It also fails and passes in turns, so that one of the two blocks, or both.
        let cache = Check::new("cache", Level::L1, move || {
            let is_good = answers.fetch_add(1, Ordering::SeqCst) % 2 == 1;
            async move {
                yield_now().await;
                is_good
            }
        });
        let api = Check::new("api", Level::L1, || async { yield_now().await }).depends_on(["db", "cache"]);
        let engine = Engine::for_checks([db, cache, api].map(|check| check.max_age(max_age)));
        let mut events = engine.changes.subscribe();
        all_at_once(3, || {
            let engine = Arc::clone(&engine);
            async move {
                for _ in 0..2 {
                    assert_goes_together(&gather(&engine, &Selection::everything()).await.report);
                }
            }
        });
        wait_until_alone(&engine);
        let runs = truth.runs.load(Ordering::SeqCst);
        assert_eq!(in_order(&mut events), runs, "each run turned it");
        // While the clock stands still, each result stays young.
        assert!(if max_age.is_zero() { (2..=6).contains(&runs) } else { runs == 1 }, "{runs} runs");
    });
}

/// Checks answer, hang and block while time passes.
#[test]
fn given_up_runs_count_for_nothing() {
    in_many_interleavings(|runtime| {
        let truth = Arc::new(Truth::default());
        let of_run = Arc::clone(&truth);
        let check = Check::new("db", Level::L1, move || {
            let alive = Alive::new(&of_run);
            async move {
                match thread_rng().gen_range(0..4) {
                    0 => {}
                    1 => sleep(TIMEOUT / 2).await,
                    2 => sleep(TIMEOUT * 2).await,
                    _ => {
                        let until = Instant::now() + TIMEOUT * 2;
                        while Instant::now() < until {
                            shuttle::thread::yield_now();
                        }
                    }
                }
                alive.outcome()
            }
        });
        let engine = Engine::for_checks([check.timeout(TIMEOUT).max_age(MAX_AGE)]);
        let mut events = engine.changes.subscribe();
        let is_over = Arc::new(AtomicBool::new(false));
        let_time_pass(runtime, &is_over);
        all_at_once(3, || {
            let (engine, truth) = (Arc::clone(&engine), Arc::clone(&truth));
            async move {
                for _ in 0..2 {
                    let asked_at = Instant::now();
                    let report = gather(&engine, &Selection::everything()).await.report;
                    truth.check_reported(asked_at, None, report.result("db").expect("in the report"));
                }
            }
        });
        wait_until_alone(&engine);
        is_over.store(true, Ordering::SeqCst);
        in_order(&mut events);
    });
}

/// The end of a run in the next test.
#[derive(Clone, Copy)]
enum End {
    Finished,
    Late,
    GivenUp,
    Abandoned,
}

/// Runs in place of the slot's own task, so that the moment of each result is known, and abandons runs as a runtime
/// that shuts down does.
async fn run_in_place(engine: Arc<Engine>, truth: Arc<Truth>, id: RunId) {
    let check = &engine.checks()[0];
    let now = Instant::now();
    if check.slot.reuse(&check.spec, id, now, &[]) {
        return;
    }
    // Only now, because a run that ends with the stored result calls no function.
    let mut alive = Alive::new(&truth);
    alive.began = now;
    check.slot.begin(&check.spec, id, now);
    let end = [End::Finished, End::Late, End::GivenUp, End::Abandoned][thread_rng().gen_range(0..4)];
    if matches!(end, End::Late | End::GivenUp) {
        sleep(TIMEOUT + GIVE_UP_GRACE).await;
    }
    if matches!(end, End::GivenUp) {
        engine.give_up(check, id, None);
    }
    yield_now().await;
    if matches!(end, End::Abandoned) {
        alive.note(|run| run.is_void = true);
        truth.abandoned.lock().expect("no panic").push(id);
        drop(alive);
        check.slot.abandon(id);
        return;
    }
    let result = RunResult::Answered(alive.outcome());
    let now = Instant::now();
    alive.note(|run| (run.known_at, run.id) = (Some(now), Some(id)));
    drop(alive);
    let recorded = check.slot.complete(&check.spec, id, result, Provenance::default(), now);
    if recorded.is_some() {
        assert!(!matches!(end, End::GivenUp), "it was recorded twice");
        engine.publish();
    }
}

#[test]
fn no_result_is_older_than_its_max_age() {
    in_many_interleavings(|runtime| {
        let truth = Arc::new(Truth::default());
        let check = Check::new("db", Level::L1, || async {});
        let engine = Engine::for_checks([check.timeout(TIMEOUT).max_age(MAX_AGE)]);
        let mut events = engine.changes.subscribe();
        let is_over = Arc::new(AtomicBool::new(false));
        let_time_pass(runtime, &is_over);
        all_at_once(3, || {
            let (engine, truth) = (Arc::clone(&engine), Arc::clone(&truth));
            async move {
                let check = &engine.checks()[0];
                for _ in 0..3 {
                    let asked_at = Instant::now();
                    let blocked_by = thread_rng().r#gen::<bool>().then_some(&[][..]);
                    let (lookup, is_recorded) = check.slot.observe(&check.spec, asked_at, blocked_by, 0, |_| true);
                    if is_recorded {
                        engine.publish();
                    }
                    let handle = match lookup {
                        Lookup::Done(result) => {
                            truth.check_reported(asked_at, None, &result);
                            continue;
                        }
                        Lookup::Running(handle) => handle,
                        Lookup::Missing | Lookup::Stored => unreachable!("it is not in the background"),
                    };
                    let id = handle.id;
                    if handle.is_new {
                        drop(spawn(run_in_place(Arc::clone(&engine), Arc::clone(&truth), id)));
                    }
                    let ended = wait::for_all(&engine, &[Awaited { check, id }], None).await;
                    match &ended[..] {
                        [Ended::Recorded(result)] => truth.check_reported(asked_at, Some(id), result),
                        [Ended::CutOff] => {
                            assert!(truth.abandoned.lock().expect("no panic").contains(&id));
                        }
                        other => unreachable!("{other:?}"),
                    }
                }
            }
        });
        wait_until_alone(&engine);
        is_over.store(true, Ordering::SeqCst);
        in_order(&mut events);
    });
}
