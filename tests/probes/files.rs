//! `probes::file` and `probes::directory` on real files, among them broken, huge and changing ones.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use health_runtime::{Check, Level, Outcome, Status, probes};
use serde_json::json;
use tempfile::TempDir;

use super::{fault, faults};

const HOUR: Duration = Duration::from_hours(1);

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    path
}

/// Sets the time of the last change, before or after now.
fn change(path: &Path, change: impl FnOnce(SystemTime) -> SystemTime) {
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(change(SystemTime::now())).expect("a time");
}

fn assert_fails(outcome: &Outcome, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), Status::Fail, "{message}");
    assert!(message.contains(part), "{message}");
}

#[test]
fn existing_file_passes_with_its_size_and_age() {
    let folder = folder();
    let path = write(&folder, "export.csv", "a,b\n1,2\n");
    change(&path, |now| now - HOUR);
    let outcome = probes::file(&path).observe();
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None));
    let data = outcome.data().expect("data");
    assert_eq!(data["bytes"], json!(8));
    let age = data["age_ms"].as_u64().expect("an age");
    assert!((3_600_000..3_660_000).contains(&age), "{age}");
    let check = Check::from(probes::file(&path));
    assert_eq!((check.spec().name(), check.spec().level()), ("file_export.csv", Level::L2));
}

#[test]
fn missing_file_and_dangling_link_fail() {
    let folder = folder();
    let missing = folder.path().join("missing");
    assert_fails(&probes::file(&missing).observe(), "missing` does not exist");
    assert!(faults(probes::file(&missing)).is_empty(), "a job may not have run yet");
    assert_fails(&probes::directory(&missing).observe(), "missing` does not exist");
    assert_fails(
        &probes::file("/etc/passwd/below").observe(),
        "`/etc/passwd/below` is not accessible: Not a directory",
    );
}

#[test]
fn age_and_size_are_limited() {
    let folder = folder();
    let path = write(&folder, "backup", [0; 100]);
    change(&path, |now| now - HOUR * 25);
    assert_eq!(
        probes::file(&path).changed_within(HOUR * 26).min_bytes(100).max_bytes(100).observe().status(),
        Status::Pass
    );
    let outcome = probes::file(&path).changed_within(HOUR * 24).min_bytes(101).observe();
    assert_fails(&outcome, "it was changed 1day 1h");
    assert_fails(&outcome, "ago, more than 1day; it has 100 bytes, fewer than 101");
    assert_fails(&probes::file(&path).max_bytes(99).observe(), "it has 100 bytes, more than 99");
}

#[test]
fn change_in_the_future_is_not_fresh() {
    let folder = folder();
    let path = write(&folder, "backup", "");
    change(&path, |now| now + HOUR);
    let outcome = probes::file(&path).changed_within(HOUR).observe();
    assert_eq!(outcome.status(), Status::Warn);
    assert!(
        outcome.message().is_some_and(|text| text.ends_with("its time of change lies in the future")),
        "{outcome:?}"
    );
    assert_eq!(outcome.data().map(|data| &data["age_ms"]), Some(&json!(null)));
    assert_eq!(probes::file(&path).observe().status(), Status::Pass);
    // Clocks of two machines differ.
    change(&path, |now| now + Duration::from_secs(30));
    assert_eq!(probes::file(&path).changed_within(HOUR).observe().status(), Status::Pass);
}

#[test]
fn last_line_tells_how_a_job_ended() {
    let folder = folder();
    let path = write(&folder, "job.log", "begin\r\ncopied 7 rows\r\ndone: 7 rows\r\n\r\n");
    let probe = probes::file(&path);
    assert_eq!(probe.clone().last_line("done: 7 rows").observe().status(), Status::Pass);
    assert_eq!(probe.clone().last_line_contains("done").observe().status(), Status::Pass);
    assert_fails(&probe.clone().last_line("done").observe(), "its last line is `done: 7 rows`, and not `done`");
    let outcome = probe.last_line_contains("begin").observe();
    assert_fails(&outcome, "its last line is `done: 7 rows`, and does not contain `begin`");
    let empty = write(&folder, "empty.log", "\n \n");
    assert_fails(&probes::file(empty).last_line("done").observe(), "it has no line with text, and not `done`");
}

#[test]
fn secret_in_the_last_line_is_masked() {
    let folder = folder();
    let path = write(&folder, "job.log", "cannot connect to postgres://job:hunter2@db/orders\n");
    let outcome = probes::file(path).last_line("done").observe();
    assert_fails(&outcome, "its last line is `cannot connect to postgres://");
    assert!(!outcome.message().unwrap_or_default().contains("hunter2"), "{outcome:?}");
}

