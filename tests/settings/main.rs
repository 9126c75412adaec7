//! Settings at deploy time: from code, from a file and from the environment.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]
#![allow(clippy::disallowed_macros, reason = "a test in a process of its own prints its result")]

mod disabled;
mod examples;
mod file;
mod library;
mod list;
mod table;

use std::{
    env,
    path::Path,
    process::{Command, Output},
};

/// Runs one test of this program in a process of its own, whose environment has these settings.
fn run_alone(test: &str, list: Option<&str>, file: Option<&Path>) -> Output {
    let program = Command::new(env::current_exe().expect("a program"));
    run_alone_by(program, test, list, file)
}

/// Runs one test like [`run_alone`], by a command that ends with this program.
fn run_alone_by(mut command: Command, test: &str, list: Option<&str>, file: Option<&Path>) -> Output {
    command.args(["--exact", test, "--nocapture"]).env("IS_ALONE", "yes");
    command.env_remove("HEALTH_CHECKS").env_remove("HEALTH_CONFIG");
    command.envs(list.map(|list| ("HEALTH_CHECKS", list))).envs(file.map(|file| ("HEALTH_CONFIG", file)));
    command.output().expect("it runs")
}

/// Returns whether this process is one of [`run_alone`].
fn is_alone() -> bool {
    env::var_os("IS_ALONE").is_some()
}
