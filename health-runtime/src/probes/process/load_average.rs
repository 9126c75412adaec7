//! Probe of the load of the machine.

use serde::Serialize;

use super::{
    percent::{format_apart, to_f64},
    proc_files::read,
};
use crate::{
    details::Details,
    model::{IntoOutcome, Level, Outcome},
    probes::probe::{idle_check, probe},
};

const LOAD_FILE: &str = "/proc/loadavg";
const CORES_FILE: &str = "/sys/devices/system/cpu/online";

probe! {
    /// The probe of [`probes::load_average`](load_average()).
    pub struct LoadAverageProbe { warn_above: f64, fail_above: Option<f64> }

    /// Reads it once. It blocks, usually for less than a millisecond.
    blocking fn observe;
}

/// Checks the load average of the machine for each of its cores, over five minutes. On Linux only.
///
/// Name `load_average`, level 4, blocking, in no group. The load counts threads that run, wait for a core, or wait for a
/// disk. In a container it is that of the whole node, and so are the cores; [`probes::pressure`](super::pressure()) tells more, and of
/// the container alone. It warns above 2 for each core, and never fails unless you say so.
///
/// | data | |
/// |---|---|
/// | `load_1m`, `load_5m`, `load_15m` | load averages over 1, 5 and 15 minutes |
/// | `cores` | number of cores that are online |
///
/// It is a start-up error if a limit is negative, or if the one to fail is below the one to warn.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::load_average().warn_above(1.5).fail_above(20.0)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn load_average() -> LoadAverageProbe {
    LoadAverageProbe { check: idle_check("load_average", Level::L4), warn_above: 2.0, fail_above: None }
}

impl LoadAverageProbe {
    /// Sets the load for each core above which it warns. Default: 2.
    pub fn warn_above(mut self, load: f64) -> Self {
        self.warn_above = load;
        self
    }

    /// Sets the load for each core above which it fails. Default: none, because a machine under load still works.
    pub fn fail_above(mut self, load: f64) -> Self {
        self.fail_above = Some(load);
        self
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    fn look(&self) -> Result<LoadData, String> {
        let averages = load_averages(&read(LOAD_FILE)?).ok_or_else(|| format!("`{LOAD_FILE}` has no load averages"))?;
        let cores = count_cores(&read(CORES_FILE)?).ok_or_else(|| format!("`{CORES_FILE}` names no cores"))?;
        Ok(LoadData { load_1m: averages[0], load_5m: averages[1], load_15m: averages[2], cores })
    }

    fn faults(&self) -> Option<String> {
        let (warn, fail) = (self.warn_above, self.fail_above.unwrap_or(f64::INFINITY));
        // NaN is in no range, so it is a fault too.
        let is_valid = (0.0..=fail).contains(&warn);
        (!is_valid).then(|| format!("load limits must satisfy 0 <= warn <= fail, not warn {warn}, fail {fail}"))
    }

    fn judge(&self, data: LoadData) -> Outcome {
        let LoadData { load_5m, cores, .. } = data;
        let by_core = load_5m / to_f64(cores);
        let message = |limit: f64| {
            let by_core = format_apart(by_core, limit, 2);
            format!("the load over five minutes is {load_5m} on {cores} cores, {by_core} for each, more than {limit}")
        };
        if let Some(limit) = self.fail_above.filter(|limit| by_core > *limit) {
            Details::fail(data, message(limit))
        } else if by_core > self.warn_above {
            Details::warn(data, message(self.warn_above))
        } else {
            Details::pass(data)
        }
        .into_outcome()
    }
}

#[derive(Serialize)]
struct LoadData {
    load_1m: f64,
    load_5m: f64,
    load_15m: f64,
    cores: u64,
}

/// Parses the first three numbers of `/proc/loadavg`.
fn load_averages(text: &str) -> Option<[f64; 3]> {
    let numbers = text.split_whitespace().take(3).filter_map(|word| word.parse().ok());
    let numbers: Vec<f64> = numbers.filter(|load: &f64| load.is_finite() && *load >= 0.0).collect();
    numbers.try_into().ok()
}

/// Counts the cores in a list of ranges such as `0-3,8`; `None` if there are none.
fn count_cores(ranges: &str) -> Option<u64> {
    let count = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    let mut cores: u64 = 0;
    for range in ranges.trim().split(',') {
        cores = cores.checked_add(count(range)?)?;
    }
    (cores > 0).then_some(cores)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Status;

    fn load(load_5m: f64) -> LoadData {
        LoadData { load_1m: 0.0, load_5m, load_15m: 0.0, cores: 4 }
    }

    #[test]
    fn files_of_the_kernel_are_parsed() {
        assert_eq!(load_averages("1.76 1.55 1.66 2/120 12740\n"), Some([1.76, 1.55, 1.66]));
        for text in ["", "1 2", "1 2 x", "nan 1 1", "-1 1 1", "inf 1 1"] {
            assert_eq!(load_averages(text), None, "{text}");
        }
        for (list, cores) in [("0\n", 1), ("0-3\n", 4), ("0-3,8,10-11\n", 7)] {
            assert_eq!(count_cores(list), Some(cores), "{list}");
        }
        for list in ["", "\n", "3-0", "a", "0-", "-", "0-18446744073709551615", "0,,1"] {
            assert_eq!(count_cores(list), None, "{list}");
        }
    }

    #[test]
    fn load_of_each_core_is_judged() {
        let probe = load_average().fail_above(5.0);
        for (load_5m, status) in [(8.0, Status::Pass), (8.1, Status::Warn), (20.0, Status::Warn), (20.1, Status::Fail)]
        {
            assert_eq!(probe.judge(load(load_5m)).status(), status, "{load_5m}");
        }
        let outcome = load_average().judge(load(1e9));
        let message = "the load over five minutes is 1000000000 on 4 cores, 250000000.00 for each, more than 2";
        assert_eq!((outcome.status(), outcome.message()), (Status::Warn, Some(message)));
    }

    #[test]
    fn invalid_limits_are_faults() {
        for (warn, fail, is_valid) in [
            (0.0, 0.0, true),
            (2.0, 2.0, true),
            (3.0, 2.0, false),
            (-1.0, 2.0, false),
            (f64::NAN, 2.0, false),
            (2.0, f64::NAN, false),
        ] {
            let probe = load_average().warn_above(warn).fail_above(fail);
            assert_eq!(probe.faults().is_none(), is_valid, "{warn} {fail}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_parsed_without_panic(text in "([0-9,. \n-]|\\PC){0,40}") {
            let _ = (load_averages(&text), count_cores(&text));
        }
    }
}
