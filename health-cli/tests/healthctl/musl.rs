//! The static program, in a root that holds nothing but it.

use std::{env, fs, path::Path};

use tokio::process::Command;

use crate::{
    Ended,
    services::{orders, url_of},
};

#[tokio::test]
#[ignore = "needs musl: scripts/peers; and user namespaces. It builds a static program for some minutes"]
async fn static_program_works_in_an_empty_root() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("musl");
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    let build = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--bin", "healthctl", "--target", &target, "--target-dir"])
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .status();
    assert!(build.await.expect("cargo runs").success());
    let empty = tempfile::tempdir().expect("a folder");
    fs::copy(folder.join(target).join("debug/healthctl"), empty.path().join("healthctl")).expect("a copy");
    let url = url_of(orders()).await;
    for (arguments, code, part) in [
        (&["check", &url][..], 0, "orders 1.4.2  ! warn"),
        (&["check", "https://127.0.0.1:9"], 64, "name a file in PEM by `--root-file FILE`"),
        (&["check", "http://orders.invalid"], 1, "is the name of the host right?"),
    ] {
        let mut program = Command::new("unshare");
        program.args(["--map-root-user", "chroot"]).arg(empty.path()).arg("/healthctl").args(arguments).env_clear();
        let ended = Ended::of(program.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().await.expect("unshare"));
        assert!(ended.code == code && (ended.out.clone() + &ended.err).contains(part), "{arguments:?}: {ended:?}");
    }
}
