//! Probes of this process: its descriptors, threads and load, the pressure on it, and its Tokio runtime.

use std::{thread, time::Duration};

use health_runtime::{Check, Level, Status, probes};
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
    time::{Instant, sleep},
};

use super::fault;

const PAUSE: Duration = Duration::from_millis(120);

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().expect("a runtime")
}

#[test]
fn busy_workers_are_measured_between_two_runs() {
    let runtime = runtime(1);
    let probe = probes::runtime_load().runtime(runtime.handle().clone()).warn_above(50.0);
    let first = probe.observe();
    assert_eq!(first.status(), Status::Pass);
    assert_eq!(first.data().map(|data| &data["busy_percent"]), Some(&json!(null)));

    let busy = runtime.spawn(async {
        let start = Instant::now();
        while start.elapsed() < PAUSE * 3 {
            thread::sleep(Duration::from_millis(1)); // busy for the worker, without a load on the machine
            yield_now().await;
        }
    });
    runtime.block_on(busy).expect("no panic");
    runtime.block_on(runtime.spawn(async {})).expect("no panic");
    let outcome = probe.observe();
    let percent = outcome.data().and_then(|data| data["busy_percent"].as_f64()).expect("a percentage");
    assert!(percent > 50.0, "{outcome:?}");
    assert_eq!(outcome.status(), Status::Warn);
    assert!(outcome.message().is_some_and(|text| text.contains("of the time, more than 50 %")), "{outcome:?}");
    assert_eq!(probe.observe(), outcome, "a run soon after repeats the share");

    thread::sleep(PAUSE * 5);
    let outcome = probe.observe();
    let percent = outcome.data().and_then(|data| data["busy_percent"].as_f64()).expect("a percentage");
    assert!(percent < 50.0, "{outcome:?}");
}

#[test]
fn leaked_tasks_fail() {
    let runtime = runtime(2);
    let probe = probes::runtime_load().max_tasks(100);
    let check = probe.clone();
    let tasks: Vec<_> = (0..100).map(|_| runtime.spawn(std::future::pending::<()>())).collect();
    let outcome = runtime.block_on(async { check.observe() });
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    let data = outcome.data().expect("data");
    assert_eq!((&data["alive_tasks"], &data["workers"]), (&json!(100), &json!(2)));

    let _leaked = runtime.spawn(std::future::pending::<()>());
    let outcome = runtime.block_on(async { check.observe() });
    assert_eq!((outcome.status(), outcome.message()), (Status::Fail, Some("it has 101 alive tasks, more than 100")));
    drop(tasks);
    let outcome = probe.observe();
    assert_eq!(outcome.message(), Some("no Tokio runtime runs this check; set one by `runtime`"));
    assert!(fault(probe.warn_above(101.0)).contains("0 <= warn <= fail <= 100 percent"));
}

