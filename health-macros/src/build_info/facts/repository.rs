//! Where the repository of a crate is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::watched::Watched;

/// A repository with a working tree.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top of the working tree.
    root: PathBuf,
    /// What is the working tree's own: `.git`, or a folder of another repository for worktrees and submodules.
    own: PathBuf,
    /// What it shares with the other worktrees; the same for most.
    common: PathBuf,
}

#[derive(Debug)]
pub(super) enum Found {
    Repository(Repository),
    /// A file `.git` that leads nowhere, as in a container into which only the working tree was copied.
    Unusable,
    Nothing,
}

impl Repository {
    /// Walks up from a folder, as git does.
    pub(super) fn find(start: &Path, watched: &mut Watched) -> Found {
        match start.ancestors().find(|folder| is_root(folder)) {
            Some(root) => Self::open(root, watched).map_or(Found::Unusable, Found::Repository),
            // The path may lead through a symbolic link, and the repository be around what it leads to.
            None => match fs::canonicalize(start) {
                Ok(real) if real != start => Self::find(&real, watched),
                _ => Found::Nothing,
            },
        }
    }

    fn open(root: &Path, watched: &mut Watched) -> Option<Self> {
        let dot_git = root.join(".git");
        let own = if dot_git.is_dir() {
            dot_git
        } else {
            let link = watched.read(&dot_git)?;
            root.join(link.strip_prefix("gitdir:")?.trim())
        };
        let commondir = own.join("commondir");
        let common = if commondir.exists() { own.join(watched.read(&commondir)?.trim_end()) } else { own.clone() };
        Some(Self { root: root.to_owned(), own, common })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A file that each working tree has for itself, such as `HEAD`.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.own.join(name)
    }

    /// A file that all working trees share, such as `packed-refs`.
    pub(super) fn common(&self, name: &str) -> PathBuf {
        self.common.join(name)
    }
}

/// Whether this is where git would stop. It passes by a folder `.git` that is none of its own.
fn is_root(folder: &Path) -> bool {
    let dot_git = folder.join(".git");
    dot_git.is_file() || dot_git.join("HEAD").symlink_metadata().is_ok()
}
