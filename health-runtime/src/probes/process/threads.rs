//! Probe of the threads of this process.

use serde::Serialize;

use super::{
    cgroup::Cgroups,
    percent::{PercentLimits, format_apart, percent_of},
    proc_files::{read, read_optional, soft_limit, status_number},
};
use crate::{
    model::{Level, Outcome, Status},
    probes::probe::{idle_check, judged, probe},
};

/// The user that has no limit of processes.
const ROOT_USER: u64 = 0;

probe! {
    /// The probe of [`probes::threads`](threads()).
    pub struct ThreadsProbe { limits: PercentLimits }

    /// Counts once. It blocks, usually for less than a millisecond.
    blocking fn observe;
}

/// Checks how many of the threads that this process may have there are. On Linux only.
///
/// Name `threads`, level 2, blocking, in no group. At the limit a new thread fails ("Resource temporarily unavailable"), and so does
/// a new process; Tokio's blocking pool panics then. Two limits count, and of those the one that is nearest:
///
/// - `pids.max` of this process's cgroups (`TasksMax` of systemd, the limit of a pod), with all tasks in them;
/// - `RLIMIT_NPROC` (`ulimit -u`), unless the user is root. The kernel counts all tasks of the user; the probe knows those
///   of this process alone, so there may be more.
///
/// | data | |
/// |---|---|
/// | `threads` | number of threads of this process |
/// | `tasks` | number of threads that count towards the nearest limit |
/// | `max_tasks` | this limit |
/// | `limited_by` | `cgroup` or `user` |
///
/// Without a limit the last three are `null`, and the check passes.
///
/// It is a start-up error if a percentage is outside of 0 to 100, or if the one to fail is below the one to warn.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::threads().warn_above(50.0)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn threads() -> ThreadsProbe {
    ThreadsProbe {
        check: idle_check("threads", Level::L2),
        limits: PercentLimits { warn_above: 80.0, fail_above: 95.0 },
    }
}

impl ThreadsProbe {
    /// Sets the used percentage of the nearest limit above which it warns. Default: 80.
    pub fn warn_above(mut self, percent: f64) -> Self {
        self.limits.warn_above = percent;
        self
    }

    /// Sets the used percentage of the nearest limit above which it fails. Default: 95. 100 never fails.
    pub fn fail_above(mut self, percent: f64) -> Self {
        self.limits.fail_above = percent;
        self
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    fn look(&self) -> Result<ThreadsData, String> {
        let status = read("/proc/self/status")?;
        let threads = status_number(&status, "Threads").ok_or("`/proc/self/status` names no number of threads")?;
        let mut limits: Vec<_> = of_cgroups();
        if status_number(&status, "Uid") != Some(ROOT_USER) {
            let max = soft_limit(&read("/proc/self/limits")?, "Max processes").filter(|max| *max < u64::MAX);
            limits.extend(max.map(|max| (threads, max, "user")));
        }
        let percent = |(tasks, max, _): &(u64, u64, _)| percent_of(*tasks, *max);
        let nearest = limits.into_iter().max_by(|one, other| percent(one).total_cmp(&percent(other)));
        let (tasks, max_tasks, limited_by) = match nearest {
            Some((tasks, max, limited_by)) => (Some(tasks), Some(max), Some(limited_by)),
            None => (None, None, None),
        };
        Ok(ThreadsData { threads, tasks, max_tasks, limited_by })
    }

    fn faults(&self) -> Option<String> {
        self.limits.fault("threads'")
    }

    fn judge(&self, data: ThreadsData) -> Outcome {
        let (Some(tasks), Some(max)) = (data.tasks, data.max_tasks) else {
            return judged(Status::Pass, data, None);
        };
        let percent = percent_of(tasks, max);
        let (status, limit) = self.limits.judge(percent);
        let owner = data.limited_by.unwrap_or_default();
        let message = limit.map(|limit| {
            let percent = format_apart(percent, limit, 1);
            format!("{percent} % of the {max} tasks of its {owner} exist, more than {limit} %")
        });
        judged(status, data, message)
    }
}

/// Returns the tasks in each limited cgroup of this process, with its limit.
fn of_cgroups() -> Vec<(u64, u64, &'static str)> {
    let folders = Cgroups::with_controller("pids", read_optional).map(|cgroups| cgroups.folders).unwrap_or_default();
    let number = |text: Option<String>| text?.trim().parse().ok();
    let usage = |folder: &std::path::PathBuf| {
        let max = number(read_optional(&folder.join("pids.max")))?;
        Some((number(read_optional(&folder.join("pids.current")))?, max, "cgroup"))
    };
    folders.iter().filter_map(usage).collect()
}

#[derive(Serialize)]
struct ThreadsData {
    threads: u64,
    tasks: Option<u64>,
    max_tasks: Option<u64>,
    limited_by: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_the_nearest_limit_decides() {
        for (limit, status) in [
            (Some((80, 100)), Status::Pass),
            (Some((81, 100)), Status::Warn),
            (Some((100, 100)), Status::Fail),
            (None, Status::Pass),
        ] {
            let (tasks, max_tasks) = limit.unzip();
            let data = ThreadsData { threads: 7, tasks, max_tasks, limited_by: limit.map(|_| "cgroup") };
            let outcome = threads().judge(data);
            assert_eq!(outcome.status(), status, "{limit:?}");
            if status == Status::Fail {
                let message = "100.0 % of the 100 tasks of its cgroup exist, more than 95 %";
                assert_eq!(outcome.message(), Some(message));
            }
        }
    }
}
