//! Probe of the file descriptors of this process.

use serde::Serialize;

use super::{
    percent::{PercentLimits, format_apart, percent_of},
    proc_files::{count_descriptors, read, soft_limit},
};
use crate::{
    model::{Level, Outcome, Status},
    probes::probe::{idle_check, judged, probe},
};

probe! {
    /// The probe of [`probes::open_files`](open_files()).
    pub struct OpenFilesProbe { limits: PercentLimits }

    /// Counts once. It blocks, usually for less than a millisecond.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 2)]` above it.
    /// fn descriptors() -> Outcome {
    ///     probes::open_files().fail_above(90.0).observe()
    /// }
    /// # assert!(descriptors().data().is_some());
    /// ```
    blocking fn observe;
}

/// Checks how many of the file descriptors that this process may have are open: files, sockets, pipes, timers. On Linux only.
///
/// Name `open_files`, level 2, blocking, in no group. At the limit (`ulimit -n`, the soft limit) nothing can be opened and no connection be
/// accepted: "Too many open files". A leak of descriptors shows here long before that.
///
/// | data | |
/// |---|---|
/// | `open_files` | number of open descriptors |
/// | `max_open_files` | the limit; `null` if there is none, which passes |
///
/// Before Linux 6.2 a run opens one descriptor and walks over all of them.
///
/// It is a start-up error if a percentage is outside of 0 to 100, or if the one to fail is below the one to warn.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::open_files().warn_above(50.0)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn open_files() -> OpenFilesProbe {
    OpenFilesProbe {
        check: idle_check("open_files", Level::L2),
        limits: PercentLimits { warn_above: 80.0, fail_above: 95.0 },
    }
}

impl OpenFilesProbe {
    /// Sets the used percentage of the limit above which it warns. Default: 80.
    pub fn warn_above(mut self, percent: f64) -> Self {
        self.limits.warn_above = percent;
        self
    }

    /// Sets the used percentage of the limit above which it fails. Default: 95, which leaves some for the health endpoint.
    /// 100 never fails.
    pub fn fail_above(mut self, percent: f64) -> Self {
        self.limits.fail_above = percent;
        self
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    fn look(&self) -> Result<OpenFilesData, String> {
        // Counted first: the other one needs a descriptor, and says so if there is none.
        let open_files = count_descriptors()?;
        let limits = read("/proc/self/limits")?;
        let max = soft_limit(&limits, "Max open files").ok_or("`/proc/self/limits` names no limit of open files")?;
        Ok(OpenFilesData { open_files, max_open_files: (max < u64::MAX).then_some(max) })
    }

    fn faults(&self) -> Option<String> {
        self.limits.fault("open files'")
    }

    fn judge(&self, data: OpenFilesData) -> Outcome {
        let Some(max) = data.max_open_files else { return judged(Status::Pass, data, None) };
        let percent = percent_of(data.open_files, max);
        let (status, limit) = self.limits.judge(percent);
        let message = limit.map(|limit| {
            let percent = format_apart(percent, limit, 1);
            format!("{percent} % of the {max} file descriptors that it may have are open, more than {limit} %")
        });
        judged(status, data, message)
    }
}

#[derive(Serialize)]
struct OpenFilesData {
    open_files: u64,
    max_open_files: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_the_limit_decides() {
        for (open_files, max_open_files, status) in [
            (0, Some(100), Status::Pass),
            (80, Some(100), Status::Pass),
            (81, Some(100), Status::Warn),
            (96, Some(100), Status::Fail),
            (101, Some(100), Status::Fail),
            (0, Some(0), Status::Fail),
            (1_000_000, None, Status::Pass),
        ] {
            let outcome = super::open_files().judge(OpenFilesData { open_files, max_open_files });
            assert_eq!(outcome.status(), status, "{open_files} {max_open_files:?}");
        }
        let outcome = open_files().judge(OpenFilesData { open_files: 1_000, max_open_files: Some(1_024) });
        let message = "97.7 % of the 1024 file descriptors that it may have are open, more than 95 %";
        assert_eq!(outcome.message(), Some(message));
    }
}
