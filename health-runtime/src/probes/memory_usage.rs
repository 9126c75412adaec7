//! The memory that this process may use: of the machine, or of a control group with a limit.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use sysinfo::{MemoryRefreshKind, System};

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
        if self.used >= self.total { 100.0 } else { to_f64(self.used) / to_f64(self.total) * 100.0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to nine petabytes, and close enough beyond")]
pub(super) const fn to_f64(bytes: u64) -> f64 {
    bytes as f64
}

/// A version of control groups: its names for the limit and for anonymous memory, which the kernel cannot take back.
#[derive(Clone, Copy)]
struct CgroupVersion {
    limit_file: &'static str,
    anonymous_key: &'static str,
}

const V1: CgroupVersion = CgroupVersion { limit_file: "memory.limit_in_bytes", anonymous_key: "total_rss" };
const V2: CgroupVersion = CgroupVersion { limit_file: "memory.max", anonymous_key: "anon" };

/// Returns the usage of each limited cgroup of this process, from its own up to the root of the hierarchy: a limit of
/// systemd stands in a unit or its slice, one of a container at the root. Empty on other systems than Linux.
fn cgroups(read: impl Fn(&Path) -> Option<String>) -> Vec<MemoryUsage> {
    let hierarchy = || {
        let paths = read(Path::new("/proc/self/cgroup"))?;
        let (version, path) = memory_cgroup(&paths)?;
        let mounts = read(Path::new("/proc/self/mountinfo"))?;
        let mount = mounts
            .lines()
            .filter_map(CgroupMount::parse)
            .find(|mount| mount.version.limit_file == version.limit_file)?;
        Some((version, mount.folder_of(Path::new(path)), mount.point))
    };
    let Some((version, own, root)) = hierarchy() else { return Vec::new() };
    let usage = |folder: &Path| {
        let total = read(&folder.join(version.limit_file))?.trim().parse().ok()?;
        let stat = read(&folder.join("memory.stat"))?;
        let mut fields = stat.lines().filter_map(|line| line.split_once(' '));
        let used = fields.find(|(key, _)| *key == version.anonymous_key)?.1.trim().parse().ok()?;
        Some(MemoryUsage { total, used })
    };
    own.ancestors().take_while(|folder| folder.starts_with(&root)).filter_map(usage).collect()
}

/// Returns the path of the cgroup that accounts for memory. A hybrid system has both versions, and memory in the first.
fn memory_cgroup(paths: &str) -> Option<(CgroupVersion, &str)> {
    let mut unified = None;
    for line in paths.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        if controllers.split(',').any(|controller| controller == "memory") {
            return Some((V1, path));
        }
        if controllers.is_empty() {
            unified = Some((V2, path));
        }
    }
    unified
}

/// A mounted hierarchy of cgroups.
struct CgroupMount {
    version: CgroupVersion,
    /// Path of the cgroup at `point`: not `/` in a container that has no namespace for cgroups.
    root: PathBuf,
    point: PathBuf,
}

impl CgroupMount {
    /// Parses a line of `/proc/self/mountinfo` (man 5 proc): optional fields end with a dash.
    fn parse(line: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3).map(unescaped);
        let (root, point) = (fields.next()?.into(), fields.next()?.into());
        let mut fields = file_system.split(' ');
        let version = match fields.next()? {
            "cgroup2" => V2,
            "cgroup" if fields.nth(1)?.split(',').any(|option| option == "memory") => V1,
            _ => return None,
        };
        Some(Self { version, root, point })
    }

    /// Returns the folder of a cgroup; the mount itself for one that lies outside of it.
    fn folder_of(&self, cgroup: &Path) -> PathBuf {
        let inside = cgroup.strip_prefix(&self.root).unwrap_or(Path::new(""));
        let is_outside = inside.components().any(|part| part == Component::ParentDir);
        if is_outside { self.point.clone() } else { self.point.join(inside) }
    }
}

/// Decodes the four characters that mountinfo escapes.
fn unescaped(field: &str) -> String {
    field.replace(r"\040", " ").replace(r"\011", "\t").replace(r"\012", "\n").replace(r"\134", r"\")
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
