//! Compares the working tree with its revision.
//!
//! A tree is dirty if a recorded file has other content in the working tree, or is gone. Unrecorded files, the index and the
//! executable bit do not count.
//!
//! A clean tree stays clean until a recorded file changes, so all of them are watched; the first change compiles the crate
//! once. A dirty tree stays dirty while one file differs, so watching that one is enough, and work on a dirty tree causes no
//! extra compilation. Some entries cannot be watched: a missing file, a symbolic link, a submodule. A tree with such an
//! entry is never reported as clean.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use super::program::Git;

/// Limits above which nothing is compared or watched, because the compiler has to read every watched file. Within them it
/// takes about a third of a second.
const MAX_FILES: usize = 4_096;
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Number of names tried for a temporary folder.
const MAX_FOLDER_ATTEMPTS: u32 = 16;

/// The result of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// The revision does not record the crate, which is new, ignored, or from elsewhere.
    DoesNotHoldTheCrate,
    Compared {
        dirty: bool,
        /// The files to watch: the result holds until one of them changes.
        proof: Vec<PathBuf>,
    },
    Unknown,
}

impl Tree {
    pub(super) fn compare(git: &Git, root: &Path, manifest_dir: &Path, revision: &str) -> Self {
        let Some(listing) = git.ask(&["ls-tree", "-r", "-z", "--full-tree", revision]).yes() else {
            return Self::Unknown;
        };
        let entries: Option<Vec<Entry<'_>>> = fields(&listing).map(Entry::parse).collect();
        let Some(entries) = entries else { return Self::Unknown };
        if let Some(manifest) = manifest_path(root, manifest_dir)
            && !entries.iter().any(|entry| entry.path == manifest.as_bytes())
        {
            return Self::DoesNotHoldTheCrate;
        }
        Self::compare_entries(git, root, revision, &entries).unwrap_or(Self::Unknown)
    }

    fn compare_entries(git: &Git, root: &Path, revision: &str, entries: &[Entry<'_>]) -> Option<Self> {
        let files: Vec<Option<(PathBuf, u64)>> = entries.iter().map(|entry| entry.file(root)).collect();
        let bytes: u64 = files.iter().flatten().map(|(_, length)| length).sum();
        if entries.len() > MAX_FILES || bytes > MAX_BYTES || !is_work_tree(git, root) {
            return None;
        }
        let differing = differing(git, revision)?;
        let differs = |path: &[u8]| differing.iter().any(|differing| differing == path);
        let mut proofs = entries
            .iter()
            .zip(&files)
            .filter(|(entry, _)| differs(entry.path))
            .filter_map(|(_, file)| file.as_ref().map(|(path, _)| path));
        if let Some(proof) = proofs.next() {
            // The compiler most likely reads a source file anyway.
            let proof = if is_source(proof) { proof } else { proofs.find(|path| is_source(path)).unwrap_or(proof) };
            return Some(Self::Compared { dirty: true, proof: vec![proof.clone()] });
        }
        let proof: Option<Vec<PathBuf>> = files.into_iter().map(|file| file.map(|(path, _)| path)).collect();
        proof.filter(|_| differing.is_empty()).map(|proof| Self::Compared { dirty: false, proof })
    }
}

/// A path that a revision records.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    is_file: bool,
    path: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads `<mode> <type> <object>\t<path>`.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        Some(Self { is_file: line.starts_with(b"100"), path: &line[tab + 1..] })
    }

    /// Returns path and length in the working tree, if it is a regular file there as well.
    fn file(&self, root: &Path) -> Option<(PathBuf, u64)> {
        let path = root.join(std::str::from_utf8(self.path).ok()?);
        let metadata = fs::symlink_metadata(&path).ok()?;
        (self.is_file && metadata.is_file()).then_some((path, metadata.len()))
    }
}

/// Returns the paths that differ from the revision, or `None` if git does not answer.
///
/// Git compares with a fresh index of the revision: the repository's own index contains staged changes and flags that
/// hide files from git, and git would write into it.
fn differing(git: &Git, revision: &str) -> Option<Vec<Vec<u8>>> {
    let folder = TemporaryFolder::new().ok()?;
    let index = Some(folder.file("index"));
    git.ask_with_index(index.as_deref(), &["read-tree", revision]).yes()?;
    let question =
        ["status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames"];
    let answer = git.ask_with_index(index.as_deref(), &question).yes()?;
    fields(&answer).map(|line| changed_path(line).map(<[u8]>::to_vec)).collect()
}

