//! Probe of the delay with which the runtime wakes a task.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::{
    deadline::Deadline,
    probe::{idle_check, probe},
};
use crate::model::{Level, Outcome};

/// Sleep of the measured task: longer than the resolution of Tokio's timer, a millisecond.
const SLEEP_TIME: Duration = Duration::from_millis(10);

probe! {
    /// The probe of [`probes::runtime_lag`](runtime_lag()).
    pub struct RuntimeLagProbe { warn_after: Duration, fail_after: Duration }

    /// Measures once, on the runtime that polls it. It takes 10 ms and the lag.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 5)]` above it.
    /// async fn runtime_lag() -> Outcome {
    ///     probes::runtime_lag().observe().await
    /// }
    /// # let _ = runtime_lag;
    /// ```
    task fn observe;
    map: |_, check| if check.spec().level() == Level::L5 { check.liveness() } else { check };
}

/// Checks that the runtime wakes its tasks in time: a task sleeps for 10 ms, and the time beyond that is the lag.
///
/// Name `runtime_lag`, level 5, in the liveness group, and data `{ "lag_ms": 0.8 }`. It warns from 100 ms on, which people
/// begin to notice, and fails from 500 ms on: a kubelet waits for one second, so a service that wakes each task half a
/// second late will soon answer too late. Up to 2 ms are the resolution of the timer.
///
/// Lag comes from code that blocks the runtime's threads: a computation, a lock, a synchronous call in an `async fn`. One run
/// is one sample. A runtime that is blocked altogether never wakes the task, and the check fails as timed out;
/// that is visible only if another thread answers, see `serve_isolated`. At another level than 5 the probe is in no group.
///
/// A failing liveness check restarts the process. A restart helps a blocked process, and harms an overloaded one, so let the
/// orchestrator wait for several failures in a row (`failureThreshold`).
///
/// It is a start-up error if a threshold is zero, if the one to fail is below the one to warn, or if the timeout is too short
/// for them.
///
/// ```
/// use std::time::Duration;
///
/// use health_runtime::{Registry, probes};
///
/// let lag = probes::runtime_lag().warn_after(Duration::from_millis(50));
/// let registry = Registry::builder().check(lag).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn runtime_lag() -> RuntimeLagProbe {
    RuntimeLagProbe {
        check: idle_check("runtime_lag", Level::L5),
        warn_after: Duration::from_millis(100),
        fail_after: Duration::from_millis(500),
    }
}

impl RuntimeLagProbe {
    /// Sets the lag from which on it warns. Default: 100 ms.
    pub fn warn_after(mut self, lag: Duration) -> Self {
        self.warn_after = lag;
        self
    }

    /// Sets the lag from which on it fails. Default: 500 ms. It has to be below [`timeout`](Self::timeout).
    /// A group's report ends after 900 ms, so it shows a longer lag as timed out.
    pub fn fail_after(mut self, lag: Duration) -> Self {
        self.fail_after = lag;
        self
    }

    async fn look(&self, _: Deadline) -> Result<Duration, String> {
        let due = Instant::now() + SLEEP_TIME;
        sleep_until(due).await;
        Ok(due.elapsed())
    }

    fn faults(&self) -> Vec<String> {
        let Self { warn_after, fail_after, .. } = *self;
        let timeout = self.check.spec().timeout();
        let zero = warn_after.is_zero().then(|| "its threshold to warn is zero, which every task exceeds".to_owned());
        let order = (fail_after < warn_after)
            .then(|| format!("its threshold to fail, {fail_after:?}, is below the one to warn, {warn_after:?}"));
        let late = (SLEEP_TIME.saturating_add(fail_after) >= timeout).then(|| {
            format!("its timeout of {timeout:?} is too short to see a lag of {fail_after:?}; set a longer `timeout`")
        });
        [zero, order, late].into_iter().flatten().collect()
    }

    fn judge(&self, lag: Duration) -> Outcome {
        let outcome = if lag >= self.fail_after {
            Outcome::fail(format!("a task woke {lag:.0?} late; it fails from {:?} on", self.fail_after))
        } else if lag >= self.warn_after {
            Outcome::warn(format!("a task woke {lag:.0?} late; it warns from {:?} on", self.warn_after))
        } else {
            Outcome::pass()
        };
        let milliseconds = (lag.as_secs_f64() * 1e4).round() / 10.0;
        outcome.with_data(json!({ "lag_ms": milliseconds }))
    }
}
