//! Asks the `git` program, which may be missing, slow, or something else of that name.

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

/// How long one answer may take. No answer is never an error, so this bounds what a hanging program costs a build.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a program that has closed its output is asked whether it has ended, and how long between.
const ENDING: (u32, Duration) = (200, Duration::from_millis(5));

/// Variables that lead git to another repository. A git hook that builds hands them on.
const MISLEADING: [&str; 14] = [
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

/// Settings for every question: git starts no other program and keeps nothing for later. That files were made executable
/// is nothing cargo could notice, so it is not asked about.
const SETTINGS: [&str; 6] = [
    "core.fileMode=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "gc.auto=0",
];

/// The git program, asked about one repository. It never writes into it.
#[derive(Debug)]
pub(super) struct Git {
    root: PathBuf,
    /// Not asked again after it did not answer once.
    gave_up: Cell<bool>,
}

/// What the program said.
#[derive(Debug)]
pub(super) enum Answer {
    /// It ended well, with this output.
    Yes(Vec<u8>),
    /// It ended, and not well.
    No,
    /// It did not run, or not to its end.
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
    /// For the repository whose working tree stands in this folder.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), gave_up: Cell::new(false) }
    }

    pub(super) fn ask(&self, arguments: &[&str]) -> Answer {
        self.ask_with_index(None, arguments)
    }

    /// Asks with an index that is not that of the repository, and that may be written.
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
        for variable in MISLEADING {
            command.env_remove(variable);
        }
        // Where the repository is not accepted as one, the one around it would be another.
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
            // Gone already is as good, and what it started is not ours to end.
            let _ = child.kill();
            let _ = child.wait();
            Answer::None
        }
    }
}

/// Reads on a thread of its own, since reading cannot be given up. The thread of a program that hangs ends with it, or
/// with the compiler.
fn read(mut stdout: ChildStdout) -> Option<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = Vec::new();
        let result = stdout.read_to_end(&mut output);
        // Nobody listens any more if it took too long.
        let _ = sender.send(result.map(|_| output));
    });
    receiver.recv_timeout(PATIENCE).ok()?.ok()
}

/// Whether a program that has closed its output ended well; `None` if it does not end.
fn ended_well(child: &mut Child) -> Option<bool> {
    let (times, pause) = ENDING;
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
    fn tells_the_answers_apart() {
        assert!(matches!(shell("printf yes"), Answer::Yes(output) if output == b"yes"));
        assert!(matches!(shell("printf no; exit 1"), Answer::No));
        assert!(matches!(run(Command::new("/nowhere/git")), Answer::None));
    }

    #[test]
    fn does_not_wait_for_a_program_that_does_not_end() {
        assert!(matches!(shell("exec >&-; exec sleep 60"), Answer::None));
    }

    #[test]
    fn takes_more_than_a_pipe_holds() {
        assert!(matches!(shell("head -c 300000 /dev/zero"), Answer::Yes(output) if output.len() == 300_000));
    }
}
