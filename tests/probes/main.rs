//! The ready-made checks, against real servers, files and databases.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod bandwidth;
mod endpoint;
#[cfg(target_os = "linux")]
mod hanging_mount;
mod http;
mod limits;
mod server;
mod services;
mod settings;
mod sqlite;
mod system;
mod tls;

use health_runtime::{Check, Problem, Registry};

/// A test says why it did not run.
#[cfg(target_os = "linux")]
#[allow(clippy::disallowed_macros, reason = "for whoever runs the tests")]
fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// What is said at start about a check that can never work, with the line that it points at.
fn faults(check: impl Into<Check>) -> Vec<(String, String)> {
    let Err(error) = Registry::builder().check(check).build() else {
        return Vec::new();
    };
    let of_a_probe = |problem: &Problem| match problem {
        Problem::Misconfigured { location, fault, .. } => {
            (format!("{}:{}", location.file(), location.line()), fault.clone())
        }
        other => panic!("another problem: {other:?}"),
    };
    error.problems().iter().map(of_a_probe).collect()
}

/// The only such fault.
fn fault(check: impl Into<Check>) -> String {
    match faults(check).as_slice() {
        [(_, fault)] => fault.clone(),
        other => panic!("one fault was expected: {other:?}"),
    }
}
