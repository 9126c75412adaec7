//! What a kit saw of a check or of a report, to be held against what a test expects.
#![allow(clippy::must_use_candidate, reason = "an assertion may well be the last of its line")]

use std::{fmt, time::Duration};

use super::history::{Noted, write_why};
use crate::model::{Cause, CheckResult, Report, ReportEntry, Status};

/// How many changes of a check the text of a failed assertion shows.
const SHOWN: usize = 8;

/// One check, as a request found it at one moment.
///
/// Each assertion yields it again, so that they can be written one behind the other. One that does not hold panics at
/// the line of the test, and says what was expected, what is, and how the status changed until then.
#[derive(Clone, Debug)]
pub struct SeenCheck {
    entry: ReportEntry,
    at: Duration,
    changes: Vec<Noted>,
}

/// A report, at one moment. Its assertions are like those of [`SeenCheck`].
#[derive(Clone, Debug)]
pub struct SeenReport {
    report: Report,
    checks: Vec<SeenCheck>,
    at: Duration,
}

impl SeenCheck {
    pub(super) const fn new(entry: ReportEntry, at: Duration, changes: Vec<Noted>) -> Self {
        Self { entry, at, changes }
    }

    /// Everything that is known of it.
    #[must_use]
    pub fn result(&self) -> &CheckResult {
        &self.entry.result
    }

    /// Asserts what its status is, all thresholds and criticality counted in.
    ///
    /// # Panics
    /// If it is another.
    #[track_caller]
    pub fn assert_status(&self, expected: Status) -> &Self {
        let is = self.result().status();
        self.expect(is == expected, format_args!("be `{}`", expected.as_str()), format_args!("is `{}`", is.as_str()))
    }

    /// Asserts what its latest run showed by itself.
    ///
    /// # Panics
    /// If it is something else.
    #[track_caller]
    pub fn assert_observed(&self, expected: Status) -> &Self {
        let is = self.result().observed();
        self.expect(
            is == expected,
            format_args!("be observed as `{}`", expected.as_str()),
            format_args!("was observed as `{}`", is.as_str()),
        )
    }

    /// Asserts the cause of its status by its word on the wire, see [`Cause::as_str`]; `None` if the status is the
    /// function's own answer.
    ///
    /// # Panics
    /// If it is another.
    #[track_caller]
    pub fn assert_cause<'a>(&self, expected: impl Into<Option<&'a str>>) -> &Self {
        let (is, expected) = (self.result().cause().map(Cause::as_str), expected.into());
        let word =
            |cause: Option<&str>| cause.map_or_else(|| "no cause".to_owned(), |cause| format!("the cause `{cause}`"));
        self.expect(is == expected, format_args!("have {}", word(expected)), format_args!("has {}", word(is)))
    }

    /// Asserts that its message contains this.
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

    /// Asserts whether it is muted.
    ///
    /// # Panics
    /// If it is not as expected.
    #[track_caller]
    pub fn assert_muted(&self, expected: bool) -> &Self {
        let word = |is_muted: bool| if is_muted { "muted" } else { "counted" };
        let is = self.entry.muted.is_some();
        self.expect(is == expected, format_args!("be {}", word(expected)), format_args!("is {}", word(is)))
    }

    /// Asserts all changes of its status since the kit was made, by what it changed to: `[Pass, Fail]` for one that
    /// passed when it was first run, and failed later.
    ///
    /// # Panics
    /// If it changed in another way.
    #[track_caller]
    pub fn assert_changes(&self, expected: impl IntoIterator<Item = Status>) -> &Self {
        let expected: Vec<_> = expected.into_iter().collect();
        let is: Vec<_> = self.changes.iter().map(|noted| noted.change.to()).collect();
        self.expect(is == expected, format_args!("have turned to {expected:?}"), format_args!("has turned to {is:?}"))
    }

    #[track_caller]
    fn expect(&self, holds: bool, expected: fmt::Arguments<'_>, is: fmt::Arguments<'_>) -> &Self {
        assert!(holds, "`{}` should {expected}, and {is}\n{self}", self.entry.check.name());
        self
    }
}

/// What a person needs to know to understand why an assertion failed.
impl fmt::Display for SeenCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = self.result();
        write!(f, "  at {:?}: {}", self.at, Line(&self.entry))?;
        write!(f, "\n    observed {}, {} in a row", result.observed().as_str(), result.consecutive())?;
        if self.changes.is_empty() {
            return f.write_str("\n  its status never changed");
        }
        f.write_str("\n  its status changed")?;
        let hidden = self.changes.len().saturating_sub(SHOWN);
        if hidden > 0 {
            write!(f, " {hidden} times, and then")?;
        }
        self.changes[hidden..].iter().try_for_each(|noted| write!(f, "\n    {noted}"))
    }
}

impl SeenReport {
    pub(super) const fn new(report: Report, checks: Vec<SeenCheck>, at: Duration) -> Self {
        Self { report, checks, at }
    }

    /// The report itself.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// One check of the report, as this report shows it: readiness may hold on to a pass that a level report does not.
    ///
    /// # Panics
    /// If it is not in the report.
    #[must_use]
    #[track_caller]
    pub fn check(&self, name: &str) -> &SeenCheck {
        match self.checks.iter().find(|check| check.entry.check.name() == name) {
            Some(check) => check,
            None => panic!("`{name}` should be in the report, and is not\n{self}"),
        }
    }

    /// Asserts the status of the whole report, as a caller of the endpoint sees it.
    ///
    /// # Panics
    /// If it is another.
    #[track_caller]
    pub fn assert_status(&self, expected: Status) -> &Self {
        let is = self.report.status();
        assert!(is == expected, "the report should be `{}`, and is `{}`\n{self}", expected.as_str(), is.as_str());
        self
    }

    /// Asserts which checks are in the report, in any order.
    ///
    /// # Panics
    /// If it has others.
    #[track_caller]
    pub fn assert_checks<'a>(&self, expected: impl IntoIterator<Item = &'a str>) -> &Self {
        let mut expected: Vec<_> = expected.into_iter().collect();
        let mut are: Vec<_> = self.checks.iter().map(|check| check.entry.check.name()).collect();
        expected.sort_unstable();
        are.sort_unstable();
        assert!(are == expected, "the report should be on {expected:?}, and is on {are:?}\n{self}");
        self
    }
}

impl fmt::Display for SeenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  at {:?}: {} checks", self.at, self.checks.len())?;
        if let Some(cause) = self.report.cause() {
            write!(f, ", all of it {}", cause.as_str())?;
        }
        self.checks.iter().try_for_each(|check| write!(f, "\n    {}", Line(&check.entry)))
    }
}

/// One check in one line: `db is fail, timed_out: no answer within 2s (muted)`.
struct Line<'a>(&'a ReportEntry);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReportEntry { check, result, muted } = self.0;
        write!(f, "{} is {}", check.name(), result.status().as_str())?;
        write_why(f, result.cause(), result.message())?;
        if result.held_until().is_some() {
            f.write_str(" (held)")?;
        }
        if muted.is_some() { f.write_str(" (muted)") } else { Ok(()) }
    }
}
