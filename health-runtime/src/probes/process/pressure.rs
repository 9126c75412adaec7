//! Probe of the time for which tasks wait for processors, memory and disks.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    cgroup::{CgroupVersion, Cgroups},
    percent::PercentLimits,
    proc_files::read_optional,
};
use crate::{
    model::{Level, Outcome, Status},
    probes::probe::{idle_check, judged, probe},
};

/// The error of a kernel that was started without this measurement (`EOPNOTSUPP`).
const NOT_SUPPORTED: i32 = 95;

probe! {
    /// The probe of [`probes::pressure`](pressure()).
    pub struct PressureProbe { cpu: PercentLimits, memory: PercentLimits, io: PercentLimits }

    /// Reads it once. It blocks, usually for less than a millisecond.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 4)]` above it.
    /// fn pressure() -> Outcome {
    ///     probes::pressure().memory_above(10.0, 40.0).observe()
    /// }
    /// # let _ = pressure();
    /// ```
    blocking fn observe;
}

/// Checks for which part of the time tasks wait for a processor, for memory or for a disk: the kernel's "pressure stall
/// information". On Linux only, since 4.20.
///
/// Name `pressure`, level 4, blocking, in no group. It reads the cgroup of this process (version 2), which is the container
/// or the unit of systemd, and the whole machine where the cgroup has no such files. Unlike the load, it says whether work suffers.
///
/// The percentage of the last minute in which at least one task waited (`some avg60`) is judged:
///
/// | resource | warns above | fails above |
/// |---|---|---|
/// | `cpu` | 80 | never |
/// | `memory`: the kernel takes pages away that are needed again at once | 20 | 60 |
/// | `io` | 80 | never |
///
/// | data | |
/// |---|---|
/// | `scope` | `cgroup` or `machine`; `null` without support of the kernel |
/// | `cpu`, `memory`, `io` | each with the percentages `some_avg10` and `some_avg60` of the last 10 and 60 seconds in which at least one task waited, and `full_avg10` and `full_avg60`, in which all of them did |
///
/// Without support of the kernel (`CONFIG_PSI`; some distributions need `psi=1` on its command line; gVisor) the check passes
/// and says so.
///
/// It is a start-up error if a percentage is outside of 0 to 100, or if the one to fail is below the one to warn.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::pressure().cpu_above(50.0, 90.0)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn pressure() -> PressureProbe {
    let limits = |warn_above, fail_above| PercentLimits { warn_above, fail_above };
    PressureProbe {
        check: idle_check("pressure", Level::L4),
        cpu: limits(80.0, 100.0),
        memory: limits(20.0, 60.0),
        io: limits(80.0, 100.0),
    }
}

impl PressureProbe {
    /// Sets the percentages of time with a task that waits for a processor, above which it warns and fails. Default: 80 and 100, which
    /// never fails.
    pub fn cpu_above(mut self, warn: f64, fail: f64) -> Self {
        self.cpu = PercentLimits { warn_above: warn, fail_above: fail };
        self
    }

    /// Sets the percentages of time with a task that waits for memory, above which it warns and fails. Default: 20 and 60.
    pub fn memory_above(mut self, warn: f64, fail: f64) -> Self {
        self.memory = PercentLimits { warn_above: warn, fail_above: fail };
        self
    }

    /// Sets the percentages of time with a task that waits for a disk, above which it warns and fails. Default: 80 and 100, which never
    /// fails.
    pub fn io_above(mut self, warn: f64, fail: f64) -> Self {
        self.io = PercentLimits { warn_above: warn, fail_above: fail };
        self
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    fn look(&self) -> Result<Option<PressureData>, String> {
        let cgroups = Cgroups::with_controller("pressure", read_optional);
        let cgroups = cgroups.filter(|cgroups| cgroups.version == CgroupVersion::V2);
        let own = cgroups.and_then(|cgroups| cgroups.folders.into_iter().next());
        if let Some(folder) = own
            && let Some(data) = PressureData::read("cgroup", |resource| folder.join(format!("{resource}.pressure")))?
        {
            return Ok(Some(data));
        }
        PressureData::read("machine", |resource| Path::new("/proc/pressure").join(resource))
    }

    fn faults(&self) -> Vec<String> {
        self.resources().into_iter().filter_map(|(name, limits)| limits.fault(name)).collect()
    }

    fn resources(&self) -> [(&'static str, PercentLimits); 3] {
        [("cpu", self.cpu), ("memory", self.memory), ("io", self.io)]
    }

    fn judge(&self, data: Option<PressureData>) -> Outcome {
        let Some(data) = data else {
            let text = "this kernel does not measure pressure (`CONFIG_PSI`, `psi=1`)";
            return Outcome::pass().with_message(text).with_data(serde_json::json!({ "scope": null }));
        };
        let stalls = [data.cpu, data.memory, data.io];
        let verdicts = self.resources().into_iter().zip(stalls).map(|((name, limits), stall)| {
            let (status, limit) = limits.judge(stall.some_avg60);
            let text = limit.map(|limit| {
                let percent = stall.some_avg60;
                format!("a task waited for {name} in {percent} % of the last minute, more than {limit} %")
            });
            (status, text)
        });
        let (statuses, texts): (Vec<_>, Vec<_>) = verdicts.unzip();
        let message = texts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        judged(Status::worst(statuses), data, Some(message))
    }
}

#[derive(Clone, Copy, Serialize)]
struct PressureData {
    scope: &'static str,
    cpu: Stall,
    memory: Stall,
    io: Stall,
}

impl PressureData {
    /// Reads the files of all resources; `None` if the kernel does not have them.
    fn read(scope: &'static str, file: impl Fn(&str) -> PathBuf) -> Result<Option<Self>, String> {
        let stall = |resource| read_stall(&file(resource));
        Ok(match (stall("cpu")?, stall("memory")?, stall("io")?) {
            (Some(cpu), Some(memory), Some(io)) => Some(Self { scope, cpu, memory, io }),
            _ => None,
        })
    }
}

/// Percentages of the last 10 and 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Stall {
    some_avg10: f64,
    some_avg60: f64,
    /// Old kernels do not measure it for processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_avg10: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_avg60: Option<f64>,
}

fn read_stall(path: &Path) -> Result<Option<Stall>, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let stall = Stall::parse(&text).ok_or_else(|| format!("`{}` has no averages", path.display()))?;
            Ok(Some(stall))
        }
        Err(error) if is_unsupported(&error) => Ok(None),
        Err(error) => Err(format!("`{}` is not readable: {error}", path.display())),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) || error.raw_os_error() == Some(NOT_SUPPORTED)
}

