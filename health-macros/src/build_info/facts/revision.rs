//! Reads the revision of `HEAD` from git's files.

use std::path::{Path, PathBuf};

use super::{
    program::{Answer, Git},
    repository::Repository,
    watched::Watched,
};

/// References to references; git has the same limit.
const MAX_SYMBOLIC_DEPTH: usize = 5;

/// Prefixes of references that each worktree has for itself.
const WORKTREE_PREFIXES: [&str; 3] = ["refs/bisect/", "refs/rewritten/", "refs/worktree/"];

const LOG_FILE: &str = "logs/HEAD";

/// A file that is newer than any build: Linux creates it for the process that opens it. It replaces the files that do not
/// exist before the first commit, so that each build until then looks again.
const ALWAYS_NEW_FILE: &str = "/proc/self/stat";

const TABLE_LIST: &str = "reftable/tables.list";

/// The commit that is checked out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    Revision(String),
    /// A branch without a commit.
    Unborn,
    /// A form that this module cannot read.
    Unusable,
}

impl Head {
    /// Reads `HEAD`, and watches the files that change with its revision.
    pub(super) fn read(repository: &Repository, git: &Git, watched: &mut Watched) -> Self {
        let tables = [repository.own(TABLE_LIST), repository.common(TABLE_LIST)];
        let head = if tables.iter().any(|list| list.exists()) {
            Self::from_tables(&tables, git, watched)
        } else {
            Self::from_files(repository, watched).unwrap_or(Self::Unusable)
        };
        // A packed branch gets a file with the next commit, which does not exist yet. Git writes every move of `HEAD` into
        // its log; the log itself comes with the first commit, after the index.
        let is_followed = watched.add(&repository.own(LOG_FILE)) || watched.add(&repository.own("index"));
        if !is_followed && head == Self::Unborn {
            let _ = watched.add(Path::new(ALWAYS_NEW_FILE));
        }
        head
    }

    /// Asks git, because the format of the tables is internal. Their lists change with every change of a reference; a worktree
    /// has its own list.
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
        for _ in 0..MAX_SYMBOLIC_DEPTH {
            let Some(name) = contents.strip_prefix("ref:").map(str::trim) else {
                return as_revision(&contents).map(Self::Revision);
            };
            if !is_safe(name) {
                return None;
            }
            let own = WORKTREE_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
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
            // Without a log, the next commit would go unnoticed in a repository that can have one.
            Some(_) if !repository.own(LOG_FILE).is_file() && repository.common("objects").exists() => None,
            Some(revision) => as_revision(revision).map(Self::Revision),
            None => Some(Self::Unborn),
        }
    }
}

/// Returns the text if it is a revision as git writes it: 40 hexadecimal digits, or 64 with SHA-256.
pub(super) fn as_revision(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits && matches!(text.len(), 40 | 64)).then(|| text.to_owned())
}

/// Returns whether the name is a reference, and not a path to another file.
fn is_safe(name: &str) -> bool {
    name.starts_with("refs/") && !name.split('/').any(|part| matches!(part, "" | "." | "..")) && !name.contains('\\')
}

/// Finds a reference in `packed-refs`: lines of `<revision> <name>`, between comments and peeled tags.
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
    fn packed_reference_is_found() {
        let packed = "# pack-refs with: peeled fully-peeled sorted \n\
                      1111111111111111111111111111111111111111 refs/heads/main\n\
                      2222222222222222222222222222222222222222 refs/tags/v1\n\
                      ^3333333333333333333333333333333333333333\n";
        assert_eq!(find_packed(packed, "refs/heads/main"), Some("1111111111111111111111111111111111111111"));
        assert_eq!(find_packed(packed, "refs/heads/mai"), None);
        assert_eq!(find_packed("", "refs/heads/main"), None);
    }

    #[test]
    fn paths_outside_refs_are_refused() {
        assert!(is_safe("refs/heads/feature/a.b"));
        for name in ["refs/../../etc/passwd", "/etc/passwd", "HEAD", "refs//a", "refs/./a", "", "refs/a\\..\\b"] {
            assert!(!is_safe(name), "{name:?}");
        }
    }
}
