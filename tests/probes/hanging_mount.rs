//! Probes of disks, files and folders on a mount whose server does not answer: a FUSE file system without a server.

use std::{fs::File, os::fd::AsRawFd as _, time::Duration};

use health_runtime::{Cause, Selection, Status, checks, probes};
use health_tests::builder;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tokio::time::Instant;

use super::{faults, skip};

/// Closing the device ends all calls that wait for the mount.
struct HangingMount {
    folder: tempfile::TempDir,
    _device: File,
}

impl HangingMount {
    /// `None` without the privilege to mount.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let device = File::options().read(true).write(true).open("/dev/fuse").ok()?;
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
        let options = std::ffi::CString::new(options).expect("no NUL");
        mount("health", folder.path(), "fuse", MountFlags::NOSUID | MountFlags::NODEV, Some(&*options)).ok()?;
        Some(Self { folder, _device: device })
    }
}

impl Drop for HangingMount {
    fn drop(&mut self) {
        let _ = unmount(self.folder.path(), UnmountFlags::DETACH | UnmountFlags::FORCE);
    }
}

#[test]
fn file_that_hangs_is_a_start_up_error() {
    let Some(mounted) = HangingMount::new() else {
        skip("mounting FUSE is not permitted");
        return;
    };
    let path = mounted.folder.path().join("token");
    let start = Instant::now();
    let faults = faults(probes::http("http://a/").bearer_file(&path).root_certificates_file(&path));
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let (token, roots) = match &*faults {
        [(_, token), (_, roots)] => (token, roots),
        faults => panic!("{faults:#?}"),
    };
    let late = "the file system does not answer within 3s";
    let shown = path.display();
    assert_eq!(*token, format!("`{shown}`, the file of the header `authorization`, cannot be read: {late}"));
    assert_eq!(*roots, format!("`{shown}` is not usable: {late}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hanging_mount_does_not_block_the_start() {
    let Some(mounted) = HangingMount::new() else {
        skip("mounting FUSE is not permitted");
        return;
    };
    let path = mounted.folder.path().to_owned();
    let start = Instant::now();
    let (sender, built) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let timeout = Duration::from_millis(200);
        let probes = checks![
            probes::disk(&path).timeout(timeout),
            probes::file(path.join("job.log")).timeout(timeout),
            probes::directory(&path).name("backlog").max_entries(1).timeout(timeout),
        ];
        let _ = sender.send(builder(probes).build());
    });
    let built = tokio::time::timeout(Duration::from_secs(5), built).await.expect("the start ends").expect("no panic");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let report = built.expect("no start-up error").monitor().report(&Selection::everything()).await;
    for check in ["storage", "file_job.log", "backlog"] {
        let result = report.result(check).expect("the check");
        assert_eq!((result.status(), result.cause()), (Status::Fail, Some(&Cause::TimedOut)), "{check}");
    }
}
