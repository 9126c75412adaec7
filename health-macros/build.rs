//! Records the version of the compiler. It compiles the macros and the crates that use them.

use std::{env, io::Write as _, process::Command};

fn main() -> std::io::Result<()> {
    let mut cargo = std::io::stdout().lock();
    writeln!(cargo, "cargo::rerun-if-changed=build.rs")?;
    if let Some(version) = rustc_version() {
        writeln!(cargo, "cargo::rustc-env=HEALTH_MACROS_RUSTC={version}")?;
    }
    Ok(())
}

/// Returns the first two words of `rustc --version`, such as `rustc 1.95.0`.
fn rustc_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    (output.status.success() && words.len() == 2).then(|| words.join(" "))
}
