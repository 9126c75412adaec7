//! Background checks: each has a task that runs it once in each interval.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::{
    engine::Engine,
    lookup,
    monitored::Monitored,
    permission::RunRequest,
    slot::Lookup,
    wait::{self, Awaited, Ended},
};
use crate::{
    model::CheckSpec,
    sync::{JoinHandle, lock},
    time::{after, random_share, remainder},
};

/// Longest delay of a first run, however long the interval.
const MAX_INITIAL_DELAY: Duration = Duration::from_secs(10);

/// Largest deviation from an interval, as a share of it.
const JITTER: f64 = 0.1;

/// Period on which the runs of a monitor begin together: a thread that wakes for twenty checks at a time costs a third
/// of one that wakes for each.
const TICK: Duration = Duration::from_millis(20);

/// Shortest interval that keeps to the beat, which is a fiftieth of it.
const MIN_INTERVAL_ON_TICK: Duration = Duration::from_secs(1);

/// Period in which a blocked check reads the latest results of its dependencies.
const BLOCKED_PERIOD: Duration = Duration::from_secs(1);

/// Gives every background check a task, if there is a runtime for it.
pub(super) fn start(engine: &Arc<Engine>) {
    if engine.find_runtime().is_some() {
        engine.checks().iter().for_each(|check| ensure(engine, check));
    }
}

/// Gives a background check a task that runs it, unless it has one. An earlier task may have ended with its runtime.
pub(super) fn ensure(engine: &Arc<Engine>, check: &Arc<Monitored>) {
    if check.spec.interval().is_none() {
        return;
    }
    let mut task = lock(&check.task);
    if task.as_ref().is_none_or(JoinHandle::is_finished) {
        let is_delayed = task.is_none() && !check.is_due;
        *task = Some(engine.spawn(keep_running(Arc::downgrade(engine), Arc::downgrade(check), is_delayed)));
    }
}

/// Runs a check until the monitor is gone or the check is removed, which aborts the task. The successor of a dead task
/// runs the check at once, because the result is old.
async fn keep_running(engine: Weak<Engine>, check: Weak<Monitored>, is_delayed: bool) {
    if is_delayed {
        sleep(initial_delay(&check)).await;
    }
    while let (Some(engine_now), Some(check_now)) = (engine.upgrade(), check.upgrade()) {
        let began = Instant::now();
        if !run_once(&engine_now, &check_now).await {
            return;
        }
        let latest = check_now.latest();
        let is_failing = latest.as_ref().is_some_and(|latest| latest.is_failing);
        let is_blocked = latest.is_some_and(|latest| !latest.blocked_by().is_empty());
        // From start to start. A run that takes longer than the interval is followed at once, and never overlaps.
        let next = match &check_now.member {
            Some(member) if !is_blocked => member.next_read(fleet_pause(&check_now.spec, is_failing)),
            _ => next_run(&check_now.spec, is_failing, began, engine_now.start),
        };
        drop((engine_now, check_now));
        if is_blocked {
            let _ = timeout_at(next, dependencies_pass(&engine, &check)).await;
        } else {
            sleep_until(next).await;
            if let Some(delay) = standstill_delay(&check, next.elapsed()) {
                sleep(delay).await;
            }
        }
    }
}

/// Waits until no dependency of a check fails. Reads their latest results and runs none of them.
async fn dependencies_pass(engine: &Weak<Engine>, check: &Weak<Monitored>) {
    let is_blocked = || {
        let checks = engine.upgrade()?.checks();
        let dependencies = checks.dependencies(checks.position(&check.upgrade()?)?);
        Some(dependencies.iter().filter_map(|index| checks[*index].latest()).any(|latest| latest.is_failing))
    };
    loop {
        sleep(BLOCKED_PERIOD).await;
        if !is_blocked().unwrap_or_default() {
            return;
        }
    }
}

/// Runs a check and waits for it, so that a run that blocks its thread is given up in time, even without a request.
/// Returns whether the check is still there.
pub(super) async fn run_once(engine: &Arc<Engine>, check: &Arc<Monitored>) -> bool {
    while let Some(lookup) = look_up(engine, check) {
        let Lookup::Running(run) = lookup else { return true };
        wait::give_way().await;
        let ended = wait::for_all(engine, &[Awaited { check, id: run.id }], None).await;
        let is_limited = |ended: &Ended| matches!(ended, Ended::Recorded(result) if !RunRequest::LOCAL.accepts(result));
        // Without a recorded result the next run is due as usual, unless it depends on one that a path has limited.
        if !ended.iter().any(is_limited) {
            return true;
        }
    }
    false
}

