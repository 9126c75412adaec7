//! Snapshots of checks and reports, with assertions.
#![allow(clippy::must_use_candidate, reason = "an assertion may well be the last of its line")]

use std::{fmt, time::Duration};

use super::change_recorder::{RecordedChange, write_reason};
use crate::model::{Cause, CheckName, CheckResult, Report, ReportEntry, Status};

/// Most changes that the text of a failed assertion shows.
const MAX_SHOWN_CHANGES: usize = 8;

/// One check at one moment, as a request sees it.
///
/// Assertions return the snapshot, so they can be chained. A failed assertion panics at the line of the test, and shows the
/// expected value, the actual one, and the changes of status so far.
#[derive(Clone, Debug)]
pub struct CheckSnapshot {
    entry: ReportEntry,
    at: Duration,
    changes: Vec<RecordedChange>,
}

/// A report at one moment. Its assertions are like those of [`CheckSnapshot`].
#[derive(Clone, Debug)]
pub struct ReportSnapshot {
    report: Report,
    checks: Vec<CheckSnapshot>,
    at: Duration,
}

impl CheckSnapshot {
    pub(super) const fn new(entry: ReportEntry, at: Duration, changes: Vec<RecordedChange>) -> Self {
        Self { entry, at, changes }
    }

    /// The check's result.
    #[must_use]
    pub fn result(&self) -> &CheckResult {
        &self.entry.result
    }

    /// Asserts the status, which includes thresholds and criticality.
    ///
    /// # Panics
    /// If the status differs.
    #[track_caller]
    pub fn assert_status(&self, expected: Status) -> &Self {
        let is = self.result().status();
        self.expect(is == expected, format_args!("be `{}`", expected.as_str()), format_args!("is `{}`", is.as_str()))
    }

    /// Asserts the raw status of the latest run.
    ///
    /// # Panics
    /// If the status differs.
    #[track_caller]
    pub fn assert_observed(&self, expected: Status) -> &Self {
        let is = self.result().observed();
        self.expect(
            is == expected,
            format_args!("be observed as `{}`", expected.as_str()),
            format_args!("was observed as `{}`", is.as_str()),
        )
    }

    /// Asserts the cause of the status by its word on the wire, see [`Cause::as_str`]; `None` if the check itself returned
    /// the status.
    ///
    /// # Panics
    /// If the cause differs.
    #[track_caller]
    pub fn assert_cause<'a>(&self, expected: impl Into<Option<&'a str>>) -> &Self {
        let (is, expected) = (self.result().cause().map(Cause::as_str), expected.into());
        let word =
            |cause: Option<&str>| cause.map_or_else(|| "no cause".to_owned(), |cause| format!("the cause `{cause}`"));
        self.expect(is == expected, format_args!("have {}", word(expected)), format_args!("has {}", word(is)))
    }

    /// Asserts that the message contains this text.
    ///
    /// # Panics
    /// If it does not, or if there is no message.
    #[track_caller]
    pub fn assert_message(&self, part: &str) -> &Self {
        let message = self.result().message();
        self.expect(
            message.is_some_and(|message| message.contains(part)),
            format_args!("have a message with {part:?}"),
            format_args!("has {message:?}"),
        )
    }

    /// Asserts whether the check is muted.
    ///
    /// # Panics
    /// If it differs.
    #[track_caller]
    pub fn assert_muted(&self, expected: bool) -> &Self {
        let word = |is_muted: bool| if is_muted { "muted" } else { "counted" };
        let is = self.entry.muted.is_some();
        self.expect(is == expected, format_args!("be {}", word(expected)), format_args!("is {}", word(is)))
    }

    /// Asserts all changes of the status since the test monitor was made, as the new statuses: `[Pass, Fail]` for a check
    /// that passed its first run, and failed later.
    ///
    /// # Panics
    /// If the changes differ.
    #[track_caller]
    pub fn assert_changes(&self, expected: impl IntoIterator<Item = Status>) -> &Self {
        let expected: Vec<_> = expected.into_iter().collect();
        let is: Vec<_> = self.changes.iter().map(|recorded| recorded.change.current()).collect();
        self.expect(is == expected, format_args!("have turned to {expected:?}"), format_args!("has turned to {is:?}"))
    }

    #[track_caller]
    fn expect(&self, holds: bool, expected: fmt::Arguments<'_>, is: fmt::Arguments<'_>) -> &Self {
        assert!(holds, "`{}` should {expected}, but {is}\n{self}", self.entry.check.name());
        self
    }
}

