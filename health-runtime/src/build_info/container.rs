//! Detection of a container by the traces of container runtimes, because there is no standard sign.

use std::{env, fs, path::Path};

/// Files that docker and podman put into every container.
const MARKER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Words in the paths of control groups and mounts that only container runtimes use.
const MARKERS: [&str; 8] =
    ["/docker/", "/docker-", "containerd", "kubepods", "/kubelet/", "libpod", "containers/storage", "crio-"];

/// Paths over which a container runtime mounts. A host also has mounts of its containers, but at other paths.
const CONTAINER_MOUNT_POINTS: [&str; 4] = ["/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/// Returns whether this process runs in a container. Reads a few small files, so call it once.
pub(super) fn is_container() -> bool {
    let contents = |path| fs::read_to_string(path).unwrap_or_default();
    MARKER_FILES.iter().any(|file| Path::new(file).exists())
        || env::var_os("KUBERNETES_SERVICE_HOST").is_some()
        || is_container_cgroup(&contents("/proc/1/cgroup"))
        || is_container_mounts(&contents("/proc/self/mountinfo"))
}

/// Searches `/proc/1/cgroup`, which has a line for each hierarchy: `4:memory:/docker/<id>`. With private control groups it is
/// `0::/` in every container, and shows nothing.
fn is_container_cgroup(cgroup: &str) -> bool {
    cgroup.lines().any(has_marker)
}

/// Searches `/proc/self/mountinfo`, which has a line for each mount; its fifth word is the path.
fn is_container_mounts(mountinfo: &str) -> bool {
    mountinfo.lines().any(|line| {
        line.split(' ').nth(4).is_some_and(|point| CONTAINER_MOUNT_POINTS.contains(&point)) && has_marker(line)
    })
}

fn has_marker(text: &str) -> bool {
    MARKERS.iter().any(|marker| text.contains(marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_groups_show_container() {
        assert!(is_container_cgroup("12:cpuset:/docker/0a1b\n11:memory:/docker/0a1b\n"));
        assert!(is_container_cgroup("0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-0a1b.scope"));
        assert!(is_container_cgroup("0::/machine.slice/libpod-0a1b.scope/container"));
        assert!(!is_container_cgroup("0::/init.scope\n"));
        assert!(!is_container_cgroup("0::/\n"));
        assert!(!is_container_cgroup(""));
    }

    #[test]
    fn mounts_show_container() {
        let inside = "713 625 0:54 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A\n\
                      714 713 0:57 / /proc rw,nosuid - proc proc rw\n";
        let hostname = "721 713 8:1 /var/lib/docker/containers/0a1b/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n";
        let host = "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                    610 25 0:50 / /var/lib/docker/overlay2/0a1b/merged rw - overlay overlay rw,lowerdir=/var/lib/docker/l\n";
        assert!(is_container_mounts(inside));
        assert!(is_container_mounts(hostname));
        assert!(!is_container_mounts(host), "a host that runs containers is not a container");
        assert!(!is_container_mounts(""));
    }
}
