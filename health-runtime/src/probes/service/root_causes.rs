//! The root causes that another service names, as far as they count here.

use crate::{
    model::{MAX_ROOT_CAUSES, RootCause},
    probes::root_cause_path::{MAX_PATH_BYTES, parse},
};

/// The root causes in a report.
#[derive(Debug, Default)]
pub(super) struct NamedRootCauses {
    pub(super) counted: Vec<RootCause>,
    /// Paths that lead back to this service, go round elsewhere, or are too long. Each service adds itself to a path, so one
    /// that goes round ends here, and no failure outlives its cause.
    pub(super) ignored: Vec<String>,
    /// Whether there are others, which cannot be read.
    has_invalid: bool,
}

impl NamedRootCauses {
    /// Reads the paths in a report of a service for this one, if its name is known.
    pub(super) fn read(paths: &[String], reporter: &str, own: Option<&str>) -> Self {
        let mut named = Self { has_invalid: paths.len() > MAX_ROOT_CAUSES, ..Self::default() };
        for path in paths.iter().take(MAX_ROOT_CAUSES) {
            let Some(cause) = parse(path) else {
                named.has_invalid = true;
                continue;
            };
            let cause = cause.through(reporter);
            let is_too_long = cause.as_str().len() > MAX_PATH_BYTES;
            if is_too_long || cause.goes_round() || own.is_some_and(|own| cause.returns_to(own)) {
                named.ignored.push(cause.to_string());
            } else if !named.counted.contains(&cause) {
                named.counted.push(cause);
            }
        }
        named
    }

    /// Returns whether a report that does not pass has no other reason than the ignored root causes.
    pub(super) fn are_all_ignored(&self) -> bool {
        self.counted.is_empty() && !self.ignored.is_empty() && !self.has_invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(paths: &[&str]) -> (Vec<String>, Vec<String>, bool) {
        let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
        let named = NamedRootCauses::read(&paths, "billing", Some("orders"));
        let are_all_ignored = named.are_all_ignored();
        (named.counted.iter().map(RootCause::to_string).collect(), named.ignored, are_all_ignored)
    }

    fn texts(paths: &[&str]) -> Vec<String> {
        paths.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_that_go_round_or_are_too_long_are_ignored() {
        let (counted, returning, round) = ("billing/db", "billing/orders/db", "billing/a/billing/a/billing/db");
        assert_eq!(read(&["db", "orders/db"]), (texts(&[counted]), texts(&[returning]), false));
        assert_eq!(read(&["orders/db", "a/billing/a/billing/db"]), (texts(&[]), texts(&[returning, round]), true));
        let (far, long) = ("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/db", "x".repeat(MAX_PATH_BYTES - 7));
        assert_eq!(read(&[far; 2]), (texts(&[&format!("billing/{far}")]), texts(&[]), false));
        assert_eq!(read(&[&long]), (texts(&[]), texts(&[&format!("billing/{long}")]), true));
        assert_eq!(read(&[&long[1..]]), (texts(&[&format!("billing/{}", &long[1..])]), texts(&[]), false));
        assert_eq!(read(&[]), (texts(&[]), texts(&[]), false), "the service is to blame");
    }

    #[test]
    fn invalid_paths_excuse_nothing() {
        for invalid in ["", "/", "a/", "/db", "a//db", "a/\u{202e}db", "a/\n", "a/x://u:hunter2@h"] {
            let ignored = texts(&["billing/orders/db"]);
            assert_eq!(read(&[invalid, "orders/db"]), (texts(&[]), ignored, false), "{invalid}");
        }
        assert_eq!(read(&[&"x".repeat(MAX_PATH_BYTES + 1)]), (texts(&[]), texts(&[]), false));
        let many: Vec<_> = (0..99).map(|index| format!("orders/{index}")).collect();
        let (counted, ignored, are_all_ignored) = read(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((counted.len(), ignored.len(), are_all_ignored), (0, MAX_ROOT_CAUSES, false));
    }
}
