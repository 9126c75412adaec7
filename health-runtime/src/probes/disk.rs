//! Probe of the free space of a file system.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{StatVfs, statvfs};
use serde::Serialize;

use super::{
    probe::{idle_check, probe},
    process::format_apart,
};
use crate::{
    details::Details,
    file::within,
    model::{Check, IntoOutcome, Level, Outcome},
};

/// Longest time that the start waits for a path.
const START_TIMEOUT: Duration = Duration::from_secs(1);

probe! {
    /// The probe of [`probes::disk`](disk()).
    pub struct DiskProbe { path: PathBuf, warn_below: f64, fail_below: f64 }

    /// Measures once. It blocks until the file system answers.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 1)]` above it.
    /// fn storage() -> Outcome {
    ///     probes::disk("/").observe()
    /// }
    /// # assert!(storage().data().is_some());
    /// ```
    blocking fn observe;
    // At start alone: a function that observes would start a thread each time.
    map: |probe, check| missing(&probe.path).into_iter().fold(check, Check::fault);
}

/// Checks the free space of the file system that holds `path`. On Unix only.
///
/// Name `storage`, level 1, blocking: a network file system whose server is gone blocks its callers. Then the check is
/// reported as timed out, and later as still running. A path that does not exist is a start-up error.
/// The start waits for the path for a second at most, and then goes on without it.
///
/// | data | |
/// |---|---|
/// | `total` | the size of the file system |
/// | `used` | the space of files and of the file system's own structures |
/// | `free` | the space that a process without privileges can still write |
/// | `held_back_by_system` | the space reserved for root |
/// | `percentage_available_free` | `free` as a share of `total`, from 0 to 1 with three decimals |
///
/// Sizes are short strings as `df -H` prints them, in powers of 1000 and rounded to whole numbers: `2T`. All come from
/// one call, so they are consistent. A file system without inodes is as full as one without blocks, so the limits apply to
/// both.
///
/// A file system without a size (`/proc`, an unlimited `tmpfs`) is a warning, and its share is `null`.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::disk("/").warn_below(0.2)).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn disk(path: impl Into<PathBuf>) -> DiskProbe {
    DiskProbe { check: idle_check("storage", Level::L1), path: path.into(), warn_below: 0.1, fail_below: 0.05 }
}

impl DiskProbe {
    /// Sets the free share below which it warns. Default: 0.1, a tenth. A share outside of 0 to 1, or below the one to fail,
    /// is a start-up error.
    pub fn warn_below(mut self, share: f64) -> Self {
        self.warn_below = share;
        self
    }

    /// Sets the free share below which it fails. Default: 0.05, which most file systems reserve for root; 0 never
    /// fails. A share outside of 0 to 1 is a start-up error.
    pub fn fail_below(mut self, share: f64) -> Self {
        self.fail_below = share;
        self
    }

    fn look(&self) -> Result<Space, String> {
        let stat =
            statvfs(&self.path).map_err(|error| format!("`{}` is not accessible: {error}", self.path.display()))?;
        Ok(Space::from(stat))
    }

    fn faults(&self) -> Option<String> {
        let Self { warn_below, fail_below, .. } = self;
        // NaN is in no range, so it is a fault too.
        let is_valid = (0.0..=1.0).contains(warn_below) && (0.0..=*warn_below).contains(fail_below);
        (!is_valid).then(|| {
            format!("free shares must satisfy 0 <= fail <= warn <= 1, not warn {warn_below}, fail {fail_below}")
        })
    }

    fn judge(&self, space: Space) -> Outcome {
        let data = space.data();
        let Some(room) = share(space.available, space.total) else {
            return Details::warn(data, "this file system has no size").into_outcome();
        };
        // Some file systems create inodes on demand, and report that they have none.
        let inodes = share(space.inodes_available, space.inodes).unwrap_or(1.0);
        let (free, resource) = if inodes < room { (inodes, "inodes") } else { (room, "space") };
        let message = |limit: f64| {
            // Without the dust of the multiplication.
            let limit = (limit * 1e8).round() / 1e6;
            let free = format_apart(free * 100.0, limit, 1);
            format!("{free} % of the {resource} is free, less than {limit:?} %")
        };
        if free < self.fail_below {
            Details::fail(data, message(self.fail_below))
        } else if free < self.warn_below {
            Details::warn(data, message(self.warn_below))
        } else {
            Details::pass(data)
        }
        .into_outcome()
    }
}

/// Returns why the path can never be accessible. Errors that may heal, such as an absent server, are not faults.
fn missing(path: &Path) -> Option<String> {
    let owned = path.to_owned();
    let error = within(START_TIMEOUT, move || owned.metadata().err()).ok()??;
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput)
        .then(|| format!("`{}` is not accessible: {error}", path.display()))
}

/// Figures of a file system, in bytes and inodes.
#[derive(Clone, Copy)]
struct Space {
    total: u64,
    /// Free for root.
    free: u64,
    /// Free for everybody.
    available: u64,
    inodes: u64,
    inodes_available: u64,
}

