//! The unit file for people to copy.

use std::{fs, path::Path, process::Command};

use super::program;

fn unit() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/systemd/orders.service");
    fs::read_to_string(path).expect("the unit")
}

#[test]
fn unit_lets_the_messages_through() {
    let unit = unit();
    for line in ["Type=notify", "NotifyAccess=main", "WatchdogSec=30s", "Restart=on-failure"] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
    let families = unit.lines().find_map(|line| line.strip_prefix("RestrictAddressFamilies=")).expect("families");
    assert!(families.split(' ').any(|family| family == "AF_UNIX"), "{families}");
}

#[test]
#[ignore = "needs systemd: scripts/peers"]
fn systemd_accepts_the_unit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unit");
    fs::create_dir_all(&folder).expect("a folder");
    let verify = |unit: &str| {
        let path = folder.join("orders.service");
        fs::write(&path, unit.replace("/usr/local/bin/orders", program().to_str().expect("UTF-8"))).expect("a unit");
        let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(path).output();
        let output = output.expect("systemd-analyze runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_valid, problems) = verify(&unit());
    assert!(is_valid && !problems.contains("orders.service"), "{problems}");
    let (_, problems) = verify(&unit().replace("WatchdogSec=30s", "WatchdogSec=often"));
    assert!(problems.contains("orders.service"), "{problems}");
}
