//! Build info of a service, in situations in which it could be wrong: the service is built, changed, and built
//! again with plain `cargo build`, and its info compared with git's each time.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod dirty;
mod git;
mod history;
mod layouts;
mod outside;
mod project;

use crate::{
    git::Git,
    project::{Built, Project},
};

/// Builds, and expects git's revision.
#[track_caller]
fn expect_head(project: &Project, git: &Git) -> Built {
    let built = project.build();
    assert_eq!(built.get("revision"), git.head());
    assert!(built.get("revision").starts_with(built.get("short")) && built.get("short").len() == 12, "{built:?}");
    built
}

/// Builds, and expects that nothing is compiled.
#[track_caller]
fn expect_no_op(project: &Project) {
    let built = project.build();
    assert!(!built.compiled, "compiled with nothing changed: {built:?}");
}
