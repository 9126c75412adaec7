//! `probes::memory` and `probes::disk`, compared with other sources of the system.

use std::process::Command;

use health_runtime::{Check, Level, Status, probes};
use serde_json::Value;

use super::{fault, faults};

/// Reads a number of `/proc/meminfo`, in bytes.
fn meminfo(key: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/meminfo").expect("meminfo");
    let line = text.lines().find(|line| line.starts_with(&format!("{key}:"))).expect("the line");
    let kibibytes: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    kibibytes * 1024.0
}

#[test]
#[cfg(target_os = "linux")]
fn memory_matches_proc_meminfo() {
    let outcome = probes::memory().warn_above(100.0).fail_above(100.0).observe();
    let data = outcome.data().and_then(Value::as_object).expect("data");
    assert_eq!(data.len(), 2);
    let percent = data["%_ram_used"].as_f64().expect("a percentage");
    let used = data["gb_ram_used"].as_f64().expect("gigabytes") * 1e9;
    assert!((0.0..=100.0).contains(&percent) && used > 0.0, "{data:?}");
    assert!(((percent * 10.0).round() - percent * 10.0).abs() < 1e-6, "one decimal: {percent}");
    // In a limited cgroup the total is its limit. Other processes use memory meanwhile.
    let total = meminfo("MemTotal");
    let share = used / total * 100.0;
    assert!(share <= percent + 0.1, "{share} {percent}");
    if (share - percent).abs() < 0.1 {
        let expected = (total - meminfo("MemAvailable")) / total * 100.0;
        assert!((expected - percent).abs() < 15.0, "{expected} {percent}");
    }
}

#[test]
fn memory_status_follows_its_limits() {
    assert_eq!(probes::memory().warn_above(0.0).fail_above(100.0).observe().status(), Status::Warn);
    let failing = probes::memory().warn_above(0.0).fail_above(0.0).observe();
    assert_eq!(failing.status(), Status::Fail);
    assert!(failing.message().is_some_and(|text| text.ends_with("% of memory is used, more than 0 %")));
    assert!(failing.data().is_some());

    let spec = Check::from(probes::memory());
    assert_eq!((spec.spec().name(), spec.spec().level()), ("memory", Level::L2));
    assert!(spec.spec().is_flattened());

    let here = format!("{}:{}", file!(), line!() + 1);
    let probe = probes::memory().fail_above(101.0);
    assert_eq!(faults(probe.clone())[0].0, here);
    assert_eq!(probe.observe().status(), Status::Fail);
}

/// Runs `df` on a path, in bytes: size, used, available.
#[cfg(target_os = "linux")]
fn df(path: &str) -> [f64; 3] {
    let output = Command::new("df").args(["-B1", "--output=size,used,avail", path]).output().expect("df");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = text.lines().nth(1).expect("a line of numbers");
    let numbers: Vec<f64> = line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}

/// Asserts that a short size is a rounding of this number.
#[cfg(target_os = "linux")]
fn assert_means(short: &Value, bytes: f64) {
    let text = short.as_str().expect("a string");
    let (number, unit) = text.split_at(text.len() - 1);
    let power = ["B", "k", "M", "G", "T", "P", "E"].iter().position(|it| *it == unit).expect("a unit");
    let unit = 1_000_f64.powi(i32::try_from(power).expect("a small number"));
    let number: f64 = number.parse().expect("a whole number");
    // Other processes write meanwhile, so more than half a unit.
    assert!((number * unit - bytes).abs() <= unit * 1.6, "{text} is not {bytes}");
}

#[test]
#[cfg(target_os = "linux")]
fn disk_matches_df() {
    for path in ["/", "/dev/shm"] {
        let outcome = probes::disk(path).warn_below(0.0).fail_below(0.0).observe();
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
        let data = outcome.data().and_then(Value::as_object).expect("data");
        let keys: Vec<_> = data.keys().map(String::as_str).collect();
        assert_eq!(keys, ["free", "held_back_by_system", "percentage_available_free", "total", "used"]);
        let [size, used, available] = df(path);
        assert_means(&data["total"], size);
        assert_means(&data["used"], used);
        assert_means(&data["free"], available);
        assert_means(&data["held_back_by_system"], size - used - available);
        let share = data["percentage_available_free"].as_f64().expect("a share");
        assert!((share - available / size).abs() < 0.02, "{share}");
    }
}

#[test]
#[cfg(unix)]
fn disk_status_follows_its_limits() {
    let of = |warn, fail| probes::disk("/").warn_below(warn).fail_below(fail).observe();
    assert_eq!(of(1.0, 0.0).status(), Status::Warn);
    assert_eq!(of(1.0, 1.0).status(), Status::Fail);
    let check = Check::from(probes::disk("/"));
    assert_eq!((check.spec().name(), check.spec().level()), ("storage", Level::L1));
    assert!(!check.spec().is_flattened());
    assert!(fault(probes::disk("/").warn_below(0.01)).contains("0 <= fail <= warn <= 1"));
}

#[test]
#[cfg(target_os = "linux")]
fn file_system_without_size_is_a_warning() {
    let outcome = probes::disk("/proc").observe();
    assert_eq!(outcome.status(), Status::Warn, "{outcome:?}");
    assert_eq!(outcome.data().map(|data| &data["percentage_available_free"]), Some(&Value::Null));
}

#[test]
#[cfg(unix)]
fn missing_path_is_a_start_up_error_at_the_users_line() {
    for path in ["/no/such/folder", "/etc/passwd/below", "nul\0byte", ""] {
        let here = format!("{}:{}", file!(), line!() + 1);
        let probe = probes::disk(path);
        let faults = faults(probe.clone());
        assert_eq!(faults.len(), 1, "{path:?}: {faults:?}");
        assert_eq!(faults[0].0, here);
        assert!(faults[0].1.contains("is not accessible"), "{faults:?}");
        // A mount that disappears later fails.
        assert_eq!(probe.observe().status(), Status::Fail);
    }
}
