//! The git program, in the hands of a user.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::project::isolate;

#[derive(Clone)]
pub(crate) struct Git(PathBuf);

impl Git {
    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Makes a repository whose first commit has all files of the folder.
    pub(crate) fn init(folder: &Path) -> Self {
        let git = Self::at(folder);
        git.run("init -q -b main");
        git.commit_all();
        git
    }

    pub(crate) fn try_run(&self, arguments: &str) -> Option<String> {
        let mut command = Command::new("git");
        isolate(&mut command);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Somebody").env(format!("GIT_{who}_EMAIL"), "somebody@abc.example");
        }
        command.args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"]);
        let output = command.args(arguments.split(' ')).current_dir(&self.0).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    pub(crate) fn run(&self, arguments: &str) -> String {
        self.try_run(arguments).unwrap_or_else(|| panic!("git {arguments} in {}", self.0.display()))
    }

    pub(crate) fn head(&self) -> String {
        self.run("rev-parse HEAD")
    }

    pub(crate) fn commit_all(&self) -> String {
        self.run("add -A");
        self.commit()
    }

    /// Commits the staged changes, even if there are none. Returns the revision.
    pub(crate) fn commit(&self) -> String {
        self.run("commit -q --allow-empty -m change");
        self.head()
    }
}
