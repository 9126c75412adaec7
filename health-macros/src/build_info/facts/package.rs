//! Distinguishes a checkout from an unpacked package.

use std::path::Path;

use super::{revision::as_revision, watched::Watched};

/// The file that `cargo package` puts next to the `Cargo.toml`.
const VCS_INFO: &str = ".cargo_vcs_info.json";

/// Files that cargo puts next to the `Cargo.toml` of an unpacked and of a vendored source.
const UNPACKED_MARKS: [&str; 2] = [".cargo-ok", ".cargo-checksum.json"];

/// The origin of the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Package {
    /// An unpacked package that states its revision.
    Packed {
        revision: String,
        /// `None` if clean or unknown: older versions of cargo do not record it.
        dirty: Option<bool>,
    },
    /// An unpacked package without a statement. A repository around it is not its own.
    Foreign,
    /// A checkout.
    Source,
}

impl Package {
    pub(super) fn find(manifest_dir: &Path, watched: &mut Watched) -> Self {
        let vcs_info = manifest_dir.join(VCS_INFO);
        if vcs_info.exists() {
            return watched.read(&vcs_info).and_then(|json| Self::packed(&json)).unwrap_or(Self::Foreign);
        }
        // A git dependency has the mark as well, in the root of its own repository.
        let unpacked = UNPACKED_MARKS.iter().any(|mark| manifest_dir.join(mark).exists());
        if unpacked && !manifest_dir.join(".git").exists() { Self::Foreign } else { Self::Source }
    }

    fn packed(json: &str) -> Option<Self> {
        let revision = as_revision(value(json, "sha1")?.strip_prefix('"')?.split('"').next()?)?;
        let dirty = value(json, "dirty").filter(|value| value.starts_with("true")).map(|_| true);
        Some(Self::Packed { revision, dirty })
    }
}

/// Returns the text after the colon of a key. The keys of these files are distinct, and a string that contains one has escaped
/// quotes, so no other text is mistaken for a key.
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
    fn files_of_cargo_are_read() {
        let json = |more: &str, path: &str| {
            format!("{{\n  \"git\": {{\n    \"sha1\": \"{REVISION}\"{more}\n  }},\n  \"path_in_vcs\": \"{path}\"\n}}")
        };
        assert_eq!(packed(&json("", "")), Some((REVISION.to_owned(), None)));
        assert_eq!(packed(&json(",\n    \"dirty\": true", "a")), Some((REVISION.to_owned(), Some(true))));
        assert_eq!(packed(&json("", r"\u00e4/dirty")), Some((REVISION.to_owned(), None)));
        assert_eq!(packed(&json("", "dirty")), Some((REVISION.to_owned(), None)));
    }

    #[test]
    fn other_content_yields_no_revision() {
        assert_eq!(packed(""), None);
        assert_eq!(packed(r#"{"git":{},"path_in_vcs":"sha1"}"#), None);
        assert_eq!(packed(r#"{"git":{"sha1":"main"}}"#), None);
        assert_eq!(packed(r#"{"git":{"sha1":5}}"#), None);
        let text = format!(r#"{{"path_in_vcs":"\"sha1\": \"{REVISION}\""}}"#);
        assert_eq!(packed(&text), None);
    }
}
