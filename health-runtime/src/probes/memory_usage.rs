//! The memory that this process may use: of the machine, or of a control group with a limit.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sysinfo::{MemoryRefreshKind, System};

use super::process::{CgroupVersion, Cgroups, percent_of};

/// Memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MemoryUsage {
    pub(super) total: u64,
    pub(super) used: u64,
}

impl MemoryUsage {
    /// Reads the usage of the machine, and of each control group that this process is in; returns the fullest.
    pub(super) fn of_this_process() -> Result<Self, String> {
        let mut system = System::new();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let host = Self { total: system.total_memory(), used: system.used_memory() };
        if host.total == 0 {
            return Err("the system does not report how much memory it has".to_owned());
        }
        Ok(host.within(cgroups(|path| fs::read_to_string(path).ok())))
    }

    /// Returns the fullest cgroup whose limit is below the machine's memory, or else the machine.
    fn within(self, cgroups: Vec<Self>) -> Self {
        let limited = cgroups.into_iter().filter(|cgroup| cgroup.total < self.total);
        limited.max_by(|one, other| one.percent().total_cmp(&other.percent())).unwrap_or(self)
    }

    /// Returns the percentage in use; a cgroup with a limit of zero is full.
    pub(super) fn percent(self) -> f64 {
        percent_of(self.used, self.total)
    }
}

