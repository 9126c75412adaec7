//! What the source says about itself: its revision, and whether it differs from it.
//!
//! The rule of this folder is that a wrong value is worse than none. A value is given only if it is true now, and if
//! cargo compiles again when it stops being true: every file that was read to find it is handed to the compiler with
//! `include_bytes!`, so that it stands among those cargo watches. Where a value can change without any watched file
//! changing, it is left out.
//!
//! One direction: `watched`, `program` ← `repository` ← `revision` ← `package`, and `tree`, all ← this file ← `expand`.

mod expand;
mod package;
mod program;
mod repository;
mod revision;
mod tree;
mod watched;

use std::path::Path;

pub(super) use self::expand::expand;
use self::{
    package::Package,
    program::Git,
    repository::{Found, Repository},
    revision::Head,
    tree::Tree,
    watched::Watched,
};

/// Where a revision stands that somebody states for a build without a repository.
const STATED: &[&str] = &["GIT_REVISION"];

/// The same, and then what the usual CI systems say that they build.
const STATED_OR_CI: &[&str] = &[
    "GIT_REVISION",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BUILDKITE_COMMIT",
    "CIRCLE_SHA1",
    "GIT_COMMIT",
    "BITBUCKET_COMMIT",
    "BUILD_SOURCEVERSION",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "DRONE_COMMIT_SHA",
    "TRAVIS_COMMIT",
    "APPVEYOR_REPO_COMMIT",
    "SEMAPHORE_GIT_SHA",
    "CM_COMMIT",
    "SOURCE_COMMIT",
    "COMMIT_SHA",
    "CF_PAGES_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_SHA",
    "RENDER_GIT_COMMIT",
    "RAILWAY_GIT_COMMIT_SHA",
    "HEROKU_SLUG_COMMIT",
    "HEROKU_BUILD_COMMIT",
];

/// What was found, and the files to watch for as long as it is to be true.
#[derive(Debug)]
pub(super) struct Facts {
    revision: Revision,
    dirty: Option<bool>,
    watched: Watched,
}

#[derive(Debug, PartialEq, Eq)]
enum Revision {
    /// Found in files.
    Known(String),
    /// To be taken from the first of these variables that holds one, by the crate that is compiled.
    Variables(&'static [&'static str]),
}

impl Revision {
    const ABSENT: Self = Self::Variables(&[]);
}

impl Facts {
    /// The facts about the crate whose `Cargo.toml` stands in this folder; `None` where there is no such folder,
    /// because cargo is not what builds.
    pub(super) fn read(manifest_dir: Option<&Path>) -> Self {
        let mut watched = Watched::default();
        let (revision, dirty) = match manifest_dir {
            Some(manifest_dir) => Self::find(manifest_dir, &mut watched),
            None => (Revision::Variables(STATED_OR_CI), None),
        };
        Self { revision, dirty, watched }
    }

    fn find(manifest_dir: &Path, watched: &mut Watched) -> (Revision, Option<bool>) {
        // What was packed knows its revision. A repository around it is that of somebody who uses it.
        match Package::find(manifest_dir, watched) {
            Package::Packed { revision, dirty } => return (Revision::Known(revision), dirty),
            Package::Foreign => return (Revision::ABSENT, None),
            Package::Source => {}
        }
        match Repository::find(manifest_dir, watched) {
            Found::Nothing | Found::Unusable => (Revision::Variables(STATED_OR_CI), None),
            Found::Repository(repository) => Self::of_repository(&repository, manifest_dir, watched),
        }
    }

    fn of_repository(repository: &Repository, manifest_dir: &Path, watched: &mut Watched) -> (Revision, Option<bool>) {
        let git = Git::new(repository.root());
        match Head::read(repository, &git, watched) {
            Head::Unusable => (Revision::Variables(STATED_OR_CI), None),
            // What CI says is about that repository too, and it has nothing to say.
            Head::Unborn => (Revision::Variables(STATED), None),
            Head::Revision(revision) => match Tree::compare(&git, repository.root(), manifest_dir, &revision) {
                Tree::DoesNotHoldTheCrate => (Revision::Variables(STATED), None),
                Tree::Unknown => (Revision::Known(revision), None),
                Tree::Compared { dirty, proof } => {
                    let dirty = watched.add_all(&proof).then_some(dirty);
                    (Revision::Known(revision), dirty)
                }
            },
        }
    }
}
