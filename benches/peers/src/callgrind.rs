//! Runs a program under callgrind, and reads its totals.

use std::{
    fs,
    io::{Error, Result},
    path::Path,
    process::Command,
};

/// Names of the client's functions, which callgrind leaves out together with everything that they call. A second pattern
/// would have no effect.
const LEFT_OUT: &str = "--toggle-collect=*_unmeasured*";

/// Instructions of one run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Instructions {
    /// All instructions outside the kernel.
    pub all: u64,
    /// Instructions of the program itself: without libc, whose `malloc` and `memcpy` differ from machine to machine.
    pub own: u64,
}

/// Counts the instructions of a program with these arguments.
pub fn count(program: &Path, arguments: &[String]) -> Result<Instructions> {
    let file = std::env::temp_dir().join(format!("callgrind-{}-{}", std::process::id(), arguments.join("-")));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--fair-sched=try"])
        .arg(LEFT_OUT)
        .arg("--collect-atstart=yes")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|error| Error::other(format!("valgrind does not run: {error}")))?;
    if !output.status.success() {
        return Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let profile = fs::read_to_string(&file)?;
    fs::remove_file(&file)?;
    Ok(read(&profile, &program.display().to_string()))
}

/// Adds up the lines of a profile. A line behind `calls=` repeats the cost of the called function.
fn read(profile: &str, program: &str) -> Instructions {
    let mut instructions = Instructions::default();
    let mut objects = std::collections::HashMap::new();
    let (mut is_own, mut is_call) = (false, false);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            let (number, name) = object.split_once(' ').unwrap_or((object, ""));
            if !name.is_empty() {
                objects.insert(number, name == program);
            }
            is_own = objects.get(number).copied().unwrap_or_default();
        } else if line.starts_with("cob=") || line.starts_with("cfi=") || line.starts_with("cfn=") {
            if let Some((number, name)) = line.strip_prefix("cob=").and_then(|object| object.split_once(' ')) {
                objects.insert(number, name == program);
            }
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok()).unwrap_or_default();
            if !is_call {
                instructions.all += cost;
                instructions.own += if is_own { cost } else { 0 };
            }
            is_call = false;
        }
    }
    instructions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_of_libc_are_told_apart() {
        let profile = "ob=(1) /bin/program\nfn=(1) main\n1 10\ncob=(2) /lib/libc.so\ncfn=(2) malloc\ncalls=1 0\n2 500\n+1 3\n\nob=(2)\nfn=(2)\n7 500\n";
        assert_eq!(read(profile, "/bin/program"), Instructions { all: 513, own: 13 });
    }
}
