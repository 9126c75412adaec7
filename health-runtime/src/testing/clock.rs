//! The paused clock of a test.

use std::{thread, time::Duration};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::yield_now,
    time::{Instant, advance, sleep_until},
};

use super::interceptor::Interceptors;
use crate::time::after;

/// Resolution of Tokio's timers.
const TIMER_TICK: Duration = Duration::from_millis(1);

/// Panics unless the clock is paused.
///
/// It does not pause a running clock: timers fire at whole milliseconds since the start of the runtime, so on a clock that is
/// paused in between each of them would be late.
#[track_caller]
pub(super) fn assert_paused() {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    let is_paused = matches!(flavor, Ok(RuntimeFlavor::CurrentThread)) && {
        // Tokio has no method for it.
        let before = Instant::now();
        thread::sleep(Duration::from_micros(1));
        Instant::now() == before
    };
    assert!(
        is_paused,
        "a `TestMonitor` needs the paused clock of a Tokio runtime with one thread; write \
         `#[tokio::test(start_paused = true)]`, and build it inside that `async fn`"
    );
}

/// Lets time pass, to the nanosecond, with every timer at its own time.
///
/// Tokio's `advance` alone would jump: a check with an interval of 10 s would run once in a minute.
pub(super) async fn pass(time: Duration, interceptors: &Interceptors) {
    let until = after(Instant::now(), time);
    if time > 2 * TIMER_TICK {
        // A timer is up to two ticks late if the clock stands between two ticks.
        sleep_until(until - 2 * TIMER_TICK).await;
    }
    loop {
        settle(interceptors).await;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        advance(left.min(TIMER_TICK)).await;
    }
}

/// Polls all tasks until they wait for time to pass.
pub(super) async fn settle(interceptors: &Interceptors) {
    loop {
        // Each turn allows 61 polls and the tasks that they wake. A check that is due takes about five turns; the
        // rest is for checks that yield.
        let turns = 32 + Handle::current().metrics().num_alive_tasks() / 4;
        for _ in 0..turns {
            yield_now().await;
        }
        let mut has_waited = false;
        for interceptor in interceptors.all() {
            has_waited |= interceptor.wait_for_threads().await;
        }
        if !has_waited {
            return;
        }
    }
}