impl Stall {
    /// Parses `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and the same line of `full`.
    fn parse(text: &str) -> Option<Self> {
        let average = |kind: &str, window: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))?;
            let value = line.split(' ').find_map(|field| field.strip_prefix(window)?.strip_prefix('='))?;
            value.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
        };
        Some(Self {
            some_avg10: average("some", "avg10")?,
            some_avg60: average("some", "avg60")?,
            full_avg10: average("full", "avg10"),
            full_avg60: average("full", "avg60"),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TEXT: &str = "some avg10=5.46 avg60=8.47 avg300=7.16 total=29967793418\n\
                        full avg10=0.00 avg60=0.15 avg300=0.00 total=0\n";

    #[test]
    fn averages_are_parsed() {
        let stall = Stall { some_avg10: 5.46, some_avg60: 8.47, full_avg10: Some(0.0), full_avg60: Some(0.15) };
        assert_eq!(Stall::parse(TEXT), Some(stall));
        let old = Stall { full_avg10: None, full_avg60: None, ..stall };
        assert_eq!(Stall::parse(TEXT.lines().next().unwrap_or_default()), Some(old));
        for text in
            ["", "some", "some avg10=1", "some avg10=x avg60=1", "some avg10=1 avg60=nan", "full avg10=1 avg60=1"]
        {
            assert_eq!(Stall::parse(text), None, "{text}");
        }
    }

    fn data(cpu: f64, memory: f64, io: f64) -> PressureData {
        let stall = |some_avg60| Stall { some_avg10: 0.0, some_avg60, full_avg10: None, full_avg60: None };
        PressureData { scope: "cgroup", cpu: stall(cpu), memory: stall(memory), io: stall(io) }
    }

    #[test]
    fn each_resource_has_its_limits() {
        for (data, status) in [
            (data(80.0, 20.0, 80.0), Status::Pass),
            (data(80.1, 0.0, 0.0), Status::Warn),
            (data(100.0, 0.0, 100.0), Status::Warn),
            (data(0.0, 60.1, 0.0), Status::Fail),
        ] {
            assert_eq!(pressure().judge(Some(data)).status(), status);
        }
        let outcome = pressure().judge(Some(data(90.5, 70.0, 0.0)));
        let message = "a task waited for cpu in 90.5 % of the last minute, more than 80 %; \
                       a task waited for memory in 70 % of the last minute, more than 60 %";
        assert_eq!((outcome.status(), outcome.message()), (Status::Fail, Some(message)));
    }

    #[test]
    fn kernel_without_support_passes_and_says_so() {
        let outcome = pressure().judge(None);
        assert_eq!(outcome.status(), Status::Pass);
        assert!(outcome.message().is_some_and(|text| text.starts_with("this kernel does not measure pressure")));
        assert_eq!(outcome.data(), Some(&json!({ "scope": null })));
        assert_eq!(read_stall(Path::new("/proc/pressure/none")), Ok(None));
        assert!(is_unsupported(&io::Error::from_raw_os_error(NOT_SUPPORTED)));
        assert!(read_stall(Path::new("/proc/self/stat")).is_err());
        assert!(read_stall(Path::new("/proc")).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_parsed_without_panic(text in "(some |full |avg10=|avg60=|[0-9. \n]|\\PC){0,30}") {
            if let Some(stall) = Stall::parse(&text) {
                prop_assert!((0.0..=100.0).contains(&stall.some_avg60));
            }
        }
    }
}
