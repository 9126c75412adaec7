//! Facts about the source: its revision, and whether the working tree differs from it.
//!
//! A wrong value is worse than none. A value is given only if it is true now, and if cargo compiles again when it stops being
//! true: `include_bytes!` puts every file behind it among those that cargo watches. A value that can change without any
//! watched file changing is left out.
//!
//! Each file uses those before it: `watched`, `program` ← `repository` ← `revision` ← `package`, `tree` ← this file ← `expand`.

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

/// The variable that states the revision of a build without a repository.
const STATED_VARIABLES: &[&str] = &["GIT_REVISION"];

/// The same variable, then those in which the usual CI systems state the revision that they build.
const STATED_OR_CI_VARIABLES: &[&str] = &[
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

/// The facts, and the files to watch because a change of them may change a fact.
#[derive(Debug)]
pub(super) struct Facts {
    revision: Revision,
    dirty: Option<bool>,
    watched: Watched,
}

#[derive(Debug, PartialEq, Eq)]
enum Revision {
    /// Read from files.
    Known(String),
    /// The first revision among these variables, read by the crate that is compiled.
    Variables(&'static [&'static str]),
}

impl Revision {
    const ABSENT: Self = Self::Variables(&[]);
}

impl Facts {
    /// Reads the facts about the crate in this folder. There is no folder if something other than cargo builds.
    pub(super) fn read(manifest_dir: Option<&Path>) -> Self {
        let mut watched = Watched::default();
        let (revision, dirty) = match manifest_dir {
            Some(manifest_dir) => Self::find(manifest_dir, &mut watched),
            None => (Revision::Variables(STATED_OR_CI_VARIABLES), None),
        };
        Self { revision, dirty, watched }
    }

    fn find(manifest_dir: &Path, watched: &mut Watched) -> (Revision, Option<bool>) {
        // A package states its revision. A repository around it belongs to a user of the package.
        match Package::find(manifest_dir, watched) {
            Package::Packed { revision, dirty } => return (Revision::Known(revision), dirty),
            Package::Foreign => return (Revision::ABSENT, None),
            Package::Source => {}
        }
        match Repository::find(manifest_dir, watched) {
            Found::Nothing | Found::Unusable => (Revision::Variables(STATED_OR_CI_VARIABLES), None),
            Found::Repository(repository) => Self::of_repository(&repository, manifest_dir, watched),
        }
    }

    fn of_repository(repository: &Repository, manifest_dir: &Path, watched: &mut Watched) -> (Revision, Option<bool>) {
        let git = Git::new(repository.root());
        match Head::read(repository, &git, watched) {
            Head::Unusable => (Revision::Variables(STATED_OR_CI_VARIABLES), None),
            // The CI variables are about this repository too, and it has no commit.
            Head::Unborn => (Revision::Variables(STATED_VARIABLES), None),
            Head::Revision(revision) => match Tree::compare(&git, repository.root(), manifest_dir, &revision) {
                Tree::DoesNotHoldTheCrate => (Revision::Variables(STATED_VARIABLES), None),
                Tree::Unknown => (Revision::Known(revision), None),
                Tree::Compared { dirty, proof } => {
                    let dirty = watched.add_all(&proof).then_some(dirty);
                    (Revision::Known(revision), dirty)
                }
            },
        }
    }
}
