//! A crate of checks alone, named only in `crates: [..]`, contributes them in every profile.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Builds the fixture and returns the output of its programs.
fn built_with(profile: &str) -> [String; 3] {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = tests.join("fixtures/linking");
    // The versions of this workspace, so that cargo fetches nothing.
    fs::copy(tests.join("../Cargo.lock"), fixture.join("Cargo.lock")).expect("a copy of the lock file");
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("linking");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--profile", profile, "--target-dir"])
        .arg(&target)
        .current_dir(&fixture)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the fixture does not build with the profile {profile}");
    let folder = target.join(if profile == "dev" { "debug" } else { profile });
    let output = |program: &str| {
        let output = Command::new(folder.join(program)).output().expect("the program runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    ["named", "unnamed", "by_path"].map(output)
}

const BOTH_CHECKS: &str = "4 in_a_module\n5 at_the_root\n4 lib.in_a_module\n5 lib.at_the_root\n";

const BY_PATH: &str = "at_the_root in_a_module\ntrue\nlib.at_the_root lib.in_a_module\ntrue\n";

/// One test, because the builds share a target folder and would wait for each other.
#[test]
fn named_crates_are_linked_in_debug_release_and_fat_lto() {
    for profile in ["dev", "release", "fat"] {
        let [named, unnamed, by_path] = built_with(profile);
        assert_eq!(named, BOTH_CHECKS, "{profile}");
        // The key `crates` exists because of this. If the linker keeps the crate one day, the guide can say so.
        assert_eq!(unnamed, "", "{profile}");
        assert_eq!(by_path, BY_PATH, "{profile}");
    }
}
