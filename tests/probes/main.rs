//! The ready-made checks, against real servers, files and databases.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod ask;
mod bandwidth;
mod blocking;
mod brokers;
mod databases;
mod endpoint;
mod expectations;
mod files;
#[cfg(target_os = "linux")]
mod hanging_mount;
mod heartbeat;
mod http;
mod limits;
mod process;
mod proxies;
#[allow(unreachable_pub, reason = "the guide shows this file")]
mod recipes;
mod recipes_judged;
mod redirects;
mod secrets;
mod server;
mod service;
mod services;
mod settings;
mod sqlite;
mod system;
mod tls;
mod tls_files;
mod writes;

use health_runtime::{Check, Problem, Registry};

/// Prints why a test did not run.
#[cfg(target_os = "linux")]
#[allow(clippy::disallowed_macros, reason = "for the person who runs the tests")]
fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// Returns the start-up errors of a check, with the lines at which they point.
fn faults(check: impl Into<Check>) -> Vec<(String, String)> {
    let Err(error) = Registry::builder().check(check).build() else {
        return Vec::new();
    };
    let location_and_fault = |problem: &Problem| match problem {
        Problem::Misconfigured { location, fault, .. } => {
            (format!("{}:{}", location.file(), location.line()), fault.clone())
        }
        other => panic!("another problem: {other:?}"),
    };
    error.problems().iter().map(location_and_fault).collect()
}

/// Returns the only start-up error of a check.
fn fault(check: impl Into<Check>) -> String {
    match faults(check).as_slice() {
        [(_, fault)] => fault.clone(),
        other => panic!("one fault was expected: {other:?}"),
    }
}
