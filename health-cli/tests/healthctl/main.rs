//! The program as its users call it: against services of this library, against other kinds, and against none.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod checking;
mod credentials;
mod examples;
mod failures;
mod following;
mod help;
mod levels;
mod mapping;
mod musl;
mod operating;
mod plugin;
mod services;
mod shapes;
mod stub;
mod tls;
mod waiting;

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

/// The program after its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code().expect("an exit"), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Parses the line of `--json`.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// Returns the command with an environment that no other program changes.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_healthctl"));
    command.args(arguments).env_remove("HEALTHCTL_SECRET").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub(crate) async fn healthctl(arguments: &[&str]) -> Ended {
    Ended::of(command(arguments).output().await.expect("the program starts"))
}

/// Runs the program with a secret in its environment.
pub(crate) async fn with_secret(secret: &str, arguments: &[&str]) -> Ended {
    Ended::of(command(arguments).env("HEALTHCTL_SECRET", secret).output().await.expect("the program starts"))
}
