//! Monitoring by other programs, with the files of `examples/deploy`: Prometheus, Alertmanager, Grafana, and the Prometheus
//! operator of Kubernetes.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod alerts;
mod dashboard;
mod kubernetes;
mod servers;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the text of a file of `examples/deploy`.
fn deploy(file: &str) -> String {
    fs::read_to_string(root().join("examples/deploy").join(file)).expect("a file")
}

/// Returns the documents of a file of `examples/deploy`.
fn yaml(file: &str) -> Vec<Value> {
    use serde::Deserialize;
    let text = deploy(file);
    yaml_serde::Deserializer::from_str(&text).map(|document| Value::deserialize(document).expect("YAML")).collect()
}

/// Runs a program, which has to succeed. Returns its output.
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; scripts/peers installs it"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Returns the elements of an array.
fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
