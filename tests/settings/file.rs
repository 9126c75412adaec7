//! A file of settings that changes while the service runs.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Cause, Check, Endpoint, Level, Monitor, Outcome, Selection, ShowDetails, Status};
use health_tests::{Log, builder, get, serve};
use tempfile::tempdir;
use tokio::time::{Instant, sleep};

use super::{is_alone, run_alone, run_alone_by};

const REJECTED: &str = "changed settings for health checks are not usable";

fn assert_passes(test: &str, file: &Path) {
    assert_passed(&run_alone(test, Some("pinned.timeout=7s"), Some(file)));
}

fn assert_passed(output: &Output) {
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The file of this process.
fn file() -> PathBuf {
    std::env::var_os("HEALTH_CONFIG").expect("a file").into()
}

fn timeout_is(seconds: u64) -> String {
    format!(r#"{{ "checks": {{ "db": {{ "timeout": "{seconds}s" }} }} }}"#)
}

/// Replaces the file at once, as editors and deployments do.
fn replace(text: &str) {
    let new = file().with_extension("new");
    fs::write(&new, text).expect("a file");
    fs::rename(new, file()).expect("a file");
}

fn timeout(monitor: &Monitor, name: &str) -> u64 {
    monitor.checks().find(|check| check.name() == name).expect("a check").timeout().as_secs()
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn service() -> (Endpoint, Log) {
    let log = Log::default();
    tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).init();
    let checks = ["db", "pinned"].map(|name| Check::new(name, Level::L3, || async {}).readiness());
    (builder(checks).details(ShowDetails::Always).build().expect("good"), log)
}

/// The service answers all the time, whatever happens to the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_file_is_applied_and_a_broken_one_is_not() {
    if !is_alone() {
        let folder = tempdir().expect("a folder");
        let file = folder.path().join("health.json");
        fs::write(&file, timeout_is(1)).expect("a file");
        return assert_passes("file::changed_file_is_applied_and_a_broken_one_is_not", &file);
    }
    let (endpoint, log) = service();
    let monitor = endpoint.monitor().clone();
    let address = serve(endpoint.router()).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn({
        let is_over = Arc::clone(&is_over);
        async move {
            while !is_over.load(Ordering::Relaxed) {
                for path in ["/readyz", "/health/levels", "/health/checks/db", "/health/metrics"] {
                    assert_eq!(get(address, path).await.status, 200, "{path}");
                }
                sleep(Duration::from_millis(5)).await;
            }
        }
    });
    assert_eq!((timeout(&monitor, "db"), timeout(&monitor, "pinned")), (1, 7));

    let mut good = 1;
    let mut rejected = 0;
    let broken: [(&str, fn(), &str); 7] = [
        ("truncated", || fs::write(file(), "").expect("a file"), "it is not valid JSON"),
        ("deleted", || fs::remove_file(file()).expect("a file"), "No such file"),
        (
            "a pipe",
            || assert!(Command::new("mkfifo").arg(file()).status().expect("it runs").success()),
            "it is not a regular file",
        ),
        (
            "a folder",
            || {
                fs::remove_file(file()).expect("a file");
                fs::create_dir(file()).expect("a folder");
            },
            "Is a directory",
        ),
        (
            "huge",
            || {
                fs::remove_dir(file()).expect("a folder");
                replace(&" ".repeat(3 << 20));
            },
            "it is larger than 1 MiB",
        ),
        ("out of range", || replace(&timeout_is(0)), "its timeout is zero"),
        ("unknown", || replace(r#"{ "checks": { "db": { "timeuot": "1s" } } }"#), "did you mean `timeout`?"),
    ];
    for (name, damage, fault) in broken {
        damage();
        rejected += 1;
        wait_until(name, || log.so_far().matches(REJECTED).count() == rejected).await;
        let text = log.text();
        assert!(text.lines().last().is_some_and(|line| line.contains(fault)), "{name}: {text}");
        assert_eq!(timeout(&monitor, "db"), good, "{name}: the previous settings stay in use");
        if name == "truncated" || name == "unknown" {
            good += 1;
            replace(&timeout_is(good));
            wait_until("good again", || timeout(&monitor, "db") == good).await;
        }
    }
    assert_eq!(log.text().matches("health checks use their changed settings").count(), 2);

    // A ConfigMap of Kubernetes: a symbolic link to a file in a folder behind another link, which is swapped.
    let folder = file().parent().expect("a folder").to_owned();
    for version in ["first", "second"] {
        good += 1;
        fs::create_dir(folder.join(version)).expect("a folder");
        fs::write(folder.join(version).join("health.json"), timeout_is(good)).expect("a file");
        symlink(version, folder.join("..new")).expect("a link");
        fs::rename(folder.join("..new"), folder.join("..data")).expect("a link");
        if version == "first" {
            fs::remove_file(file()).expect("a file");
            symlink("..data/health.json", file()).expect("a link");
        }
        wait_until(version, || timeout(&monitor, "db") == good).await;
    }

    // Once, however long it lasts.
    fs::remove_file(folder.join("..data")).expect("a link");
    wait_until("removed", || log.so_far().matches(REJECTED).count() == rejected + 1).await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!(log.text().matches(REJECTED).count(), rejected + 1);
    assert_eq!((timeout(&monitor, "db"), timeout(&monitor, "pinned")), (good, 7));
    is_over.store(true, Ordering::Relaxed);
    asking.await.expect("every request was answered");
}

/// Settings of reports and of checks change together, also for a check whose run is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_change_during_a_run() {
    if !is_alone() {
        let folder = tempdir().expect("a folder");
        let file = folder.path().join("health.json");
        fs::write(&file, "{}").expect("a file");
        return assert_passes("file::settings_change_during_a_run", &file);
    }
    let runs = Arc::new(AtomicUsize::new(0));
    let slow = Check::new("slow", Level::L3, {
        let runs = Arc::clone(&runs);
        move || {
            runs.fetch_add(1, Ordering::Relaxed);
            async {
                sleep(Duration::from_secs(3)).await;
                Outcome::fail("it is down")
            }
        }
    });
    let pinned = Check::new("pinned", Level::L3, || async {});
    let endpoint = builder([slow.max_age(Duration::from_hours(1)), pinned]).build().expect("good");
    let monitor = endpoint.monitor().clone();
    let waiting = tokio::spawn({
        let monitor = monitor.clone();
        async move { monitor.report(&Selection::check("slow")).await.status() }
    });
    wait_until("a run", || runs.load(Ordering::Relaxed) == 1).await;
    replace(r#"{ "checks": { "slow": { "enabled": false } }, "status_codes": { "pass": 299 } }"#);
    wait_until("disabled", || monitor.checks().any(|check| !check.is_enabled())).await;
    let report = monitor.report(&Selection::check("slow")).await;
    assert_eq!(report.result("slow").and_then(|result| result.cause()), Some(&Cause::Disabled));
    assert_eq!(get(serve(endpoint.router()).await, "/health").await.status, 299);
    assert_eq!(waiting.await.expect("an answer"), Status::Fail, "who waits gets the answer of the run");
    assert_eq!(monitor.report(&Selection::check("slow")).await.status(), Status::Pass, "and nobody else");

    replace("{}");
    wait_until("enabled", || monitor.checks().all(|check| check.is_enabled())).await;
    assert_eq!(monitor.report(&Selection::check("slow")).await.status(), Status::Fail);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// Returns the command that runs this program without rights, in whose folder everybody may write: root reads every file.
fn unprivileged(folder: &Path) -> Command {
    let program = env::current_exe().expect("a program");
    let locked = folder.join("locked");
    fs::write(&locked, "").expect("a file");
    set_mode(&locked, 0);
    if fs::read(&locked).is_err() {
        return Command::new(program);
    }
    set_mode(folder, 0o777);
    let copy = folder.join("program");
    fs::copy(program, &copy).expect("a copy that everybody may read");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
    command
}

#[tokio::test]
async fn file_without_permission_changes_nothing_and_stops_the_start() {
    if !is_alone() {
        let folder = tempdir().expect("a folder");
        let file = folder.path().join("health.json");
        fs::write(&file, timeout_is(1)).expect("a file");
        let test = "file::file_without_permission_changes_nothing_and_stops_the_start";
        let program = unprivileged(folder.path());
        return assert_passed(&run_alone_by(program, test, Some("pinned.timeout=7s"), Some(&file)));
    }
    let (endpoint, log) = service();
    let monitor = endpoint.monitor();
    // A file of this user.
    replace(&timeout_is(2));
    wait_until("changed", || timeout(monitor, "db") == 2).await;
    set_mode(&file(), 0);
    wait_until("unreadable", || log.so_far().contains("Permission denied")).await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!((log.text().matches(REJECTED).count(), timeout(monitor, "db")), (1, 2));
    let error = builder([]).build().expect_err("no start").to_string();
    assert!(error.contains("cannot be used: Permission denied"), "{error}");
    replace(&timeout_is(3));
    wait_until("readable", || timeout(monitor, "db") == 3).await;
}

/// Holds up everybody who opens the file, like a disk that hangs, until it is killed: the kernel asks a program with a lease
/// before it opens the file for another one, and waits up to 45 s.
fn hang(file: &Path) -> Child {
    let program = "
import fcntl, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1], 'r+')
while True:
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        break
    except OSError:  # somebody reads it
        time.sleep(0.001)
time.sleep(60)
";
    let mut command = Command::new("python3");
    command.args(["-c", program]).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("python3")
}

#[tokio::test]
#[ignore = "needs python3: scripts/peers"]
async fn disk_that_hangs_is_logged_once_and_the_settings_stay() {
    if !is_alone() {
        let folder = tempdir().expect("a folder");
        let file = folder.path().join("health.json");
        fs::write(&file, timeout_is(1)).expect("a file");
        let test = "file::disk_that_hangs_is_logged_once_and_the_settings_stay";
        let mut command = Command::new(env::current_exe().expect("a program"));
        command.arg("--ignored");
        return assert_passed(&run_alone_by(command, test, Some("pinned.timeout=7s"), Some(&file)));
    }
    let (endpoint, log) = service();
    let monitor = endpoint.monitor();
    let mut holder = hang(&file());
    wait_until("hanging", || log.so_far().contains("the file system does not answer within 3s")).await;
    sleep(Duration::from_secs(9)).await;
    assert_eq!((log.text().matches(REJECTED).count(), timeout(monitor, "db")), (1, 1), "{}", log.text());
    assert_eq!(get(serve(endpoint.router()).await, "/readyz").await.status, 200);
    holder.kill().expect("a running program");
    holder.wait().expect("an end");
    replace(&timeout_is(2));
    wait_until("answering again", || timeout(monitor, "db") == 2).await;
}

#[tokio::test]
async fn changed_setting_for_a_check_that_is_off_is_logged_with_its_reason() {
    if !is_alone() {
        let folder = tempdir().expect("a folder");
        let file = folder.path().join("health.json");
        fs::write(&file, "{}").expect("a file");
        return assert_passes("file::changed_setting_for_a_check_that_is_off_is_logged_with_its_reason", &file);
    }
    let log = Log::default();
    tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).init();
    let checks = ["db", "pinned"].map(|name| Check::new(name, Level::L3, || async {}));
    let _endpoint = builder(checks).without("db").build().expect("good");
    replace(&timeout_is(1));
    wait_until("an event", || log.so_far().contains("setting for health checks has no effect")).await;
    let text = log.text();
    assert!(text.contains("the check `db` is off, so that nothing can be set for it"), "{text}");
}

#[tokio::test]
async fn unusable_file_stops_the_start() {
    if is_alone() {
        let error = builder([]).build().expect_err("no start").to_string();
        assert!(error.contains(&format!("the settings in `{}` cannot be used: ", file().display())), "{error}");
        return;
    }
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("health.json");
    let test = "file::unusable_file_stops_the_start";
    assert_passes(test, &path);
    fs::write(&path, "not json").expect("a file");
    assert_passes(test, &path);
    fs::write(&path, " ".repeat(3 << 20)).expect("a file");
    assert_passes(test, &path);
    fs::remove_file(&path).expect("a file");
    assert!(Command::new("mkfifo").arg(&path).status().expect("it runs").success());
    assert_passes(test, &path);
}
