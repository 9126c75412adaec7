//! What `HEAD` stands for, read from git's files.

use std::path::{Path, PathBuf};

use super::{
    program::{Answer, Git},
    repository::Repository,
    watched::Watched,
};

/// References to references; git follows no more either.
const DEEPEST: usize = 5;

/// References that each worktree has for itself.
const OWN: [&str; 3] = ["refs/bisect/", "refs/rewritten/", "refs/worktree/"];

const LOG: &str = "logs/HEAD";

/// A file that is newer than any build, because Linux makes it for the process that looks. It stands in for what the first
/// commit changes where git has no such file yet, so that each build until then looks again.
const ALWAYS_NEW: &str = "/proc/self/stat";

const TABLES: &str = "reftable/tables.list";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    Revision(String),
    /// A branch without a commit.
    Unborn,
    /// Not in a form that can be read here.
    Unusable,
}

impl Head {
    /// Reads `HEAD`, and watches all that changes when it stands for something else.
    pub(super) fn read(repository: &Repository, git: &Git, watched: &mut Watched) -> Self {
        let tables = [repository.own(TABLES), repository.common(TABLES)];
        let head = if tables.iter().any(|list| list.exists()) {
            Self::from_tables(&tables, git, watched)
        } else {
            Self::from_files(repository, watched).unwrap_or(Self::Unusable)
        };
        // A branch that has no file of its own gets one with the next commit, which nobody could have watched. Every move
        // of `HEAD` is written into its log; the first log of all comes with the first commit, after the index.
        let is_followed = watched.add(&repository.own(LOG)) || watched.add(&repository.own("index"));
        if !is_followed && head == Self::Unborn {
            let _ = watched.add(Path::new(ALWAYS_NEW));
        }
        head
    }

    /// The format is git's own business. A list of the tables changes with every change of a reference; the lists of the
    /// worktree and of the repository are different files, except where there is only one.
    fn from_tables(lists: &[PathBuf; 2], git: &Git, watched: &mut Watched) -> Self {
        let mut present = lists.iter().filter(|list| list.exists());
        if !present.all(|list| watched.add(list)) {
            return Self::Unusable;
        }
        match git.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]) {
            Answer::Yes(output) => String::from_utf8(output)
                .ok()
                .and_then(|text| as_revision(&text))
                .map_or(Self::Unusable, Self::Revision),
            Answer::No => Self::Unborn,
            Answer::None => Self::Unusable,
        }
    }

    fn from_files(repository: &Repository, watched: &mut Watched) -> Option<Self> {
        let mut contents = watched.read(&repository.own("HEAD"))?;
        for _ in 0..DEEPEST {
            let Some(name) = contents.strip_prefix("ref:").map(str::trim) else {
                return as_revision(&contents).map(Self::Revision);
            };
            if !is_safe(name) {
                return None;
            }
            let own = OWN.iter().any(|prefix| name.starts_with(prefix));
            let file = if own { repository.own(name) } else { repository.common(name) };
            if !file.is_file() {
                return Self::from_packed(name, repository, watched);
            }
            contents = watched.read(&file)?;
        }
        None
    }

    fn from_packed(name: &str, repository: &Repository, watched: &mut Watched) -> Option<Self> {
        let file = repository.common("packed-refs");
        let packed = if file.exists() { watched.read(&file)? } else { String::new() };
        match find_packed(&packed, name) {
            // Without a log the next commit would go unnoticed, where there can be one.
            Some(_) if !repository.own(LOG).is_file() && repository.common("objects").exists() => None,
            Some(revision) => as_revision(revision).map(Self::Revision),
            None => Some(Self::Unborn),
        }
    }
}

/// The revision if this text is one, as git writes it: 40 digits, or 64 with SHA-256.
pub(super) fn as_revision(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits && matches!(text.len(), 40 | 64)).then(|| text.to_owned())
}

/// Whether this is a reference, and not the way to some other file.
fn is_safe(name: &str) -> bool {
    name.starts_with("refs/") && !name.split('/').any(|part| matches!(part, "" | "." | "..")) && !name.contains('\\')
}

/// Reads `packed-refs`: a line `<revision> <name>` for each, with comments and peeled tags between.
fn find_packed<'a>(packed: &'a str, name: &str) -> Option<&'a str> {
    packed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(_, found)| *found == name)
        .map(|(revision, _)| revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_packed_reference() {
        let packed = "# pack-refs with: peeled fully-peeled sorted \n\
                      1111111111111111111111111111111111111111 refs/heads/main\n\
                      2222222222222222222222222222222222222222 refs/tags/v1\n\
                      ^3333333333333333333333333333333333333333\n";
        assert_eq!(find_packed(packed, "refs/heads/main"), Some("1111111111111111111111111111111111111111"));
        assert_eq!(find_packed(packed, "refs/heads/mai"), None);
        assert_eq!(find_packed("", "refs/heads/main"), None);
    }

    #[test]
    fn reads_no_other_file() {
        assert!(is_safe("refs/heads/feature/a.b"));
        for name in ["refs/../../etc/passwd", "/etc/passwd", "HEAD", "refs//a", "refs/./a", "", "refs/a\\..\\b"] {
            assert!(!is_safe(name), "{name:?}");
        }
    }
}
