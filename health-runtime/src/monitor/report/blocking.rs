//! The results that a report knows, and how they block other checks.

use std::sync::Arc;

use crate::model::{Cause, CheckResult};

/// The result of one check in a report.
#[derive(Clone)]
pub(super) struct ReportedResult {
    pub(super) result: Arc<CheckResult>,
    /// Whether the result is or was in the slot. Otherwise it is for this report alone: the run goes on, and later
    /// reports get its result.
    pub(super) is_recorded: bool,
}

impl ReportedResult {
    pub(super) const fn recorded(result: Arc<CheckResult>) -> Self {
        Self { result, is_recorded: true }
    }

    /// Returns whether it stands for a result that the slot does not have yet.
    pub(super) fn is_pending(&self) -> bool {
        !self.is_recorded && self.result.cause == Some(Cause::Pending)
    }
}

/// The blocking of a check by its dependencies. With several dependencies, the greatest value counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blocking {
    No,
    /// A dependency has no result in time. It may work or not.
    Unknown,
    /// A dependency counts as blocked in this report alone.
    InThisReport,
    Yes,
}

impl Blocking {
    /// Returns whether a dependent is blocked, as far as this report knows.
    pub(super) fn blocks(self) -> bool {
        self > Self::Unknown
    }

    /// Returns the blocking by one dependency.
    pub(super) fn by(known: Option<&ReportedResult>) -> Self {
        match known {
            Some(ReportedResult { result, is_recorded: true }) if result.is_failing => Self::Yes,
            Some(ReportedResult { is_recorded: true, .. }) => Self::No,
            Some(ReportedResult { result, is_recorded: false }) => match result.cause {
                Some(Cause::Blocked { .. }) => Self::InThisReport,
                // No failure is known.
                Some(Cause::Pending) => Self::No,
                _ => Self::Unknown,
            },
            None => Self::Unknown,
        }
    }
}