#[test]
fn end_of_ten_gigabytes_is_read_at_once() {
    let folder = folder();
    let path = folder.path().join("huge.log");
    let mut file = File::create(&path).expect("a file");
    file.seek(SeekFrom::Start(10_000_000_000)).expect("a sparse file");
    file.write_all(b"\ndone\n").expect("a line");
    let probe = probes::file(&path);
    let outcome = probe.clone().last_line("done").min_bytes(10_000_000_000).observe();
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["bytes"]), Some(&json!(10_000_000_006_u64)));

    // A line longer than the part that is read is never equal, and contains its end.
    file.write_all("x".repeat(100_000).as_bytes()).expect("a line");
    file.write_all(b" done").expect("its end");
    assert_eq!(probe.clone().last_line_contains("done").observe().status(), Status::Pass);
    let outcome = probe.last_line("done").observe();
    assert_fails(&outcome, "its last line ends with `xxx");
    assert!(outcome.message().is_some_and(|text| text.len() < 2_000), "{outcome:?}");
}

#[test]
fn file_that_is_being_written_is_read_without_a_panic() {
    let folder = folder();
    let path = write(&folder, "busy.log", "line\n");
    let (is_done, writes) = (AtomicBool::new(false), path.clone());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut size = 0;
            while !is_done.load(Ordering::Relaxed) {
                // Grows, and is cut back to nothing as by a rotation.
                size = (size + 7_001) % 200_000;
                let file = File::options().write(true).open(&writes).expect("the file");
                file.set_len(size).expect("a size");
            }
        });
        for _ in 0..100 {
            let outcome = probes::file(&path).last_line_contains("line").observe();
            assert!(outcome.data().is_some(), "{outcome:?}");
        }
        is_done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn impossible_settings_are_start_up_errors_together() {
    let probe = probes::file("")
        .changed_within(Duration::ZERO)
        .min_bytes(5)
        .max_bytes(4)
        .last_line(" ")
        .last_line_contains("a\nb");
    let texts: Vec<_> = faults(probe).into_iter().map(|(_, fault)| fault).collect();
    assert_eq!(
        texts,
        [
            "its path is empty",
            "its longest age is zero, which every file exceeds",
            "no file has at least 5 and at most 4 bytes",
            "\" \" is not a valid part of a last line; write one line with text",
            "\"a\\nb\" is not a valid part of a last line; write one line with text",
        ]
    );
    assert!(fault(probes::file("nul\0byte").name("nul")).contains("it contains NUL"));
    let texts: Vec<_> =
        faults(probes::directory("").max_entry_age(Duration::ZERO)).into_iter().map(|(_, fault)| fault).collect();
    assert_eq!(texts, ["its path is empty", "its longest age is zero, which every entry exceeds"]);
}

#[test]
fn backlog_is_counted_and_dated() {
    let folder = folder();
    let probe = probes::directory(folder.path()).max_entries(2).max_entry_age(HOUR);
    let outcome = probe.observe();
    assert_eq!(outcome.status(), Status::Pass);
    assert_eq!(outcome.data(), Some(&json!({ "entries": 0, "is_complete": true, "oldest_age_ms": null })));

    // Neither hidden entries nor those of inner folders count.
    change(&write(&folder, ".gitkeep", ""), |now| now - HOUR * 9);
    write(&folder, "one.json", "{}");
    fs::create_dir_all(folder.path().join("two/three/four")).expect("folders");
    let outcome = probe.observe();
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["entries"]), Some(&json!(2)));

    change(&write(&folder, "old.json", "{}"), |now| now - HOUR * 2);
    let outcome = probe.observe();
    assert_fails(&outcome, "it has 3 entries, and at most 2 are allowed; its oldest entry, `old.json`, was changed 2h");
    change(&folder.path().join("old.json"), |now| now + HOUR * 2);
    assert_eq!(probe.max_entries(3).observe().status(), Status::Pass, "the future counts as now");
    let check = Check::from(probes::directory("/var/spool/orders/"));
    assert_eq!((check.spec().name(), check.spec().level()), ("directory_orders", Level::L2));
}

