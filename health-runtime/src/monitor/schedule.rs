//! Background checks: a task for each, that runs it once in each interval.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::{engine::Engine, lookup, run, slot::Lookup};
use crate::{
    model::CheckSpec,
    sync::{JoinHandle, lock},
    time::{after, remainder},
};

/// The longest that a first run is put off, however long the interval.
const LONGEST_PUT_OFF: Duration = Duration::from_secs(10);

/// How much longer or shorter an interval may be than it is said to be, as a share of it.
const JITTER: f64 = 0.1;

/// Runs begin together with others of the same monitor, on a beat that nobody notices: a thread that wakes for
/// twenty checks at a time costs a third of one that wakes for each.
const BEAT: Duration = Duration::from_millis(20);

/// The shortest interval that is kept to the beat, which is a fiftieth of it.
const SHORTEST_ON_THE_BEAT: Duration = Duration::from_secs(1);

/// How often a blocked check looks whether its dependencies still fail, which costs a look at their latest results.
const BLOCKED_PERIOD: Duration = Duration::from_secs(1);

/// Sees to it that a background check has a task that runs it, also when the one it had is gone: it ended with its
/// runtime, or died.
pub(super) fn ensure(engine: &Arc<Engine>, index: usize) {
    let check = &engine.checks[index];
    if check.spec.interval().is_none() {
        return;
    }
    let mut task = lock(&check.task);
    if task.as_ref().is_none_or(JoinHandle::is_finished) {
        let is_first = task.is_none();
        *task = Some(engine.spawn(keep_running(Arc::downgrade(engine), index, is_first)));
    }
}

/// Ends when the monitor is gone, which aborts it. One that follows another that died runs the check at once: its result is old.
async fn keep_running(weak: Weak<Engine>, index: usize, is_first: bool) {
    if is_first {
        sleep(put_off(&weak, index)).await;
    }
    while let Some(engine) = weak.upgrade() {
        let began = Instant::now();
        run_once(&engine, index).await;
        let check = &engine.checks[index];
        let latest = check.slot.latest();
        let is_failing = latest.as_ref().is_some_and(|latest| latest.result.is_failing);
        let is_blocked = latest.is_some_and(|latest| !latest.result.blocked_by().is_empty());
        // From start to start; one that takes longer than its interval goes on at once, and never beside itself.
        let next = next_run(&check.spec, is_failing, began, engine.start);
        drop(engine);
        if is_blocked {
            let _ = timeout_at(next, dependencies_pass(&weak, index)).await;
        } else {
            sleep_until(next).await;
        }
    }
}

/// Waits until no dependency of a check fails. Looks at their latest results and has none of them run.
async fn dependencies_pass(engine: &Weak<Engine>, index: usize) {
    let is_blocked = |engine: Arc<Engine>| {
        let latest = |dependency: &usize| engine.checks[*dependency].slot.latest();
        engine.checks[index].dependencies.iter().filter_map(latest).any(|latest| latest.result.is_failing)
    };
    loop {
        sleep(BLOCKED_PERIOD).await;
        if !engine.upgrade().is_some_and(is_blocked) {
            return;
        }
    }
}

/// Waits for the run, so that one that blocks its thread is given up in time although nobody asks.
async fn run_once(engine: &Arc<Engine>, index: usize) {
    let lookup = if engine.checks[index].dependencies.is_empty() {
        // Fast path: without dependencies there is nothing else to look up. There may be thousands of such checks.
        lookup::or_run(engine, index, |_| None)
    } else {
        let mut needed = lookup::in_order(engine, &[index]);
        needed.retain(|needed| *needed != index);
        let lookups = lookup::all(engine, &needed);
        lookup::or_run(engine, index, |dependency| lookups[dependency].clone())
    };
    if let Lookup::Running(handle) = lookup {
        // Without a recorded result the next run is due as usual.
        let _ = run::wait(engine, index, handle, None).await;
    }
}

fn put_off(engine: &Weak<Engine>, index: usize) -> Duration {
    let interval = engine.upgrade().and_then(|engine| engine.checks[index].spec.interval());
    interval.unwrap_or_default().min(LONGEST_PUT_OFF).mul_f64(random_share())
}