impl From<StatVfs> for Space {
    fn from(stat: StatVfs) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Self {
            total: bytes(stat.f_blocks),
            free: bytes(stat.f_bfree),
            available: bytes(stat.f_bavail),
            inodes: stat.f_files,
            inodes_available: stat.f_favail,
        }
    }
}

impl Space {
    fn data(&self) -> StorageData {
        StorageData {
            free: short(self.available),
            held_back_by_system: short(self.free.saturating_sub(self.available)),
            percentage_available_free: share(self.available, self.total)
                .map(|share| (share * 1_000.0).round() / 1_000.0),
            total: short(self.total),
            used: short(self.total.saturating_sub(self.free)),
        }
    }
}

#[derive(Serialize)]
struct StorageData {
    free: String,
    held_back_by_system: String,
    percentage_available_free: Option<f64>,
    total: String,
    used: String,
}

/// Returns `part` of `whole` as a number from 0 to 1; `None` if `whole` is zero.
#[expect(clippy::cast_precision_loss, reason = "three decimals are shown")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64).min(1.0))
}

/// Formats a size as the nearest whole number of the largest unit, by powers of 1000.
fn short(bytes: u64) -> String {
    let in_units = |unit: u128| (u128::from(bytes) + unit / 2) / unit;
    let mut unit = 1;
    for suffix in ["B", "k", "M", "G", "T", "P"] {
        // Rounded before the comparison, so that 999.6 G is 1T and not 1000G.
        if in_units(unit) < 1_000 {
            return format!("{}{suffix}", in_units(unit));
        }
        unit *= 1_000;
    }
    format!("{}E", in_units(unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use serde_json::json;

    const SAMPLE: Space = Space {
        total: 5_000_000_000_000,
        free: 2_000_000_000_000,
        available: 1_767_000_000_000,
        inodes: 0,
        inodes_available: 0,
    };

    fn judge(space: Space) -> Outcome {
        disk("/").judge(space)
    }

    #[test]
    fn sizes_are_short_and_whole() {
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1_000, "1k"),
            (1_499, "1k"),
            (1_500, "2k"),
            (999_499, "999k"),
            (999_500, "1M"),
            (233_000_000_000, "233G"),
            (999_600_000_000, "1T"),
            (5_000_000_000_000, "5T"),
            (999_500_000_000_000_000, "1E"),
            (u64::MAX, "18E"),
        ] {
            assert_eq!(short(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn data_matches_sample() {
        let outcome = judge(SAMPLE);
        assert_eq!(outcome.status(), Status::Pass);
        assert_eq!(
            outcome.data(),
            Some(&json!({
                "free": "2T", "held_back_by_system": "233G", "percentage_available_free": 0.353,
                "total": "5T", "used": "3T"
            }))
        );
    }

    #[test]
    fn limits_apply_to_blocks_and_inodes() {
        let of_100 = |available| Space { total: 100, free: available, available, inodes: 0, inodes_available: 0 };
        for (available, status) in [
            (100, Status::Pass),
            (10, Status::Pass),
            (9, Status::Warn),
            (5, Status::Warn),
            (4, Status::Fail),
            (0, Status::Fail),
        ] {
            assert_eq!(judge(of_100(available)).status(), status, "{available}");
        }
        let outcome = judge(Space { inodes: 100, inodes_available: 4, ..SAMPLE });
        assert_eq!(outcome.status(), Status::Fail);
        assert_eq!(outcome.message(), Some("4.0 % of the inodes is free, less than 5.0 %"));
    }

    #[test]
    fn file_system_without_size_has_no_share() {
        let outcome = judge(Space { total: 0, free: 0, available: 0, ..SAMPLE });
        assert_eq!(outcome.status(), Status::Warn);
        assert_eq!(outcome.data().map(|data| &data["percentage_available_free"]), Some(&json!(null)));
    }

    #[test]
    fn inconsistent_figures_are_clamped() {
        // More available than free, and more free than there is.
        let outcome = judge(Space { total: 10, free: 20, available: 30, ..SAMPLE });
        let data = outcome.data().cloned().unwrap_or_default();
        assert_eq!(data["percentage_available_free"], json!(1.0));
        assert_eq!((&data["used"], &data["held_back_by_system"]), (&json!("0B"), &json!("0B")));
    }

    #[test]
    fn invalid_limits_are_faults() {
        for (warn, fail, is_valid) in [
            (0.1, 0.05, true),
            (0.0, 0.0, true),
            (1.0, 1.0, true),
            (0.05, 0.1, false),
            (1.1, 0.1, false),
            (0.1, -0.1, false),
            (f64::NAN, 0.1, false),
            (0.1, f64::NAN, false),
        ] {
            let disk = disk("/").warn_below(warn).fail_below(fail);
            assert_eq!(disk.faults().is_none(), is_valid, "{warn} {fail}");
        }
    }
}
