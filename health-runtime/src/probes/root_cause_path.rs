//! The paths of root causes that come from outside: from another service, or from an entry of a fleet.

use crate::{mask::mask_credentials, model::RootCause, text::is_unprintable};

/// Longest path that is read, and that counts.
pub(crate) const MAX_PATH_BYTES: usize = 1024;

/// Returns a path if each name in it is one.
pub(crate) fn parse(path: &str) -> Option<RootCause> {
    let is_path = path.len() <= MAX_PATH_BYTES && path.split('/').all(is_name);
    (is_path && mask_credentials(path) == path).then(|| RootCause::from_path(path.to_owned()))
}

/// Returns whether a text is visible and forges or hides nothing.
pub(crate) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(is_unprintable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_made_of_visible_names_without_credentials() {
        for path in ["db", "billing/db", "a/b%2Fc/db", &"x".repeat(MAX_PATH_BYTES)] {
            assert_eq!(parse(path).expect(path).as_str(), path);
        }
        let long = "x".repeat(MAX_PATH_BYTES + 1);
        for path in ["", "/", "a/", "/db", "a//db", "a/\u{202e}db", "a/\n", "a/x://u:hunter2@h", &long] {
            assert_eq!(parse(path), None, "{path:?}");
        }
    }
}
