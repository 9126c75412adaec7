use std::time::{Duration, SystemTime};

/// The last second of the year 9999, after which a date has no RFC 3339 form.
pub(super) const LATEST_DATE: u64 = 253_402_300_799;

/// How many digits [`BuildMetadata::revision_short`] keeps: few enough to read out, enough for a repository of
/// any size.
const SHORT_REVISION: usize = 12;

/// A type that knows what was built: derive it with `#[derive(BuildInfo)]`, or write the constant by hand.
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
    message = "`{Self}` does not know what was built",
    label = "no build info here",
    note = "put `#[derive(health_runtime::BuildInfo)]` on `{Self}`"
)]
pub trait BuildInfo {
    /// What was built, from what, when and how.
    const BUILD_INFO: BuildMetadata;
}

/// What was built, from what, when and how. What is not known is `None`, and never a placeholder.
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
    /// The name and the version of the service, and nothing else.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, repo: None, revision: None, dirty: None, built_at: None, language: None, profile: None }
    }

    /// Where the source lives, such as `abc/api` or a URL. Default: unknown.
    #[must_use]
    pub const fn with_repo(mut self, repo: &'static str) -> Self {
        self.repo = Some(repo);
        self
    }

    /// The full revision of the source, in hexadecimal digits. Default: unknown.
    #[must_use]
    pub const fn with_revision(mut self, revision: &'static str) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Whether the source differed from its revision. Default: unknown.
    #[must_use]
    pub const fn with_dirty(mut self, dirty: bool) -> Self {
        self.dirty = Some(dirty);
        self
    }

    /// When it was built, in whole seconds since 1970-01-01, UTC. A date after the year 9999 is left out, because it
    /// has no written form. Default: unknown.
    #[must_use]
    pub const fn with_build_date(mut self, unix_seconds: u64) -> Self {
        self.built_at = if unix_seconds <= LATEST_DATE { Some(unix_seconds) } else { None };
        self
    }

    /// The compiler, such as `rustc 1.95.0`. Default: unknown.
    #[must_use]
    pub const fn with_language(mut self, language: &'static str) -> Self {
        self.language = Some(language);
        self
    }

    /// The build profile, such as `release`. Default: unknown.
    #[must_use]
    pub const fn with_profile(mut self, profile: &'static str) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The name of the service. Derived: `CARGO_PKG_NAME`, unless `name = "…"` says otherwise.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The version of the service. Derived: `CARGO_PKG_VERSION`.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        self.version
    }

    /// Where the source lives. Derived: `repo = "…"`, else `CARGO_PKG_REPOSITORY` if it is not empty.
    #[must_use]
    pub const fn repo(&self) -> Option<&'static str> {
        self.repo
    }

    /// The full revision of the source: 7 to 64 hexadecimal digits when derived.
    #[must_use]
    pub const fn revision(&self) -> Option<&'static str> {
        self.revision
    }

    /// The first 12 digits of the revision, or all of it if it has fewer.
    #[must_use]
    pub fn revision_short(&self) -> Option<&'static str> {
        self.revision.map(|revision| revision.get(..SHORT_REVISION).unwrap_or(revision))
    }

    /// Whether a file that the revision records had other content in the working tree, at the build.
    #[must_use]
    pub const fn dirty(&self) -> Option<bool> {
        self.dirty
    }

    /// When it was built, to the second. Derived: `SOURCE_DATE_EPOCH`, else the time at which the crate was compiled.
    #[must_use]
    pub fn build_date(&self) -> Option<SystemTime> {
        self.built_at.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
    }

    /// The compiler, such as `rustc 1.95.0`. Derived: the compiler that compiled the macros, which is the one that
    /// compiled the service.
    #[must_use]
    pub const fn language(&self) -> Option<&'static str> {
        self.language
    }

    /// The build profile. Derived: `debug` if the service was compiled with debug assertions, else `release`. The name
    /// of a custom profile is not known to the code that it compiles.
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
    fn knows_nothing_that_it_was_not_told() {
        assert_eq!((BARE.name(), BARE.version()), ("api", "1.0.0"));
        assert_eq!((BARE.repo(), BARE.revision(), BARE.revision_short(), BARE.dirty()), (None, None, None, None));
        assert_eq!((BARE.build_date(), BARE.language(), BARE.profile()), (None, None, None));
    }

    #[test]
    fn shortens_the_revision() {
        let short = |revision| BARE.with_revision(revision).revision_short();
        assert_eq!(short("0123456789abcdef0123456789abcdef01234567"), Some("0123456789ab"));
        assert_eq!(short("0123456"), Some("0123456"));
        assert_eq!(short("a revision – by hand"), Some("a revision – by hand"), "no cut through a character");
    }

    #[test]
    fn leaves_out_a_date_that_cannot_be_written() {
        let date = |seconds| BARE.with_build_date(seconds).build_date();
        assert_eq!(date(0), Some(SystemTime::UNIX_EPOCH));
        assert_eq!(date(1), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1)));
        assert!(date(LATEST_DATE).is_some());
        assert_eq!(date(LATEST_DATE + 1), None);
        assert_eq!(date(u64::MAX), None);
    }
}
