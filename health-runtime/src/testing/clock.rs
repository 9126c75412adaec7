//! The paused clock of a test.

use std::{sync::Arc, thread, time::Duration};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::yield_now,
    time::{Instant, advance, sleep_until},
};

use super::script::Script;
use crate::time::after;

/// What Tokio's timers are rounded up to.
const TICK: Duration = Duration::from_millis(1);

/// Sees to it that the clock is a test's.
///
/// It does not pause a clock that runs: timers go off at whole milliseconds since the runtime began, and one that is
/// paused in between would tell each of them as late.
#[track_caller]
pub(super) fn assert_paused() {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    let is_paused = matches!(flavor, Ok(RuntimeFlavor::CurrentThread)) && {
        // Tokio does not say it.
        let before = Instant::now();
        thread::sleep(Duration::from_micros(1));
        Instant::now() == before
    };
    assert!(
        is_paused,
        "a `TestMonitor` needs the paused clock of a Tokio runtime of one thread: write \
         `#[tokio::test(start_paused = true)]`, and build it inside that `async fn`"
    );
}

/// Lets time pass, to the nanosecond, and every timer go off at its own time.
///
/// Tokio's `advance` alone would jump: a check that runs every 10 s would run once in a minute.
pub(super) async fn pass(time: Duration, scripts: &[Arc<Script>]) {
    let until = after(Instant::now(), time);
    if time > 2 * TICK {
        // A timer is up to two ticks late if the clock stands between two of them.
        sleep_until(until - 2 * TICK).await;
    }
    loop {
        settle(scripts).await;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        advance(left.min(TICK)).await;
    }
}

/// Lets all tasks go on that can without time passing.
pub(super) async fn settle(scripts: &[Arc<Script>]) {
    loop {
        // Each turn is enough for 61 polls, and for whatever these wake. A check that comes due takes about five; the
        // rest is for those that yield by themselves.
        let turns = 32 + Handle::current().metrics().num_alive_tasks() / 4;
        for _ in 0..turns {
            yield_now().await;
        }
        let mut has_waited = false;
        for script in scripts {
            has_waited |= script.no_thread().await;
        }
        if !has_waited {
            return;
        }
    }
}
