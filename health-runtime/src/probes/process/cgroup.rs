//! The control groups of this process. There are none on other systems than Linux.

use std::path::{Component, Path, PathBuf};

/// The cgroups of this process in one hierarchy.
#[derive(Debug, PartialEq)]
pub(in crate::probes) struct Cgroups {
    pub(in crate::probes) version: CgroupVersion,
    /// From its own up to the root of the hierarchy: a limit of systemd stands in a unit or its slice, one of a container at the
    /// root.
    pub(in crate::probes) folders: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probes) enum CgroupVersion {
    V1,
    V2,
}

impl Cgroups {
    /// Finds the cgroups that account for a controller. A hybrid system has both versions, and its controllers in the first.
    pub(in crate::probes) fn with_controller(controller: &str, read: impl Fn(&Path) -> Option<String>) -> Option<Self> {
        let paths = read(Path::new("/proc/self/cgroup"))?;
        let (version, path) = cgroup_of(controller, &paths)?;
        let mounts = read(Path::new("/proc/self/mountinfo"))?;
        let mount = mounts
            .lines()
            .filter_map(|line| CgroupMount::parse(line, controller))
            .find(|mount| mount.version == version)?;
        let own = mount.folder_of(Path::new(path));
        let folders = own.ancestors().take_while(|folder| folder.starts_with(&mount.point));
        Some(Self { version, folders: folders.map(Path::to_owned).collect() })
    }
}

/// Returns the path of the cgroup that accounts for a controller.
fn cgroup_of<'a>(controller: &str, paths: &'a str) -> Option<(CgroupVersion, &'a str)> {
    let mut unified = None;
    for line in paths.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        if controllers.is_empty() {
            unified = Some((CgroupVersion::V2, path));
        } else if controllers.split(',').any(|found| found == controller) {
            return Some((CgroupVersion::V1, path));
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
    fn parse(line: &str, controller: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3).map(unescaped);
        let (root, point) = (fields.next()?.into(), fields.next()?.into());
        let mut fields = file_system.split(' ');
        let version = match fields.next()? {
            "cgroup2" => CgroupVersion::V2,
            "cgroup" if fields.nth(1)?.split(',').any(|option| option == controller) => CgroupVersion::V1,
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
    use proptest::prelude::*;

    use super::*;

    /// A hybrid system: memory in version 1, nothing but processes in version 2.
    const PATHS: &str = "4:memory:/jobs/a\n8:pids:/\n1:name=systemd:/init\n0::/app.slice\n";
    const MOUNTS: &str = "35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n\
                          39 31 0:36 / /cg/pids rw - cgroup cgroup rw,pids\n\
                          41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n";

    fn find(controller: &str, paths: &str, mounts: &str) -> Option<Cgroups> {
        Cgroups::with_controller(controller, |path| match path.to_str()? {
            "/proc/self/cgroup" => Some(paths.to_owned()),
            "/proc/self/mountinfo" => Some(mounts.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn controller_decides_about_the_hierarchy() {
        for (controller, version, folders) in [
            ("memory", CgroupVersion::V1, &["/cg/memory/jobs/a", "/cg/memory/jobs", "/cg/memory"][..]),
            ("pids", CgroupVersion::V1, &["/cg/pids"]),
            ("pressure", CgroupVersion::V2, &["/cg/unified/app.slice", "/cg/unified"]),
        ] {
            let found = find(controller, PATHS, MOUNTS).expect("cgroups");
            assert_eq!(found.version, version, "{controller}");
            assert_eq!(found.folders, folders.iter().map(PathBuf::from).collect::<Vec<_>>(), "{controller}");
        }
        assert_eq!(find("pids", "", MOUNTS), None);
        assert_eq!(find("pids", PATHS, ""), None);
    }

    proptest! {
        #[test]
        fn arbitrary_files_are_parsed_without_panic(
            paths in "([0-9:a-z,/.]|\\PC|\n){0,60}",
            mounts in "([0-9a-z,/.\\\\ -]|cgroup2?| - |\n){0,80}",
        ) {
            for controller in ["memory", "pids", ""] {
                if let Some(found) = find(controller, &paths, &mounts) {
                    prop_assert!(!found.folders.is_empty());
                }
            }
        }
    }
}
