//! Runs the `git` program, which may be missing, slow, or another program of that name.

use std::{
    cell::Cell,
    ffi::OsStr,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longest time for one answer. A missing answer is not an error, so this bounds the cost of a hanging program.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Number of polls for the end of a program that has closed its output, and the pause between them.
const EXIT_POLLS: (u32, Duration) = (200, Duration::from_millis(5));

/// Variables that lead git to another repository. A build in a git hook inherits them.
const MISLEADING_VARIABLES: [&str; 14] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Settings for every call: git starts no other program and stores nothing. The executable bit is ignored, because cargo does
/// not notice a change of it.
const SETTINGS: [&str; 6] = [
    "core.fileMode=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "gc.auto=0",
];

/// The git program, for read-only questions about one repository.
#[derive(Debug)]
pub(super) struct Git {
    root: PathBuf,
    /// Whether a call went without an answer; then git is not called again.
    gave_up: Cell<bool>,
}

/// The answer of the program.
#[derive(Debug)]
pub(super) enum Answer {
    /// Success, with this output.
    Yes(Vec<u8>),
    /// An exit code other than zero.
    No,
    /// The program did not start, or did not end.
    None,
}

impl Answer {
    pub(super) fn yes(self) -> Option<Vec<u8>> {
        match self {
            Self::Yes(output) => Some(output),
            Self::No | Self::None => None,
        }
    }
}

impl Git {
    /// Returns the program for the repository with this working tree.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), gave_up: Cell::new(false) }
    }

    pub(super) fn ask(&self, arguments: &[&str]) -> Answer {
        self.ask_with_index(None, arguments)
    }

    /// Asks with a separate index, which git may write.
    pub(super) fn ask_with_index(&self, index: Option<&OsStr>, arguments: &[&str]) -> Answer {
        if self.gave_up.get() {
            return Answer::None;
        }
        let mut command = self.command();
        command.args(arguments);
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        let answer = run(command);
        self.gave_up.set(matches!(answer, Answer::None));
        answer
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.root).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        for variable in MISLEADING_VARIABLES {
            command.env_remove(variable);
        }
        // If git refuses this repository, it must not take the one around it.
        if let Some(parent) = self.root.parent() {
            command.env("GIT_CEILING_DIRECTORIES", parent);
        }
        command.env("GIT_NO_LAZY_FETCH", "1");
        command.env("GIT_OPTIONAL_LOCKS", "0");
        command.env("GIT_TERMINAL_PROMPT", "0");
        command
    }
}

fn run(mut command: Command) -> Answer {
    let Ok(mut child) = command.spawn() else { return Answer::None };
    let output = child.stdout.take().and_then(read);
    let ended_well = output.is_some().then(|| ended_well(&mut child)).flatten();
    match (output, ended_well) {
        (Some(output), Some(true)) => Answer::Yes(output),
        (Some(_), Some(false)) => Answer::No,
        _ => {
            // The program may be gone already. Its own children are left alone.
            let _ = child.kill();
            let _ = child.wait();
            Answer::None
        }
    }
}

/// Reads on a separate thread, because a read cannot be cancelled. The thread of a hanging program ends with it, or with the
/// compiler.
fn read(mut stdout: ChildStdout) -> Option<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = Vec::new();
        let result = stdout.read_to_end(&mut output);
        // The receiver is gone after the timeout.
        let _ = sender.send(result.map(|_| output));
    });
    receiver.recv_timeout(ANSWER_TIMEOUT).ok()?.ok()
}

/// Returns whether a program that has closed its output succeeded; `None` if it does not end.
fn ended_well(child: &mut Child) -> Option<bool> {
    let (times, pause) = EXIT_POLLS;
    for _ in 0..times {
        if let Some(status) = child.try_wait().ok()? {
            return Some(status.success());
        }
        thread::sleep(pause);
    }
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Answer {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        run(command)
    }

    #[test]
    fn answers_are_distinguished() {
        assert!(matches!(shell("printf yes"), Answer::Yes(output) if output == b"yes"));
        assert!(matches!(shell("printf no; exit 1"), Answer::No));
        assert!(matches!(run(Command::new("/nowhere/git")), Answer::None));
    }

    #[test]
    fn hanging_program_yields_no_answer() {
        assert!(matches!(shell("exec >&-; exec sleep 60"), Answer::None));
    }

    #[test]
    fn output_may_exceed_a_pipe_buffer() {
        assert!(matches!(shell("head -c 300000 /dev/zero"), Answer::Yes(output) if output.len() == 300_000));
    }
}
