//! Functions that generated code evaluates at compile time, with the variables of the user's crate: the compiler
//! records `option_env!` there, and cargo rebuilds it when one changes.

use super::metadata::{BuildMetadata, MAX_UNIX_SECONDS};

/// Returns the build date, in seconds since 1970-01-01: `SOURCE_DATE_EPOCH` if it is set and not empty, else `now`.
///
/// # Panics
/// If the variable is not such a number. The macro calls it in constants only, where a panic is a compile error.
#[must_use]
#[track_caller]
pub const fn build_date(source_date_epoch: Option<&str>, now: u64) -> u64 {
    let Some(text) = source_date_epoch else { return now };
    let mut digits = text.as_bytes();
    if digits.is_empty() {
        return now;
    }
    let mut seconds: u64 = 0;
    while let [digit, rest @ ..] = digits {
        assert!(
            digit.is_ascii_digit(),
            "SOURCE_DATE_EPOCH must be a whole number of seconds since 1970-01-01, such as 1767225600"
        );
        seconds = seconds * 10 + (*digit - b'0') as u64;
        assert!(seconds <= MAX_UNIX_SECONDS, "SOURCE_DATE_EPOCH must be a date before the year 10000, in seconds");
        digits = rest;
    }
    seconds
}

/// Adds the package's repository, if it has one: otherwise cargo sets the variable to an empty text.
#[must_use]
pub const fn with_package_repo(info: BuildMetadata, repository: Option<&'static str>) -> BuildMetadata {
    match repository {
        Some(repository) if !repository.is_empty() => info.with_repo(repository),
        _ => info,
    }
}

/// Adds the first revision in these variables, if there is one.
#[must_use]
pub const fn with_first_revision(info: BuildMetadata, variables: &[Option<&'static str>]) -> BuildMetadata {
    match first_revision(variables) {
        Some(revision) => info.with_revision(revision),
        None => info,
    }
}

/// Returns the first text that looks like a revision: 7 to 64 hexadecimal digits, not all of them zero.
const fn first_revision(mut variables: &[Option<&'static str>]) -> Option<&'static str> {
    while let [variable, rest @ ..] = variables {
        if let Some(text) = variable
            && is_revision(text)
        {
            return Some(text);
        }
        variables = rest;
    }
    None
}

const fn is_revision(text: &str) -> bool {
    let mut digits = text.as_bytes();
    let mut zero = true;
    if digits.len() < 7 || digits.len() > 64 {
        return false;
    }
    while let [digit, rest @ ..] = digits {
        if !digit.is_ascii_hexdigit() {
            return false;
        }
        zero = zero && *digit == b'0';
        digits = rest;
    }
    !zero
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_date_epoch_sets_the_date() {
        assert_eq!(build_date(None, 7), 7);
        assert_eq!(build_date(Some(""), 7), 7);
        assert_eq!(build_date(Some("0"), 7), 0);
        assert_eq!(build_date(Some("1767225600"), 7), 1_767_225_600);
        assert_eq!(build_date(Some("0253402300799"), 7), MAX_UNIX_SECONDS);
    }

    #[test]
    fn malformed_date_panics() {
        for text in ["now", "-1", "1.5", " 1", "2026-01-01", "253402300800", "99999999999999999999999999"] {
            assert!(std::panic::catch_unwind(|| build_date(Some(text), 7)).is_err(), "{text:?}");
        }
    }

    #[test]
    fn package_repository_is_added() {
        let repo = |repository| with_package_repo(BuildMetadata::new("api", "1.0.0"), repository).repo();
        assert_eq!(repo(Some("https://abc.example/api")), Some("https://abc.example/api"));
        assert_eq!(repo(Some("")), None);
        assert_eq!(repo(None), None);
    }

    #[test]
    fn first_revision_is_added() {
        let long = "0123456789abcdefABCDEF00112233445566778899aabbccddeeff0011223344";
        assert_eq!(long.len(), 64);
        assert_eq!(first_revision(&[]), None);
        assert_eq!(first_revision(&[None, Some("main"), Some("abcdef1"), Some("1234567")]), Some("abcdef1"));
        assert_eq!(first_revision(&[Some(long)]), Some(long));
    }

    #[test]
    fn other_texts_are_not_revisions() {
        let too_long = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef1";
        for text in ["", "abcdef", "main", "v1.2.3-4-gabc", "0000000000", " abcdef12", "abcdef1\n", "${SHA}", too_long]
        {
            assert_eq!(first_revision(&[Some(text)]), None, "{text:?}");
        }
    }
}
