//! Finds the repository of a crate.

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
    /// The folder of this working tree: `.git`, or a folder of another repository for worktrees and submodules.
    own: PathBuf,
    /// The folder that all worktrees share; usually the same folder.
    common: PathBuf,
}

/// The result of the search for a repository.
#[derive(Debug)]
pub(super) enum Found {
    Repository(Repository),
    /// A file `.git` that points to a missing folder, as in a container with a copy of the working tree alone.
    Unusable,
    Nothing,
}

impl Repository {
    /// Walks up from a folder, like git.
    pub(super) fn find(start: &Path, watched: &mut Watched) -> Found {
        match start.ancestors().find(|folder| is_root(folder)) {
            Some(root) => Self::open(root, watched).map_or(Found::Unusable, Found::Repository),
            // The repository may be around the target of a symbolic link in the path.
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

    /// Returns the path of a file of this working tree, such as `HEAD`.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.own.join(name)
    }

    /// Returns the path of a file that all working trees share, such as `packed-refs`.
    pub(super) fn common(&self, name: &str) -> PathBuf {
        self.common.join(name)
    }
}

/// Returns whether git would stop at this folder. It ignores a folder `.git` that is not a repository.
fn is_root(folder: &Path) -> bool {
    let dot_git = folder.join(".git");
    dot_git.is_file() || dot_git.join("HEAD").symlink_metadata().is_ok()
}