fn next_run(spec: &CheckSpec, is_failing: bool, began: Instant, first_beat: Instant) -> Instant {
    let interval = if is_failing { spec.retry_interval() } else { spec.interval() }.unwrap_or_default();
    let spread = (random_share() * 2.0 - 1.0) * JITTER;
    // One that is out of range never comes anyhow.
    let pause = Duration::try_from_secs_f64(interval.as_secs_f64() * (1.0 + spread)).unwrap_or(interval);
    let next = after(began, pause);
    if interval < SHORTEST_ON_THE_BEAT {
        return next;
    }
    let beat = next - remainder(next.saturating_duration_since(first_beat), BEAT);
    // Towards the interval as it was said, so that it is never missed by more than the jitter.
    if pause < interval { beat + BEAT } else { beat }
}

/// From 0 to 1. The keys that the standard library hashes with are random enough to spread what starts together.
#[allow(clippy::cast_precision_loss, reason = "a share needs no more digits than it has")]
fn random_share() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::{
        model::{Cause, Check, Level, Status},
        monitor::{Monitor, Selection},
        registry::Registry,
    };

    async fn status(monitor: &Monitor) -> (Status, Option<Cause>) {
        let report = monitor.report(&Selection::everything()).await;
        let result = report.result("db").expect("in the report");
        (result.status(), result.cause().cloned())
    }

    /// A task that died leaves a result that says so in time, and is followed by another with the next request.
    #[tokio::test(start_paused = true)]
    async fn a_dead_task_is_seen_and_followed_by_another() {
        let check = Check::new("db", Level::L1, || async {})
            .interval(Duration::from_secs(10))
            .stale_after(Duration::from_secs(25));
        let monitor = Monitor::new(Registry::builder().check(check).build().expect("a good check"));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(status(&monitor).await, (Status::Pass, None));

        let engine = monitor.engine();
        let kill = || engine.checks[0].task.lock().expect("no panic").as_ref().expect("a task").abort();
        kill();
        // Nobody asks for a long time: it is not for a dead task to say that it is dead.
        advance(Duration::from_secs(60)).await;
        let (status_then, cause) = status(&monitor).await;
        assert_eq!((status_then, cause), (Status::Fail, Some(Cause::Stale)));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(status(&monitor).await, (Status::Pass, None), "another task ran it at once");

        // Killed in the middle of the wait between two runs, and asked all the time.
        kill();
        let died_at = Instant::now();
        while status(&monitor).await.1 == Some(Cause::Stale) {
            advance(Duration::from_secs(1)).await;
        }
        assert!(died_at.elapsed() <= Duration::from_secs(25));
        assert_eq!(status(&monitor).await, (Status::Pass, None));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_monitor() {
        let check = Check::new("db", Level::L1, || async {}).interval(Duration::from_secs(3600));
        let monitor = Monitor::new(Registry::builder().check(check).build().expect("a good check"));
        sleep(Duration::from_secs(5)).await;
        drop(monitor);
        sleep(Duration::from_millis(1)).await;
        let left = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert_eq!(left, 0, "not only when the next run would have been due");
    }

    #[test]
    fn pauses_are_spread_by_a_tenth() {
        let check = Check::new("db", Level::L1, || async {})
            .interval(Duration::from_secs(100))
            .retry_interval(Duration::from_secs(10));
        let began = Instant::now();
        let pause = |check: &Check, is_failing| next_run(check.spec(), is_failing, began, began) - began;
        let pauses: Vec<_> = (0..1_000).map(|_| pause(&check, false)).collect();
        assert!(pauses.iter().all(|pause| (90..=110).contains(&pause.as_secs())));
        assert!(pauses.iter().any(|pause| pause.as_secs() < 92) && pauses.iter().any(|pause| pause.as_secs() >= 108));
        assert!((9..=11).contains(&pause(&check, true).as_secs()));
        let endless = Check::new("db", Level::L1, || async {}).interval(Duration::MAX);
        assert!(pause(&endless, false) > Duration::from_secs(100_000 * 3600));
    }

    #[test]
    fn long_intervals_keep_to_the_beat_and_to_the_jitter() {
        let first_beat = Instant::now();
        let began = first_beat + Duration::from_millis(7);
        let next = |millis| {
            let check = Check::new("db", Level::L1, || async {}).interval(Duration::from_millis(millis));
            next_run(check.spec(), false, began, first_beat)
        };
        for _ in 0..1_000 {
            assert_eq!((next(1_000) - first_beat).as_nanos() % BEAT.as_nanos(), 0);
            assert!((900..=1_100).contains(&(next(1_000) - began).as_millis()));
            assert!((45..=55).contains(&(next(50) - began).as_millis()), "too short for the beat");
        }
    }
}