#[test]
fn scan_of_hidden_entries_ends() {
    let folder = folder();
    for index in 0..10_001 {
        write(&folder, &format!(".{index}"), "");
    }
    let probe = probes::directory(folder.path());
    assert_eq!(probe.observe().status(), Status::Pass, "nothing is limited");
    let outcome = probe.clone().max_entries(500).observe();
    assert_eq!(outcome.status(), Status::Warn, "{outcome:?}");
    let text = "it has more than 10000 names that begin with a dot, so not all entries were seen";
    assert!(outcome.message().is_some_and(|message| message.ends_with(text)), "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["is_complete"]), Some(&json!(false)));
    assert_eq!(probe.max_entries(10_001).observe().status(), Status::Pass);
}

#[test]
fn scan_of_a_full_folder_ends() {
    let folder = folder();
    for index in 0..10_001 {
        write(&folder, &index.to_string(), "");
    }
    let probe = probes::directory(folder.path());
    let outcome = probe.clone().max_entries(500).observe();
    assert_fails(&outcome, "it has more than 10000 entries, and at most 500 are allowed");
    assert_eq!(outcome.data(), Some(&json!({ "entries": 10_000, "is_complete": false, "oldest_age_ms": null })));
    assert_eq!(probe.clone().max_entries(10_001).max_entry_age(HOUR).observe().status(), Status::Pass);
    let outcome = probe.max_entry_age(HOUR).observe();
    assert_eq!(outcome.status(), Status::Warn, "{outcome:?}");
    assert!(outcome.message().is_some_and(|text| text.ends_with("the oldest may be among the others")), "{outcome:?}");
}

#[test]
fn directory_whose_entries_vanish_is_counted() {
    let folder = folder();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let paths: Vec<_> = (0..50).map(|index| write(&folder, &index.to_string(), "")).collect();
                for path in paths {
                    fs::remove_file(path).expect("the file");
                }
            }
        });
        for _ in 0..200 {
            let outcome = probes::directory(folder.path()).max_entries(50).max_entry_age(HOUR).observe();
            assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
        }
        is_done.store(true, Ordering::Relaxed);
    });
}

#[cfg(unix)]
mod unix {
    use std::os::unix::{ffi::OsStrExt as _, fs::symlink, net::UnixListener};

    use super::*;

    #[test]
    fn links_are_followed() {
        let folder = folder();
        write(&folder, "real.log", "done\n");
        let link = folder.path().join("latest.log");
        symlink("real.log", &link).expect("a link");
        assert_eq!(probes::file(&link).last_line("done").observe().status(), Status::Pass);
        fs::remove_file(folder.path().join("real.log")).expect("the file");
        assert_fails(
            &probes::file(&link).observe(),
            "latest.log` is a symbolic link to `real.log`, which does not exist",
        );
        fs::remove_file(&link).expect("the link");
        symlink("latest.log", &link).expect("a link to itself");
        assert_fails(&probes::file(&link).observe(), "latest.log` is not accessible: ");
    }

    #[test]
    fn other_kinds_of_files_fail_without_being_opened() {
        let folder = folder();
        let fifo = folder.path().join("fifo");
        let status = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
        assert!(status.success());
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).expect("a socket");
        for (path, kind) in [
            (fifo.as_path(), "is a FIFO, not a regular file"),
            (socket.as_path(), "is a socket, not a regular file"),
            (folder.path(), "is a folder, not a regular file"),
            (Path::new("/dev/zero"), "is a device, not a regular file"),
        ] {
            assert_fails(&probes::file(path).last_line("done").observe(), kind);
        }
        assert_fails(&probes::directory(&fifo).observe(), "fifo` is not accessible: Not a directory");
    }

    #[test]
    fn names_that_are_not_text_are_shown() {
        let folder = folder();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.log"));
        fs::write(&path, "").expect("a file");
        assert_eq!(probes::file(&path).observe().status(), Status::Pass);
        assert_eq!(Check::from(probes::file(&path)).spec().name(), "file_caf\u{fffd}.log");
        change(&path, |now| now - HOUR);
        assert_fails(
            &probes::directory(folder.path()).max_entry_age(HOUR / 2).observe(),
            "`caf\u{fffd}.log`, was changed 1h",
        );
    }

    /// The kernel lets nobody read this file, not even root, so the test needs no other user.
    #[test]
    #[cfg(target_os = "linux")]
    fn unreadable_file_is_said() {
        let path = "/proc/sys/vm/compact_memory";
        if !Path::new(path).exists() {
            super::super::skip("this kernel has no file that nobody may read");
            return;
        }
        assert_eq!(probes::file(path).observe().status(), Status::Pass);
        let outcome = probes::file(path).last_line("done").observe();
        assert_fails(&outcome, "`/proc/sys/vm/compact_memory` cannot be read: Permission denied");
    }
}
