//! How much memory is left.

use serde::Serialize;

use super::{
    Probe,
    memory_usage::{MemoryUsage, to_f64},
};
use crate::{
    details::Details,
    model::{Check, IntoOutcome, Level, Outcome, Work},
};

/// The kind of [`probes::memory`](memory()).
#[derive(Clone, Debug)]
pub struct Memory {
    warn_above: f64,
    fail_above: f64,
}

/// How much memory is used: of the machine, or of what its cgroup may use where that is less.
///
/// Name `memory`, level 2, blocking, and its data stands in the level itself (see [`Check::flatten`]):
/// `{ "%_ram_used": 56.0, "gb_ram_used": 8.3877888 }`, percent with one decimal and gigabytes of 10⁹ bytes.
///
/// What counts as used is what the kernel cannot take back at once: caches of files do not count. In a
/// container (cgroups v1 and v2, also those that systemd makes for a service) that is the anonymous memory of
/// the cgroup; its shared memory and what the kernel holds on its behalf are not in the number.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::memory().with_warn_above(80.0)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn memory() -> Probe<Memory> {
    Probe::new("memory", Level::L2, Memory { warn_above: 90.0, fail_above: 95.0 }).flatten(true)
}

impl Probe<Memory> {
    /// Sets the percentage in use above which it warns. Default: 90, since caches are not in it: then memory
    /// is really short. Outside of 0 to 100, or above the limit for failing, it is a start-up error.
    pub fn with_warn_above(mut self, percent: f64) -> Self {
        self.kind.warn_above = percent;
        self
    }

    /// Sets the percentage in use above which it fails. Default: 95, since at 100 the kernel kills the
    /// process, and nobody can be told anymore. 100 never fails. Outside of 0 to 100 is a start-up error.
    pub fn with_fail_above(mut self, percent: f64) -> Self {
        self.kind.fail_above = percent;
        self
    }

    /// Looks once. It blocks, as a rule for less than a millisecond: the kernel adds up a cgroup's memory
    /// when it is asked.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 2, flatten)]` above it.
    /// fn memory() -> Outcome {
    ///     probes::memory().with_fail_above(99.0).observe()
    /// }
    /// # assert!(memory().data().is_some());
    /// ```
    #[must_use]
    pub fn observe(&self) -> Outcome {
        if let Some(fault) = self.kind.fault() {
            return Outcome::fail(fault);
        }
        match MemoryUsage::of_this_process() {
            Ok(usage) => self.kind.judge(usage),
            Err(message) => Outcome::fail(message),
        }
    }
}

#[diagnostic::do_not_recommend]
impl From<Probe<Memory>> for Check {
    fn from(probe: Probe<Memory>) -> Self {
        let fault = probe.kind.fault();
        probe.into_check(fault, |probe| Work::blocking(move || probe.observe()))
    }
}

impl Memory {
    fn fault(&self) -> Option<String> {
        let Self { warn_above, fail_above } = self;
        // Asked this way round, so that NaN is a fault too.
        let is_legal = (0.0..=100.0).contains(fail_above) && (0.0..=*fail_above).contains(warn_above);
        (!is_legal).then(|| {
            format!(
                "memory limits must satisfy 0 <= warn <= fail <= 100 percent, not warn {warn_above}, fail {fail_above}"
            )
        })
    }

    fn judge(&self, usage: MemoryUsage) -> Outcome {
        let percent = usage.percent();
        let facts = Facts { percent: (percent * 10.0).round() / 10.0, gigabytes: to_f64(usage.used) / 1e9 };
        let message = |limit: f64| format!("{percent:.1} % of memory is used, more than {limit} %");
        if percent > self.fail_above {
            Details::fail(facts, message(self.fail_above))
        } else if percent > self.warn_above {
            Details::warn(facts, message(self.warn_above))
        } else {
            Details::pass(facts)
        }
        .into_outcome()
    }
}

#[derive(Serialize)]
struct Facts {
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

    fn memory_of(warn_above: f64, fail_above: f64) -> Memory {
        Memory { warn_above, fail_above }
    }

    #[test]
    fn data_and_verdict_at_the_limits() {
        let judge = |used| memory_of(90.0, 95.0).judge(MemoryUsage { total: 1_000, used });
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

        let usage = MemoryUsage { total: 14_978_194_286, used: 8_387_788_800 };
        let sample = memory_of(90.0, 95.0).judge(usage);
        assert_eq!(sample.data(), Some(&json!({ "%_ram_used": 56.0, "gb_ram_used": 8.387_788_8 })));
    }

    #[test]
    fn limits_that_cannot_be_meant_are_faults() {
        for (warn, fail, legal) in [
            (90.0, 95.0, true),
            (0.0, 0.0, true),
            (100.0, 100.0, true),
            (96.0, 95.0, false),
            (-1.0, 95.0, false),
            (90.0, 100.1, false),
            (f64::NAN, 95.0, false),
            (90.0, f64::NAN, false),
        ] {
            assert_eq!(memory_of(warn, fail).fault().is_none(), legal, "{warn} {fail}");
        }
    }
}
