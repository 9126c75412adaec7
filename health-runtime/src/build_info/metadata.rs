use std::time::{Duration, SystemTime};

/// The last second of the year 9999, since 1970. Later dates have no RFC 3339 form.
pub(super) const MAX_UNIX_SECONDS: u64 = 253_402_300_799;

/// Digits of [`BuildMetadata::revision_short`]: enough for a repository of any size.
const SHORT_REVISION_DIGITS: usize = 12;

/// A type with the facts of a build: derive it with `#[derive(BuildInfo)]`, or write the constant by hand.
///
/// ```
/// use health_runtime::{BuildInfo, BuildMetadata};
///
/// struct App;
///
/// impl BuildInfo for App {
///     const BUILD_INFO: BuildMetadata = BuildMetadata::new("api", "3.0.3").with_repo("abc/api");
/// }
///
/// assert_eq!(App::BUILD_INFO.repo(), Some("abc/api"));
/// assert_eq!(App::BUILD_INFO.revision(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no build info",
    label = "needs `#[derive(BuildInfo)]`",
    note = "name a type of this crate that has `#[derive(health_runtime::BuildInfo)]`, such as `struct App;`"
)]
pub trait BuildInfo {
    /// The facts of the build.
    const BUILD_INFO: BuildMetadata;
}

/// The facts of a build: its name, version, source, date and compiler. An unknown fact is `None`, never a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildMetadata {
    name: &'static str,
    version: &'static str,
    repo: Option<&'static str>,
    revision: Option<&'static str>,
    dirty: Option<bool>,
    /// Seconds since 1970-01-01, UTC.
    built_at: Option<u64>,
    language: Option<&'static str>,
    profile: Option<&'static str>,
}

impl BuildMetadata {
    /// Returns build facts with the name and the version of the service only.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, repo: None, revision: None, dirty: None, built_at: None, language: None, profile: None }
    }

    /// Sets the source repository, such as `abc/api` or a URL. Default: unknown.
    #[must_use]
    pub const fn with_repo(mut self, repo: &'static str) -> Self {
        self.repo = Some(repo);
        self
    }

    /// Sets the full revision of the source, in hexadecimal digits. Default: unknown.
    #[must_use]
    pub const fn with_revision(mut self, revision: &'static str) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Sets whether the source differed from its revision. Default: unknown.
    #[must_use]
    pub const fn with_dirty(mut self, dirty: bool) -> Self {
        self.dirty = Some(dirty);
        self
    }

    /// Sets the date of the build, in whole seconds since 1970-01-01, UTC. A date after the year 9999 is ignored, because it
    /// has no written form. Default: unknown.
    #[must_use]
    pub const fn with_build_date(mut self, unix_seconds: u64) -> Self {
        self.built_at = if unix_seconds <= MAX_UNIX_SECONDS { Some(unix_seconds) } else { None };
        self
    }

    /// Sets the compiler, such as `rustc 1.95.0`. Default: unknown.
    #[must_use]
    pub const fn with_language(mut self, language: &'static str) -> Self {
        self.language = Some(language);
        self
    }

    /// Sets the build profile, such as `release`. Default: unknown.
    #[must_use]
    pub const fn with_profile(mut self, profile: &'static str) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Returns the name of the service. Derived: `name = "…"`, else `CARGO_PKG_NAME`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the version of the service. Derived: `CARGO_PKG_VERSION`.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        self.version
    }

    /// Returns the source repository. Derived: `repo = "…"`, else `CARGO_PKG_REPOSITORY` if it is not empty.
    #[must_use]
    pub const fn repo(&self) -> Option<&'static str> {
        self.repo
    }

    /// Returns the full revision of the source: 7 to 64 hexadecimal digits when derived.
    #[must_use]
    pub const fn revision(&self) -> Option<&'static str> {
        self.revision
    }

    /// Returns the first 12 digits of the revision, or all of it if it has fewer.
    #[must_use]
    pub fn revision_short(&self) -> Option<&'static str> {
        self.revision.map(|revision| revision.get(..SHORT_REVISION_DIGITS).unwrap_or(revision))
    }

    /// Returns whether a file of the revision had other content in the working tree at the build.
    #[must_use]
    pub const fn dirty(&self) -> Option<bool> {
        self.dirty
    }

    /// Returns the date of the build, to the second. Derived: `SOURCE_DATE_EPOCH`, else the time at which the crate was compiled.
    #[must_use]
    pub fn build_date(&self) -> Option<SystemTime> {
        self.built_at.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
    }

    /// Returns the compiler, such as `rustc 1.95.0`. Derived: the compiler of the macros, which also compiled the service.
    #[must_use]
    pub const fn language(&self) -> Option<&'static str> {
        self.language
    }

    /// Returns the build profile. Derived: `debug` if the service was compiled with debug assertions, else `release`. Code cannot
    /// know the name of a custom profile.
    #[must_use]
    pub const fn profile(&self) -> Option<&'static str> {
        self.profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: BuildMetadata = BuildMetadata::new("api", "1.0.0");

    #[test]
    fn facts_are_unknown_by_default() {
        assert_eq!((BARE.name(), BARE.version()), ("api", "1.0.0"));
        assert_eq!((BARE.repo(), BARE.revision(), BARE.revision_short(), BARE.dirty()), (None, None, None, None));
        assert_eq!((BARE.build_date(), BARE.language(), BARE.profile()), (None, None, None));
    }

    #[test]
    fn short_revision_has_twelve_digits() {
        let short = |revision| BARE.with_revision(revision).revision_short();
        assert_eq!(short("0123456789abcdef0123456789abcdef01234567"), Some("0123456789ab"));
        assert_eq!(short("0123456"), Some("0123456"));
        assert_eq!(short("a revision – by hand"), Some("a revision – by hand"), "no cut through a character");
    }

    #[test]
    fn unwritable_date_is_ignored() {
        let date = |seconds| BARE.with_build_date(seconds).build_date();
        assert_eq!(date(0), Some(SystemTime::UNIX_EPOCH));
        assert_eq!(date(1), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1)));
        assert!(date(MAX_UNIX_SECONDS).is_some());
        assert_eq!(date(MAX_UNIX_SECONDS + 1), None);
        assert_eq!(date(u64::MAX), None);
    }
}
