//! The files that cargo watches.

use std::{fs, path::Path};

/// Files behind the facts. Each exists, is a regular file, and has a path that survives the compiler's dependency list.
#[derive(Debug, Default)]
pub(super) struct Watched {
    paths: Vec<String>,
}

impl Watched {
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Reads a file and watches it. Returns `None` if either is impossible.
    pub(super) fn read(&mut self, path: &Path) -> Option<String> {
        // A change between the two is noticed: it is newer than the output of this compilation.
        let text = as_watchable(path)?;
        let contents = fs::read_to_string(path).ok()?;
        self.push(text);
        Some(contents)
    }

    /// Watches a file. Returns `false` if that is impossible.
    pub(super) fn add(&mut self, path: &Path) -> bool {
        as_watchable(path).map(|text| self.push(text)).is_some()
    }

    /// Watches all of these files, or none if one of them cannot be watched.
    pub(super) fn add_all<P: AsRef<Path>>(&mut self, paths: &[P]) -> bool {
        let before = self.paths.len();
        let all = paths.iter().all(|path| self.add(path.as_ref()));
        if !all {
            self.paths.truncate(before);
        }
        all
    }

    fn push(&mut self, path: &str) {
        self.paths.push(path.to_owned());
    }
}

/// Returns the path as text for `include_bytes!`, if that can read the file.
fn as_watchable(path: &Path) -> Option<&str> {
    let text = path.to_str().filter(|text| survives_the_dependency_list(text))?;
    // Checked before the file is opened, because opening a pipe would wait for a writer.
    let regular = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    (regular && fs::File::open(path).is_ok()).then_some(text)
}

/// The compiler writes the list like `make`, with spaces escaped; cargo splits it at any white space, and reads a backslash at
/// the end of a part as an escaped space. If cargo reads another path than the compiler wrote, the crate is compiled each
/// time, or not when it should be.
fn survives_the_dependency_list(path: &str) -> bool {
    let white = |character: char| character != ' ' && (character.is_whitespace() || character.is_control());
    let escape = path.ends_with(' ') || (cfg!(not(windows)) && path.contains('\\'));
    !escape && !path.contains(white)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_do_not_survive() {
        for path in ["/a/b", "/a b/c  d", "/ä/\"q\"'s/#1 $x %20 (y) [z]: w", "/a /b"] {
            assert!(survives_the_dependency_list(path), "{path:?}");
        }
        for path in ["/a\tb", "/a\nb", "/a\u{a0}b", "/a ", "/a\u{1}b"] {
            assert!(!survives_the_dependency_list(path), "{path:?}");
        }
        assert_eq!(survives_the_dependency_list("/a\\b"), cfg!(windows));
    }

    #[test]
    fn existing_files_are_watched() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut watched = Watched::default();
        assert!(watched.read(&here.join("Cargo.toml")).is_some_and(|text| text.contains("health-macros")));
        assert!(watched.add(&here.join("build.rs")));
        assert!(!watched.add(here), "a folder");
        assert!(!watched.add(&here.join("absent")));
        assert!(!watched.add_all(&[here.join("src/lib.rs"), here.join("absent")]));
        assert_eq!(watched.paths().len(), 2, "{watched:?}");
    }
}
