//! Probe of the used memory.

use serde::Serialize;

use super::{
    memory_usage::MemoryUsage,
    probe::{idle_check, judged, probe},
    process::{PercentLimits, format_apart, rounded, to_f64},
};
use crate::model::{Level, Outcome};

probe! {
    /// The probe of [`probes::memory`](memory()).
    pub struct MemoryProbe { limits: PercentLimits }

    /// Measures once. It blocks, usually for less than a millisecond: the kernel adds up a cgroup's memory on each read.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 2, flatten)]` above it.
    /// fn memory() -> Outcome {
    ///     probes::memory().fail_above(99.0).observe()
    /// }
    /// # assert!(memory().data().is_some());
    /// ```
    blocking fn observe;
}

/// Checks how much memory is used: of the machine, or of its cgroup's limit if that is less.
///
/// Name `memory`, level 2, blocking, and its data stands in the level itself (see [`Check::flatten`](crate::Check::flatten)):
/// `{ "%_ram_used": 56.0, "gb_ram_used": 8.3877888 }`, percent with one decimal and gigabytes of 10⁹ bytes.
///
/// Used memory is memory that the kernel cannot reclaim at once, so file caches do not count. In a
/// container (cgroups v1 and v2, also those that systemd makes for a service) it is the anonymous memory of
/// the cgroup; shared memory and kernel memory of the cgroup are not in the number.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::memory().warn_above(80.0)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn memory() -> MemoryProbe {
    MemoryProbe {
        check: idle_check("memory", Level::L2).flatten(true),
        limits: PercentLimits { warn_above: 90.0, fail_above: 95.0 },
    }
}

impl MemoryProbe {
    /// Sets the used percentage above which it warns. Default: 90, which is really short of memory, because caches do not
    /// count. A percentage outside of 0 to 100, or above the one to fail, is a start-up error.
    pub fn warn_above(mut self, percent: f64) -> Self {
        self.limits.warn_above = percent;
        self
    }

    /// Sets the used percentage above which it fails. Default: 95, because at 100 the kernel kills the
    /// process, and no report is made anymore. 100 never fails. A percentage outside of 0 to 100 is a start-up error.
    pub fn fail_above(mut self, percent: f64) -> Self {
        self.limits.fail_above = percent;
        self
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    fn look(&self) -> Result<MemoryUsage, String> {
        MemoryUsage::of_this_process()
    }

    fn faults(&self) -> Option<String> {
        self.limits.fault("memory")
    }

    fn judge(&self, usage: MemoryUsage) -> Outcome {
        let percent = usage.percent();
        let data = MemoryData { percent: rounded(percent), gigabytes: to_f64(usage.used) / 1e9 };
        let (status, limit) = self.limits.judge(percent);
        let message = limit.map(|limit| {
            let percent = format_apart(percent, limit, 1);
            format!("{percent} % of memory is used, more than {limit} %")
        });
        judged(status, data, message)
    }
}

#[derive(Serialize)]
struct MemoryData {
    #[serde(rename = "%_ram_used")]
    percent: f64,
    #[serde(rename = "gb_ram_used")]
    gigabytes: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use serde_json::json;

    fn memory_with(warn_above: f64, fail_above: f64) -> MemoryProbe {
        memory().warn_above(warn_above).fail_above(fail_above)
    }

    #[test]
    fn status_turns_above_the_limits() {
        let judge = |used| memory_with(90.0, 95.0).judge(MemoryUsage { total: 1_000, used });
        for (used, status) in [
            (0, Status::Pass),
            (900, Status::Pass),
            (901, Status::Warn),
            (950, Status::Warn),
            (951, Status::Fail),
            (2_000, Status::Fail),
        ] {
            assert_eq!(judge(used).status(), status, "{used}");
        }
        assert_eq!(judge(951).message(), Some("95.1 % of memory is used, more than 95 %"));
        let close = memory_with(90.0, 95.0).judge(MemoryUsage { total: 100_000, used: 95_004 });
        assert_eq!(close.message(), Some("95.004 % of memory is used, more than 95 %"));

        let usage = MemoryUsage { total: 14_978_194_286, used: 8_387_788_800 };
        let sample = memory_with(90.0, 95.0).judge(usage);
        assert_eq!(sample.data(), Some(&json!({ "%_ram_used": 56.0, "gb_ram_used": 8.387_788_8 })));
    }

    #[test]
    fn invalid_limits_are_faults() {
        for (warn, fail, is_valid) in [
            (90.0, 95.0, true),
            (0.0, 0.0, true),
            (100.0, 100.0, true),
            (96.0, 95.0, false),
            (-1.0, 95.0, false),
            (90.0, 100.1, false),
            (f64::NAN, 95.0, false),
            (90.0, f64::NAN, false),
        ] {
            assert_eq!(memory_with(warn, fail).faults().is_none(), is_valid, "{warn} {fail}");
        }
    }
}