#[tokio::test]
async fn runtime_load_is_a_check_of_the_runtime_that_runs_it() {
    let monitor = health_tests::monitor([probes::runtime_load().max_age(Duration::ZERO).into()]);
    for is_first in [true, false] {
        let report = monitor.report(&health_runtime::Selection::everything()).await;
        let result = report.result("runtime_load").expect("the check");
        assert_eq!(result.status(), Status::Pass);
        let data = result.data().expect("data");
        assert_eq!((data["busy_percent"].is_null(), &data["workers"]), (is_first, &json!(1)));
        sleep(PAUSE).await;
    }
    let check = Check::from(probes::runtime_load());
    assert_eq!((check.spec().name(), check.spec().level()), ("runtime_load", Level::L5));
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, fs::File, process::Command};

    use super::*;

    /// Names a test that runs again under other limits, in a process of its own.
    const RESTRICTED: &str = "HEALTH_TEST_RESTRICTED";

    /// Runs a test of this file again, behind a command of the shell that sets a limit.
    fn restrict(name: &str, limit: &str) {
        let program = std::env::current_exe().expect("this program");
        let script = format!("set -- \"$0\" \"$@\"; {limit}; exec \"$@\"");
        let name = format!("process::linux::{name}");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(program).args(["--exact", "--nocapture", "--test-threads=1", &name]);
        let output = command.env(RESTRICTED, "1").output().expect("sh");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }

    fn is_restricted() -> bool {
        std::env::var_os(RESTRICTED).is_some()
    }

    #[test]
    fn open_files_match_proc() {
        let outcome = probes::open_files().observe();
        let data = outcome.data().expect("data");
        let open = data["open_files"].as_u64().expect("a number");
        let counted = fs::read_dir("/proc/self/fd").expect("descriptors").count() as u64;
        // Other tests of this process open files meanwhile.
        assert!(open >= 3 && open.abs_diff(counted) < 200, "{open} {counted}");
        let max = data["max_open_files"].as_u64().expect("a limit");
        let shell = Command::new("sh").args(["-c", "ulimit -n"]).output().expect("sh");
        assert_eq!(String::from_utf8_lossy(&shell.stdout).trim(), max.to_string());
        let check = Check::from(probes::open_files());
        assert_eq!((check.spec().name(), check.spec().level()), ("open_files", Level::L2));
    }

    #[test]
    fn leaked_descriptors_warn_and_fail() {
        if !is_restricted() {
            restrict("leaked_descriptors_warn_and_fail", "ulimit -n 100");
            return;
        }
        let observe = || probes::open_files().observe();
        let count = || observe().data().and_then(|data| data["open_files"].as_u64()).expect("a number");
        let mut files = Vec::new();
        let mut open_until = |number: u64| {
            while count() < number {
                files.push(File::open("/dev/null").expect("a file"));
            }
            while count() > number {
                files.pop();
            }
        };
        open_until(80);
        assert_eq!(observe().status(), Status::Pass);
        open_until(81);
        assert_eq!(observe().status(), Status::Warn);
        open_until(96);
        let outcome = observe();
        let text = "96.0 % of the 100 file descriptors that it may have are open, more than 95 %";
        assert_eq!((outcome.status(), outcome.message()), (Status::Fail, Some(text)));

        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        let outcome = observe();
        assert_eq!(outcome.status(), Status::Fail);
        assert!(outcome.message().is_some_and(|text| text.contains("Too many open files")), "{outcome:?}");
        files.clear();
        assert_eq!(observe().status(), Status::Pass);
    }

    #[test]
    fn threads_are_counted() {
        let count = || {
            let outcome = probes::threads().observe();
            outcome.data().and_then(|data| data["threads"].as_u64()).expect("a number")
        };
        let threads: Vec<_> = (0..2).map(|_| thread::spawn(|| thread::sleep(PAUSE))).collect();
        assert!(count() >= 3);
        for thread in threads {
            thread.join().expect("no panic");
        }
        let check = Check::from(probes::threads());
        assert_eq!((check.spec().name(), check.spec().level()), ("threads", Level::L2));
        assert!(fault(probes::threads().fail_above(-1.0)).starts_with("threads' limits must satisfy"));
    }

    #[test]
    fn limit_of_the_user_is_the_nearest() {
        if is_restricted() {
            let outcome = probes::threads().warn_above(1.0).observe();
            let data = outcome.data().expect("data");
            assert_eq!((&data["limited_by"], &data["max_tasks"]), (&json!("user"), &json!(30)), "{data}");
            assert_eq!(data["tasks"], data["threads"]);
            assert!(outcome.message().is_some_and(|text| text.contains("% of the 30 tasks of its user exist")));
            return;
        }
        // Root has no such limit, so the test runs again as nobody.
        let is_root =
            Command::new("setpriv").args(["--reuid=65534", "true"]).status().is_ok_and(|status| status.success());
        if !is_root {
            super::super::skip("only root becomes another user");
            return;
        }
        // Shells differ in the letter.
        restrict(
            "limit_of_the_user_is_the_nearest",
            "ulimit -p 30 2>&- || ulimit -u 30; set -- setpriv --reuid=65534 \"$@\"",
        );
    }

    #[test]
    fn limit_of_the_cgroup_is_the_nearest() {
        if is_restricted() {
            let outcome = probes::threads().fail_above(1.0).warn_above(1.0).observe();
            let data = outcome.data().expect("data");
            assert_eq!((&data["limited_by"], &data["max_tasks"]), (&json!("cgroup"), &json!(40)), "{data}");
            assert!(data["tasks"].as_u64() >= data["threads"].as_u64(), "{data}");
            assert!(outcome.message().is_some_and(|text| text.contains("% of the 40 tasks of its cgroup exist")));
            return;
        }
        // Version 1 alone: in version 2 the parent decides which controllers there are.
        let folder = std::path::PathBuf::from(format!("/sys/fs/cgroup/pids/health-test-{}", std::process::id()));
        if fs::create_dir(&folder).is_err() {
            super::super::skip("this user cannot make a cgroup of version 1");
            return;
        }
        fs::write(folder.join("pids.max"), "40").expect("a limit");
        let result = std::panic::catch_unwind(|| {
            let join = format!("echo $$ >{}/cgroup.procs", folder.display());
            restrict("limit_of_the_cgroup_is_the_nearest", &join);
        });
        fs::remove_dir(&folder).expect("an empty cgroup");
        result.expect("the test passes there");
    }

    #[test]
    fn load_average_matches_proc() {
        let outcome = probes::load_average().warn_above(1e6).observe();
        assert_eq!(outcome.status(), Status::Pass);
        let data = outcome.data().expect("data");
        let text = fs::read_to_string("/proc/loadavg").expect("the load");
        let load: f64 = text.split(' ').nth(2).expect("a number").parse().expect("a number");
        assert!((data["load_15m"].as_f64().expect("a number") - load).abs() < 1.0, "{data} {text}");
        let cores = Command::new("getconf").arg("_NPROCESSORS_ONLN").output().expect("getconf");
        assert_eq!(String::from_utf8_lossy(&cores.stdout).trim(), data["cores"].to_string());
        let outcome = probes::load_average().warn_above(0.0).observe();
        assert!(outcome.status() == Status::Warn || data["load_5m"] == json!(0.0), "{outcome:?}");
        assert!(fault(probes::load_average().warn_above(-1.0)).contains("0 <= warn <= fail"));
    }

    #[test]
    fn pressure_is_measured_or_said_to_be_absent() {
        let outcome =
            probes::pressure().cpu_above(100.0, 100.0).memory_above(100.0, 100.0).io_above(100.0, 100.0).observe();
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
        let data = outcome.data().expect("data");
        if fs::read_to_string("/proc/pressure/cpu").is_err() {
            assert_eq!(data, &json!({ "scope": null }));
            return;
        }
        assert!(["cgroup", "machine"].iter().any(|scope| data["scope"] == *scope), "{data}");
        for resource in ["cpu", "memory", "io"] {
            for average in ["some_avg10", "some_avg60"] {
                let percent = data[resource][average].as_f64().expect("a percentage");
                assert!((0.0..=100.0).contains(&percent), "{data}");
            }
        }
        let probe = probes::pressure().cpu_above(1.0, 0.0).memory_above(-1.0, 0.0).io_above(f64::NAN, 1.0);
        let faults = super::super::faults(probe);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[0].1.starts_with("cpu limits must satisfy 0 <= warn <= fail <= 100"), "{faults:?}");
    }
}