/// The text of a failed assertion.
impl fmt::Display for CheckSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = self.result();
        write!(f, "  at {:?}: {}", self.at, Line(&self.entry))?;
        write!(f, "\n    observed {}, {} in a row", result.observed().as_str(), result.consecutive())?;
        if self.changes.is_empty() {
            return f.write_str("\n  its status never changed");
        }
        f.write_str("\n  its status changed")?;
        let hidden = self.changes.len().saturating_sub(MAX_SHOWN_CHANGES);
        if hidden > 0 {
            write!(f, " {hidden} times, and then")?;
        }
        self.changes[hidden..].iter().try_for_each(|recorded| write!(f, "\n    {recorded}"))
    }
}

impl ReportSnapshot {
    pub(super) const fn new(report: Report, checks: Vec<CheckSnapshot>, at: Duration) -> Self {
        Self { report, checks, at }
    }

    /// The report itself.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Returns one check as this report shows it: readiness may hold a pass that a level report does not.
    ///
    /// # Panics
    /// If the check is not in the report.
    #[must_use]
    #[track_caller]
    pub fn check(&self, check: impl Into<CheckName>) -> &CheckSnapshot {
        let name = check.into();
        match self.checks.iter().find(|check| check.entry.check.is_named(&name)) {
            Some(check) => check,
            None => panic!("`{name}` should be in the report, but is not\n{self}"),
        }
    }

    /// Asserts the status of the whole report, as a caller of the endpoint sees it.
    ///
    /// # Panics
    /// If the status differs.
    #[track_caller]
    pub fn assert_status(&self, expected: Status) -> &Self {
        let is = self.report.status();
        assert!(is == expected, "the report should be `{}`, but is `{}`\n{self}", expected.as_str(), is.as_str());
        self
    }

    /// Asserts the checks of the report, in any order.
    ///
    /// # Panics
    /// If the checks differ.
    #[track_caller]
    pub fn assert_checks<'a>(&self, expected: impl IntoIterator<Item = &'a str>) -> &Self {
        let mut expected: Vec<_> = expected.into_iter().collect();
        let mut are: Vec<_> = self.checks.iter().map(|check| check.entry.check.name()).collect();
        expected.sort_unstable();
        are.sort_unstable();
        assert!(are == expected, "the report should have the checks {expected:?}, but has {are:?}\n{self}");
        self
    }
}

impl fmt::Display for ReportSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  at {:?}: {} checks", self.at, self.checks.len())?;
        if let Some(cause) = self.report.cause() {
            write!(f, ", all {}", cause.as_str())?;
        }
        self.checks.iter().try_for_each(|check| write!(f, "\n    {}", Line(&check.entry)))
    }
}

/// One check as a line: `db is fail, timed_out: no answer within 2s (muted)`.
struct Line<'a>(&'a ReportEntry);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReportEntry { check, result, muted, drill } = self.0;
        write!(f, "{} is {}", check.name(), result.status().as_str())?;
        write_reason(f, result.cause(), result.message())?;
        if result.held_until().is_some() {
            f.write_str(" (held)")?;
        }
        if muted.is_some() {
            f.write_str(" (muted)")?;
        }
        if drill.is_some() { f.write_str(" (drill)") } else { Ok(()) }
    }
}
