//! Probe of the workers and tasks of a Tokio runtime.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{
    runtime::{Handle, RuntimeMetrics},
    time::Instant,
};

use super::percent::{PercentLimits, rounded};
use crate::{
    model::{Level, Outcome, Status},
    probes::probe::{idle_check, judged, probe},
    sync::{Mutex, lock},
};

/// Shortest time that is measured: workers add up their time only when they pause.
const MIN_WINDOW: Duration = Duration::from_millis(100);

probe! {
    /// The probe of [`probes::runtime_load`](runtime_load()).
    pub struct RuntimeLoadProbe {
        limits: PercentLimits,
        max_tasks: Option<usize>,
        runtime: Option<Handle>,
        last: Arc<Mutex<Option<Sample>>>,
    }

    /// Reads the runtime's metrics once. It neither blocks nor waits.
    instant fn observe;
}

/// Checks how busy the workers of a Tokio runtime are, and how many tasks it has.
///
/// Name `runtime_load`, level 5, in no group. [`probes::runtime_lag`](crate::probes::runtime_lag()) measures what this does to a task; this one
/// tells the reason: all workers busy, or ever more tasks.
///
/// | data | |
/// |---|---|
/// | `busy_percent` | time in which the workers ran tasks since the run before, as a percentage of all their time, with one decimal; `null` in the first run |
/// | `workers` | number of worker threads |
/// | `alive_tasks` | number of tasks that have not ended |
/// | `queued_tasks` | number of tasks in the global queue, which wait for a worker |
///
/// The share is counted between two runs that are at least 100 ms apart; a run in between repeats the last one. A worker
/// that one task blocks adds its time when the task yields. The length of the queue of the blocking pool is
/// not measured: Tokio tells it under `--cfg tokio_unstable` alone.
///
/// It is a start-up error if a percentage is outside of 0 to 100, or if the one to fail is below the one to warn.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::runtime_load().max_tasks(100_000)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn runtime_load() -> RuntimeLoadProbe {
    RuntimeLoadProbe {
        check: idle_check("runtime_load", Level::L5),
        limits: PercentLimits { warn_above: 90.0, fail_above: 100.0 },
        max_tasks: None,
        runtime: None,
        last: Arc::default(),
    }
}

impl RuntimeLoadProbe {
    /// Sets the percentage of busy time above which it warns. Default: 90.
    pub fn warn_above(mut self, percent: f64) -> Self {
        self.limits.warn_above = percent;
        self
    }

    /// Sets the percentage of busy time above which it fails. Default: 100, which never fails: a busy process works.
    pub fn fail_above(mut self, percent: f64) -> Self {
        self.limits.fail_above = percent;
        self
    }

    /// Sets the number of alive tasks above which it fails: more of them are a leak. Default: any.
    pub fn max_tasks(mut self, tasks: usize) -> Self {
        self.max_tasks = Some(tasks);
        self
    }

    /// Sets the runtime that is measured. Default: the one that runs the check.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    fn look(&self) -> Result<RuntimeLoadData, String> {
        let runtime = self.runtime.clone().or_else(|| Handle::try_current().ok());
        let runtime = runtime.ok_or("no Tokio runtime runs this check; set one by `runtime`")?;
        let metrics = runtime.metrics();
        Ok(RuntimeLoadData {
            busy_percent: self.busy_percent(&metrics),
            workers: metrics.num_workers(),
            alive_tasks: metrics.num_alive_tasks(),
            queued_tasks: metrics.global_queue_depth(),
        })
    }

    fn busy_percent(&self, metrics: &RuntimeMetrics) -> Option<f64> {
        let workers = metrics.num_workers();
        let busy = (0..workers).map(|worker| metrics.worker_total_busy_duration(worker)).sum();
        let mut last = lock(&self.last);
        let sample = Sample { at: Instant::now(), busy, percent: None };
        let Some(before) = &*last else {
            *last = Some(sample);
            return None;
        };
        let elapsed = sample.at - before.at;
        if elapsed < MIN_WINDOW {
            return before.percent;
        }
        let all = elapsed.as_secs_f64() * f64::from(u32::try_from(workers).unwrap_or(u32::MAX));
        let share = busy.saturating_sub(before.busy).as_secs_f64() / all;
        let percent = Some(rounded((share * 100.0).min(100.0)));
        *last = Some(Sample { percent, ..sample });
        percent
    }

    fn faults(&self) -> Option<String> {
        self.limits.fault("busy time's")
    }

    fn judge(&self, data: RuntimeLoadData) -> Outcome {
        let (busy, limit) = self.limits.judge(data.busy_percent.unwrap_or_default());
        let busy_text = limit
            .zip(data.busy_percent)
            .map(|(limit, percent)| format!("its workers were busy for {percent} % of the time, more than {limit} %"));
        let tasks_text = self
            .max_tasks
            .filter(|max| data.alive_tasks > *max)
            .map(|max| format!("it has {} alive tasks, more than {max}", data.alive_tasks));
        let status = if tasks_text.is_some() { Status::Fail } else { busy };
        let message = busy_text.into_iter().chain(tasks_text).collect::<Vec<_>>().join("; ");
        judged(status, data, Some(message))
    }
}

/// The time that all workers were busy, up to a moment.
#[derive(Debug)]
struct Sample {
    at: Instant,
    busy: Duration,
    /// The share since the sample before.
    percent: Option<f64>,
}

#[derive(Serialize)]
struct RuntimeLoadData {
    busy_percent: Option<f64>,
    workers: usize,
    alive_tasks: usize,
    queued_tasks: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_and_tasks_are_judged() {
        let probe = runtime_load().max_tasks(10);
        for (busy_percent, alive_tasks, status) in [
            (None, 10, Status::Pass),
            (Some(90.0), 10, Status::Pass),
            (Some(90.1), 0, Status::Warn),
            (Some(100.0), 0, Status::Warn),
            (None, 11, Status::Fail),
        ] {
            let data = RuntimeLoadData { busy_percent, workers: 2, alive_tasks, queued_tasks: 0 };
            assert_eq!(probe.judge(data).status(), status, "{busy_percent:?} {alive_tasks}");
        }
        let data = RuntimeLoadData { busy_percent: Some(95.5), workers: 2, alive_tasks: 11, queued_tasks: 0 };
        let message =
            "its workers were busy for 95.5 % of the time, more than 90 %; it has 11 alive tasks, more than 10";
        assert_eq!(probe.judge(data).message(), Some(message));
        let data = RuntimeLoadData { busy_percent: None, workers: 2, alive_tasks: 0, queued_tasks: 0 };
        assert_eq!(probe.warn_above(0.0).judge(data).status(), Status::Pass, "nothing was measured");
    }
}
