//! How late the runtime wakes a task.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::Probe;
use crate::model::{Check, Level, Outcome, Work};

/// How long the task sleeps that is to be woken: longer than the grain of Tokio's timer, which is a millisecond.
const SLEEP: Duration = Duration::from_millis(10);

/// The kind of [`probes::runtime_lag`](runtime_lag()).
#[derive(Clone, Debug)]
pub struct RuntimeLag {
    warn_after: Duration,
    fail_after: Duration,
}

/// Whether the runtime wakes its tasks in time: a task sleeps for 10 ms, and what it sleeps longer is the lag.
///
/// Name `runtime_lag`, level 5, in the liveness group, and data `{ "lag_ms": 0.8 }`. It warns from 100 ms on, which people
/// begin to notice, and fails from 500 ms on: a kubelet waits for one second, so that a service which wakes each task half a
/// second late does not answer it in time for much longer. Up to 2 ms are the timer's own grain.
///
/// What is late is what blocks the runtime's threads: a computation, a lock, a synchronous call in an `async fn`. One run
/// is one sample. A runtime that is stuck altogether never wakes the task, and the check fails as timed out;
/// that is seen only if somebody else answers, see `serve_isolated`. At another level than 5 it is in no group.
///
/// A failing liveness check restarts the process. That helps one that is stuck, and harms one that merely has too much
/// to do, so let the orchestrator wait for several failures in a row (`failureThreshold`).
///
/// A threshold of zero, one to fail below the one to warn, or one that the timeout does not leave time for, is a start-up
/// error.
///
/// ```
/// use std::time::Duration;
///
/// use health_runtime::{Registry, probes};
///
/// let lag = probes::runtime_lag().with_warn_after(Duration::from_millis(50));
/// let registry = Registry::builder().check(lag).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn runtime_lag() -> Probe<RuntimeLag> {
    let kind = RuntimeLag { warn_after: Duration::from_millis(100), fail_after: Duration::from_millis(500) };
    Probe::new("runtime_lag", Level::L5, kind)
}

impl Probe<RuntimeLag> {
    /// Sets the lag from which on it warns. Default: 100 ms.
    pub fn with_warn_after(mut self, lag: Duration) -> Self {
        self.kind.warn_after = lag;
        self
    }

    /// Sets the lag from which on it fails. Default: 500 ms. It has to be below [`with_timeout`](Probe::with_timeout),
    /// and a group's report is over after 900 ms: a lag beyond that is reported as timed out.
    pub fn with_fail_after(mut self, lag: Duration) -> Self {
        self.kind.fail_after = lag;
        self
    }

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
    ///
    /// # Cancellation
    /// Dropping the future is safe.
    ///
    /// # Panics
    /// Outside of a Tokio runtime with a timer.
    pub async fn observe(&self) -> Outcome {
        let due = Instant::now() + SLEEP;
        sleep_until(due).await;
        self.kind.judge(due.elapsed())
    }

    fn faults(&self) -> impl Iterator<Item = String> + use<> {
        let RuntimeLag { warn_after, fail_after } = self.kind;
        let timeout = self.timeout();
        let zero = warn_after.is_zero().then(|| "every runtime wakes a task later than in no time at all".to_owned());
        let order = (fail_after < warn_after)
            .then(|| format!("it cannot fail from {fail_after:?} on, and warn from {warn_after:?} on"));
        let late = (SLEEP.saturating_add(fail_after) >= timeout).then(|| {
            format!("with a timeout of {timeout:?} it cannot see a lag of {fail_after:?}; give it `with_timeout`")
        });
        [zero, order, late].into_iter().flatten()
    }
}

impl RuntimeLag {
    fn judge(&self, lag: Duration) -> Outcome {
        let outcome = if lag >= self.fail_after {
            Outcome::fail(format!("a task was woken {lag:.0?} late, and {:?} is too much", self.fail_after))
        } else if lag >= self.warn_after {
            Outcome::warn(format!("a task was woken {lag:.0?} late, and {:?} is much", self.warn_after))
        } else {
            Outcome::pass()
        };
        let milliseconds = (lag.as_secs_f64() * 1e4).round() / 10.0;
        outcome.with_data(json!({ "lag_ms": milliseconds }))
    }
}

#[diagnostic::do_not_recommend]
impl From<Probe<RuntimeLag>> for Check {
    fn from(probe: Probe<RuntimeLag>) -> Self {
        let check = probe.clone().into_check(probe.faults(), |probe| {
            let probe = Arc::new(probe);
            Work::task(move || {
                let probe = Arc::clone(&probe);
                async move { probe.observe().await }
            })
        });
        if check.spec().level() == Level::L5 { check.liveness() } else { check }
    }
}
