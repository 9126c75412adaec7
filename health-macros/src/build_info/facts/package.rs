//! Whether the crate is somebody's checkout, or was packed and unpacked.

use std::path::Path;

use super::{revision::as_revision, watched::Watched};

/// What `cargo package` puts beside the `Cargo.toml`.
const VCS_INFO: &str = ".cargo_vcs_info.json";

/// What cargo puts beside the `Cargo.toml` of a source that it unpacked, and of one that it vendored.
const UNPACKED: [&str; 2] = [".cargo-ok", ".cargo-checksum.json"];

/// How the crate came here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Package {
    /// In a package, which says what it was made from.
    Packed {
        revision: String,
        /// Known only if it was: older versions of cargo do not say.
        dirty: Option<bool>,
    },
    /// In a package, which says nothing. What is around it is not its own.
    Foreign,
    /// As source.
    Source,
}

impl Package {
    pub(super) fn find(manifest_dir: &Path, watched: &mut Watched) -> Self {
        let vcs_info = manifest_dir.join(VCS_INFO);
        if vcs_info.exists() {
            return watched.read(&vcs_info).and_then(|json| Self::packed(&json)).unwrap_or(Self::Foreign);
        }
        // A dependency from git has the mark too, in the root of a repository that is its own.
        let unpacked = UNPACKED.iter().any(|mark| manifest_dir.join(mark).exists());
        if unpacked && !manifest_dir.join(".git").exists() { Self::Foreign } else { Self::Source }
    }

    fn packed(json: &str) -> Option<Self> {
        let revision = as_revision(value(json, "sha1")?.strip_prefix('"')?.split('"').next()?)?;
        let dirty = value(json, "dirty").filter(|value| value.starts_with("true")).map(|_| true);
        Some(Self::Packed { revision, dirty })
    }
}

/// What follows the colon behind a key. All keys of these files are different, and a text that looks like one has
/// escaped quotes, so there is nothing to take it for.
fn value<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let key = format!("\"{key}\"");
    let mut rest = json;
    while let Some((_, after)) = rest.split_once(&key) {
        if let Some(value) = after.trim_start().strip_prefix(':') {
            return Some(value.trim_start());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

    fn packed(json: &str) -> Option<(String, Option<bool>)> {
        match Package::packed(json)? {
            Package::Packed { revision, dirty } => Some((revision, dirty)),
            _ => None,
        }
    }

    #[test]
    fn reads_what_cargo_writes() {
        let json = |more: &str, path: &str| {
            format!("{{\n  \"git\": {{\n    \"sha1\": \"{REVISION}\"{more}\n  }},\n  \"path_in_vcs\": \"{path}\"\n}}")
        };
        assert_eq!(packed(&json("", "")), Some((REVISION.to_owned(), None)));
        assert_eq!(packed(&json(",\n    \"dirty\": true", "a")), Some((REVISION.to_owned(), Some(true))));
        assert_eq!(packed(&json("", r"\u00e4/dirty")), Some((REVISION.to_owned(), None)));
        assert_eq!(packed(&json("", "dirty")), Some((REVISION.to_owned(), None)));
    }

    #[test]
    fn is_not_taken_in() {
        assert_eq!(packed(""), None);
        assert_eq!(packed(r#"{"git":{},"path_in_vcs":"sha1"}"#), None);
        assert_eq!(packed(r#"{"git":{"sha1":"main"}}"#), None);
        assert_eq!(packed(r#"{"git":{"sha1":5}}"#), None);
        let text = format!(r#"{{"path_in_vcs":"\"sha1\": \"{REVISION}\""}}"#);
        assert_eq!(packed(&text), None);
    }
}
