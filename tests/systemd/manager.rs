//! A real systemd: a user manager of its own, in its own `/run`.

use std::{
    net::TcpListener,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
};

use super::program;

/// Runs a scenario of `tests/peers/systemd.sh`, and returns what it prints.
fn run(scenario: &str) -> Vec<String> {
    // Two managers would kill the services of each other, because they share the control groups of the machine.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/systemd.sh");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "bash"]).arg(script).arg(scenario).arg(program());
    let output = command.arg(free.to_string()).output().expect("unshare runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs systemd: scripts/peers; and root, for a manager of its own"]
fn systemd_waits_for_readiness_and_shows_the_status() {
    let lines = run("life");
    let expected = [
        // `systemctl start` returned after the migrations.
        "started ActiveState=active StatusText=ready SubState=running",
        "stopping StatusText=draining SubState=stop-sigterm",
        "stopped Result=success",
    ];
    assert_eq!(lines, expected);
}

#[test]
#[ignore = "needs systemd: scripts/peers; and root, for a manager of its own"]
fn systemd_restarts_a_service_whose_worker_is_gone() {
    let lines = run("watchdog");
    assert_eq!(lines, ["started NRestarts=0", "broken Result=watchdog", "restarted ActiveState=active NRestarts=1"]);
}