/// Reads `1 <XY> <sub> <mode> <mode> <mode> <object> <object> <path>`: an ordinary change, the only kind there can be.
fn changed_path(line: &[u8]) -> Option<&[u8]> {
    let mut words = line.splitn(9, |byte| *byte == b' ');
    if words.next() == Some(b"1") { words.nth(7) } else { None }
}

/// Returns whether this folder is git's working tree: `core.worktree` may point elsewhere.
fn is_work_tree(git: &Git, root: &Path) -> bool {
    let top = git.ask(&["rev-parse", "--show-toplevel"]).yes().and_then(|output| String::from_utf8(output).ok());
    let real = |path: &Path| fs::canonicalize(path).ok();
    top.and_then(|top| real(Path::new(top.trim_end_matches(['\r', '\n'])))).is_some_and(|top| real(root) == Some(top))
}

/// Returns the path of the crate's manifest as git writes it.
fn manifest_path(root: &Path, manifest_dir: &Path) -> Option<String> {
    let relative = |folder: &Path| folder.strip_prefix(root).map(Path::to_owned).ok();
    // Cargo may give a path through a symbolic link.
    let crate_dir = relative(manifest_dir).or_else(|| relative(&fs::canonicalize(manifest_dir).ok()?))?;
    let parts: Option<Vec<&str>> = crate_dir.iter().map(|part| part.to_str()).collect();
    Some(parts?.into_iter().chain(["Cargo.toml"]).collect::<Vec<_>>().join("/"))
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Splits the output of a command with `-z`.
fn fields(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.split(|byte| *byte == 0).filter(|field| !field.is_empty())
}

/// A folder for an index and the lock file that git creates next to it.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let create = || {
            let name = format!("health-build-info-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = env::temp_dir().join(name);
            // Fails if the folder exists: another process owns it.
            fs::create_dir(&path).map(|()| Self(path))
        };
        // A killed compiler with the same process id may have left folders.
        (0..MAX_FOLDER_ATTEMPTS).find_map(|_| create().ok()).map_or_else(create, Ok)
    }

    fn file(&self, name: &str) -> OsString {
        self.0.join(name).into_os_string()
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // A leftover in the temporary folder is harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_is_parsed() {
        let listing = b"100644 blob 0123\ta b/\"q\".txt\x00100755 blob 0123\trun\x00120000 blob 0123\tlink\x00160000 commit 0123\tsub\0";
        let entries: Vec<Entry<'_>> = fields(listing).filter_map(Entry::parse).collect();
        let files: Vec<bool> = entries.iter().map(|entry| entry.is_file).collect();
        assert_eq!(files, [true, true, false, false]);
        assert_eq!(entries[0].path, b"a b/\"q\".txt");
    }

    #[test]
    fn status_is_parsed() {
        let line = b"1 .M N... 100644 100644 100644 975f 975f a b/c d.txt";
        assert_eq!(changed_path(line), Some(&b"a b/c d.txt"[..]));
        assert_eq!(changed_path(b"? new"), None);
        assert_eq!(changed_path(b"u UU N... 1 2 3 4 5 6 7 path"), None);
    }

    #[test]
    fn manifest_path_is_relative_to_the_root() {
        let path = |root, folder| manifest_path(Path::new(root), Path::new(folder));
        assert_eq!(path("/a", "/a").as_deref(), Some("Cargo.toml"));
        assert_eq!(path("/a", "/a/b/c").as_deref(), Some("b/c/Cargo.toml"));
        assert_eq!(path("/a", "/nowhere"), None);
    }

    #[test]
    fn temporary_folder_is_removed() {
        let folder = TemporaryFolder::new().unwrap();
        let (path, other) = (folder.0.clone(), TemporaryFolder::new().unwrap());
        assert_ne!(path, other.0);
        fs::write(folder.file("index"), "").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
