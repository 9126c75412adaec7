//! The promises of the two packages to their users: the oldest compiler, and one version in a program.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// Features with a dependency that asks for a newer compiler than `rust-version`, and the version that it asks for.
const NEWER: [(&str, &str); 0] = [];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO")).args(arguments).arg("--offline").current_dir(folder).output().expect("cargo runs")
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Returns major, minor and patch of a version such as `1.88`.
fn parsed(version: &str) -> Vec<u32> {
    let mut numbers: Vec<_> = version.split('.').map(|part| part.parse().expect("a number")).collect();
    numbers.resize(3, 0);
    numbers
}

/// Compares what the dependencies of each feature declare: no second compiler is needed. A dependency
/// that declares nothing passes.
#[test]
fn dependencies_of_each_feature_build_with_the_oldest_compiler() {
    let host = text(Command::new("rustc").arg("-vV").output().expect("rustc runs"));
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let metadata = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
    let metadata: Value = serde_json::from_str(&text(cargo(&root(), &metadata))).expect("JSON");
    let packages: BTreeMap<_, _> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            (
                format!(
                    "{} v{}",
                    package["name"].as_str().unwrap_or_default(),
                    package["version"].as_str().unwrap_or_default()
                ),
                package,
            )
        })
        .collect();
    let (_, runtime) = packages.iter().find(|(name, _)| name.starts_with("health-runtime ")).expect("the runtime");
    let oldest = parsed(runtime["rust_version"].as_str().expect("a version"));
    let mut newer = Vec::new();
    for feature in runtime["features"].as_object().expect("features").keys() {
        let tree = ["tree", "-p", "health-runtime", "--no-default-features", "--features", feature, "--locked"];
        let tree = [&tree[..], &["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]].concat();
        let tree = text(cargo(&root(), &tree));
        let versions = tree.lines().filter_map(|line| {
            let name = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
            packages[&name]["rust_version"].as_str()
        });
        let highest = versions.max_by_key(|version| parsed(version)).unwrap_or("1.0");
        if parsed(highest) > oldest {
            newer.push((feature.as_str(), highest));
        }
    }
    assert_eq!(newer, NEWER, "name it in the README as well");
}

#[test]
fn no_feature_brings_a_database_driver() {
    let tree = ["tree", "-p", "health-runtime", "--all-features", "--locked"];
    let tree = text(cargo(&root(), &[&tree[..], &["--edges", "normal,build", "--prefix", "none"]].concat()));
    assert!(tree.lines().count() > 100, "{tree}");
    let drivers = [
        "sqlx", "postgres", "mysql", "sqlite", "redis", "diesel", "sea-orm", "deadpool", "bb8", "mongodb", "nats",
        "lapin", "kafka",
    ];
    let found: Vec<_> = tree.lines().filter(|line| drivers.iter().any(|driver| line.contains(driver))).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn two_versions_in_one_program_are_an_error_of_cargo() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("two_versions");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let package = |name: &str, version: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n")
    };
    let runtime = root().join("health-runtime").canonicalize().expect("the runtime");
    let app = package("app", "0.1.0");
    let dependencies = format!(
        "health-runtime = {{ path = {runtime:?} }}\nnewer = {{ package = \"health-runtime\", path = \"../newer\" }}"
    );
    write("app/Cargo.toml", &format!("{app}\n[workspace]\n[dependencies]\n{dependencies}\n"));
    write("app/src/lib.rs", "");
    write("newer/Cargo.toml", &format!("{}links = \"health-runtime\"\n", package("health-runtime", "0.2.0")));
    write("newer/build.rs", "fn main() {}");
    write("newer/src/lib.rs", "");
    fs::copy(root().join("Cargo.lock"), folder.join("app/Cargo.lock")).expect("a copy of the lock file");
    let output = cargo(&folder.join("app"), &["tree"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("links = \"health-runtime\""), "{error}");
}