/// Returns the usage of each limited cgroup of this process. Anonymous memory counts, which the kernel cannot take back.
fn cgroups(read: impl Fn(&Path) -> Option<String>) -> Vec<MemoryUsage> {
    let Some(cgroups) = Cgroups::with_controller("memory", &read) else { return Vec::new() };
    let (limit_file, anonymous_key) = match cgroups.version {
        CgroupVersion::V1 => ("memory.limit_in_bytes", "total_rss"),
        CgroupVersion::V2 => ("memory.max", "anon"),
    };
    let usage = |folder: &PathBuf| {
        let total = read(&folder.join(limit_file))?.trim().parse().ok()?;
        let stat = read(&folder.join("memory.stat"))?;
        let mut fields = stat.lines().filter_map(|line| line.split_once(' '));
        let used = fields.find(|(key, _)| *key == anonymous_key)?.1.trim().parse().ok()?;
        Some(MemoryUsage { total, used })
    };
    cgroups.folders.iter().filter_map(usage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: MemoryUsage = MemoryUsage { total: 16_000_000_000, used: 4_000_000_000 };
    const UNLIMITED_V1: &str = "9223372036854771712\n";

    fn usage(total: u64, used: u64) -> MemoryUsage {
        MemoryUsage { total, used }
    }

    fn cgroups_of(files: &[(&str, &str)]) -> Vec<MemoryUsage> {
        cgroups(|path| {
            let file = files.iter().find(|(name, _)| Path::new(name) == path)?;
            Some(file.1.to_owned())
        })
    }

    #[test]
    fn smaller_of_limit_and_machine_counts() {
        let limited = usage(512_000_000, 384_000_000);
        assert_eq!(HOST.within(vec![limited]), limited);
        assert_eq!(HOST.within(vec![usage(u64::MAX, 384_000_000)]), HOST);
        assert_eq!(HOST.within(vec![usage(HOST.total, 1)]), HOST);
        assert_eq!(HOST.within(vec![]), HOST);
    }

    #[test]
    fn fullest_of_nested_limits_counts() {
        let (unit, slice) = (usage(512, 100), usage(1_024, 1_000));
        assert_eq!(HOST.within(vec![unit, slice]), slice);
        assert_eq!(HOST.within(vec![usage(512, 512), slice]), usage(512, 512));
    }

    #[test]
    fn percentages_stay_between_0_and_100() {
        for (total, used, percent) in
            [(0, 0, 100.0), (0, 5, 100.0), (10, 0, 0.0), (10, 5, 50.0), (10, 10, 100.0), (10, 11, 100.0)]
        {
            assert!((usage(total, used).percent() - percent).abs() < 1e-9, "{used} of {total}");
        }
    }

    #[test]
    fn limits_of_unit_and_slice_are_read_from_version_2() {
        let found = cgroups_of(&[
            ("/proc/self/cgroup", "0::/abc.slice/api.service\n"),
            (
                "/proc/self/mountinfo",
                "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            ),
            ("/sys/fs/cgroup/abc.slice/api.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/abc.slice/api.service/memory.stat", "anon 300\nfile 9\n"),
            ("/sys/fs/cgroup/abc.slice/memory.max", "1000\n"),
            ("/sys/fs/cgroup/abc.slice/memory.stat", "anon 700\nfile 9\n"),
            ("/sys/fs/cgroup/memory.stat", "anon 9000\nfile 9\n"),
        ]);
        assert_eq!(found, [usage(1_000, 700)]);
    }

    #[test]
    fn limit_of_container_with_namespace_is_read_at_the_root() {
        let found = cgroups_of(&[
            ("/proc/self/cgroup", "0::/\n"),
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"),
            ("/sys/fs/cgroup/memory.max", "512\n"),
            ("/sys/fs/cgroup/memory.stat", "anon 100\n"),
        ]);
        assert_eq!(found, [usage(512, 100)]);
    }

    #[test]
    fn limit_of_container_without_namespace_is_read_from_version_1() {
        let found = cgroups_of(&[
            ("/proc/self/cgroup", "12:cpu,cpuacct:/other\n4:memory:/docker/a\\b\n0::/docker/a\\b\n"),
            (
                "/proc/self/mountinfo",
                "29 31 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
                 35 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                 36 31 0:33 /docker/a\\134b /sys/fs/cgroup/memory rw master:9 - cgroup cgroup rw,memory\n",
            ),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "2048\n"),
            ("/sys/fs/cgroup/memory/memory.stat", "rss 5\ntotal_rss 400\n"),
        ]);
        assert_eq!(found, [usage(2_048, 400)]);
    }

    #[test]
    fn all_cgroups_up_to_the_mount_are_read() {
        let found = cgroups_of(&[
            ("/proc/self/cgroup", "4:memory:/a/b\n"),
            ("/proc/self/mountinfo", "36 31 0:33 / /m rw - cgroup cgroup rw,memory\n"),
            ("/m/a/b/memory.limit_in_bytes", "10\n"),
            ("/m/a/b/memory.stat", "total_rss 1\n"),
            ("/m/a/memory.limit_in_bytes", "20\n"),
            ("/m/a/memory.stat", "total_rss 2\n"),
            ("/m/memory.limit_in_bytes", UNLIMITED_V1),
            ("/m/memory.stat", "total_rss 3\n"),
            ("/memory.limit_in_bytes", "1\n"),
            ("/memory.stat", "total_rss 1\n"),
        ]);
        assert_eq!(found, [usage(10, 1), usage(20, 2), usage(9_223_372_036_854_771_712, 3)]);
    }

    #[test]
    fn cgroup_outside_of_the_mount_counts_as_its_root() {
        for path in ["/../sibling", "/elsewhere"] {
            let found = cgroups_of(&[
                ("/proc/self/cgroup", &format!("0::{path}\n")),
                ("/proc/self/mountinfo", "30 23 0:26 / /m rw - cgroup2 cgroup rw\n"),
                ("/m/memory.max", "512\n"),
                ("/m/memory.stat", "anon 100\n"),
            ]);
            assert_eq!(found, [usage(512, 100)], "{path}");
        }
    }

    #[test]
    fn unreadable_files_mean_no_limit() {
        assert_eq!(cgroups_of(&[]), []);
        assert_eq!(cgroups_of(&[("/proc/self/cgroup", "0::/\n")]), []);
        assert_eq!(cgroups_of(&[("/proc/self/cgroup", "nonsense\n\n0:\n"), ("/proc/self/mountinfo", "- -\n")]), []);
    }
}
