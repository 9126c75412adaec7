//! The probe where there is nothing but the program, as in an image `FROM scratch`; and the files for Docker.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{run, start};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace")
}

fn deploy(file: &str) -> String {
    fs::read_to_string(root().join("examples/deploy/docker").join(file)).expect(file)
}

/// Builds the example alone, linked statically with the C library of this machine, as Alpine does it by default.
fn build_static() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch");
    fs::create_dir_all(&folder).expect("a folder");
    let manifest = format!(
        r#"
        [package]
        name = "container"
        version = "0.1.0"
        edition = "2024"

        [[bin]]
        name = "container"
        path = "{}"

        [dependencies]
        axum = {{ version = "0.8", default-features = false, features = ["http1", "tokio"] }}
        health-runtime = {{ path = "{}" }}
        tokio = {{ version = "1", features = ["macros", "net", "rt-multi-thread"] }}
        tracing-subscriber = {{ version = "0.3", default-features = false, features = ["fmt"] }}

        [workspace]
        "#,
        root().join("examples/container.rs").display(),
        root().join("health-runtime").display(),
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a copy of the lock file");
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8(version.stdout).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    // With a target, macros and build scripts are built without the flag, which they cannot have.
    let arguments = ["build", "--quiet", "--offline", "--target", host, "--target-dir"];
    let target = folder.join("target");
    let mut build = Command::new(env!("CARGO"));
    build.args(arguments).arg(&target).current_dir(&folder).env("RUSTFLAGS", "-C target-feature=+crt-static");
    assert!(build.status().expect("cargo runs").success());
    target.join(host).join("debug/container")
}

#[test]
#[ignore = "needs user namespaces, and builds a static program for a minute"]
fn probe_works_in_a_root_with_nothing_but_the_program() {
    let program = build_static();
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch-root");
    let _ = fs::remove_dir_all(&empty);
    fs::create_dir_all(&empty).expect("a folder");
    fs::copy(program, empty.join("app")).expect("a copy");
    let files: Vec<_> =
        fs::read_dir(&empty).expect("a folder").map(|entry| entry.expect("a file").file_name()).collect();
    assert_eq!(files, ["app"]);

    let in_root = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "chroot"]).arg(&empty).arg("/app").args(arguments);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let (_service, address) = start(&mut in_root(&[]));
    for text in [format!("{address}"), format!("0.0.0.0:{}", address.port()), format!("{}", address.port())] {
        let (code, line) = run(&mut in_root(&["healthcheck", &text]));
        assert_eq!(code, 0, "{line}");
        assert!(line.ends_with("/livez answers 200 OK"), "{line}");
    }
    let (code, line) = run(&mut in_root(&["healthcheck", &format!("{address}/nowhere")]));
    assert_eq!(code, 1, "{line}");
    let (code, line) = run(&mut in_root(&["healthcheck"]));
    assert_eq!(code, 1, "{line}");
    assert!(line.contains("http://localhost:8080/livez cannot be asked: Connection refused"), "{line}");
}

#[test]
fn files_for_docker_run_the_probe_in_time() {
    let dockerfile = deploy("Dockerfile");
    let healthcheck = dockerfile.lines().find_map(|line| line.strip_prefix("HEALTHCHECK ")).expect("a health check");
    let (options, command) = healthcheck.split_once(" CMD ").expect("a command");
    let command: Vec<String> = serde_json::from_str(command).expect("the form without a shell");
    assert_eq!(command, ["/app", "healthcheck"]);
    // The probe gives up after 3 s, and says why.
    assert!(options.contains("--timeout=5s"), "{options}");
    assert!(dockerfile.contains("\nFROM scratch\nCOPY --from=build /src/target/release/examples/container /app\n"));
    assert!(dockerfile.contains("\nENTRYPOINT [\"/app\"]\n"));

    let compose: Value = yaml_serde::from_str(&deploy("compose.yaml")).expect("YAML");
    let healthcheck = &compose["services"]["orders"]["healthcheck"];
    assert_eq!(healthcheck["test"], serde_json::json!(["CMD", "/app", "healthcheck", "/readyz"]));
    assert_eq!(healthcheck["timeout"], "5s");
    assert_eq!(compose["services"]["shop"]["depends_on"]["orders"]["condition"], "service_healthy");
}