/// Looks a check up and runs it; `None` if it was removed.
fn look_up(engine: &Arc<Engine>, check: &Arc<Monitored>) -> Option<Lookup> {
    let checks = engine.checks();
    let index = checks.position(check)?;
    if checks.dependencies(index).is_empty() {
        // Fast path: without dependencies there is nothing else to look up. There may be thousands of such checks.
        return Some(lookup::or_run(engine, &checks, index, RunRequest::LOCAL, |_| None));
    }
    let mut needed = lookup::in_order(&checks, &[index]);
    needed.retain(|needed| *needed != index);
    let mut lookups = vec![None; checks.len()];
    lookup::all(engine, &checks, &needed, RunRequest::LOCAL, &mut lookups);
    Some(lookup::or_run(engine, &checks, index, RunRequest::LOCAL, |dependency| lookups[dependency].clone()))
}

fn initial_delay(check: &Weak<Monitored>) -> Duration {
    let interval = check.upgrade().and_then(|check| check.spec.interval());
    interval.unwrap_or_default().min(MAX_INITIAL_DELAY).mul_f64(random_share())
}

/// Returns the delay of a fleet's check that wakes late, which is a tenth of that of a first run at most. Its process stood still,
/// as many others may have, and all of them would ask the store at once.
fn standstill_delay(check: &Weak<Monitored>, late_by: Duration) -> Option<Duration> {
    let interval = check.upgrade().filter(|check| check.member.is_some())?.spec.interval()?;
    let longest = interval.min(MAX_INITIAL_DELAY).mul_f64(JITTER);
    (late_by >= longest).then(|| longest.mul_f64(random_share()))
}

/// Returns the pause between two runs of a fleet. Never shorter than the interval, or the shortest of a thousand instances would
/// count.
fn fleet_pause(spec: &CheckSpec, is_failing: bool) -> Duration {
    let interval = if is_failing { spec.retry_interval() } else { spec.interval() }.unwrap_or_default();
    Duration::try_from_secs_f64(interval.as_secs_f64() * (1.0 + random_share() * JITTER)).unwrap_or(interval)
}

fn next_run(spec: &CheckSpec, is_failing: bool, began: Instant, first_beat: Instant) -> Instant {
    let interval = if is_failing { spec.retry_interval() } else { spec.interval() }.unwrap_or_default();
    let spread = (random_share() * 2.0 - 1.0) * JITTER;
    // A pause that is out of range never ends anyway.
    let pause = Duration::try_from_secs_f64(interval.as_secs_f64() * (1.0 + spread)).unwrap_or(interval);
    let next = after(began, pause);
    if interval < MIN_INTERVAL_ON_TICK {
        return next;
    }
    let beat = next - remainder(next.saturating_duration_since(first_beat), TICK);
    // Towards the exact interval, so that the deviation never exceeds the jitter.
    if pause < interval { beat + TICK } else { beat }
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

    /// The result of a dead task becomes stale in time, and the next request starts another task.
    #[tokio::test(start_paused = true)]
    async fn dead_task_leaves_a_stale_result_and_is_replaced() {
        let check = Check::new("db", Level::L1, || async {})
            .interval(Duration::from_secs(10))
            .stale_after(Duration::from_secs(25));
        let monitor = Monitor::new(Registry::builder().check(check).build().expect("a good check"));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(status(&monitor).await, (Status::Pass, None));

        let engine = &monitor.engine;
        let kill = || engine.checks()[0].task.lock().expect("no panic").as_ref().expect("a task").abort();
        kill();
        // No request comes for a long time, and a dead task cannot report its own death.
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
    async fn task_ends_with_the_monitor() {
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
            assert_eq!((next(1_000) - first_beat).as_nanos() % TICK.as_nanos(), 0);
            assert!((900..=1_100).contains(&(next(1_000) - began).as_millis()));
            assert!((45..=55).contains(&(next(50) - began).as_millis()), "too short for the beat");
        }
    }
}
