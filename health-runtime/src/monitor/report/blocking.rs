//! The results that a report knows, and how they block other checks.

use std::sync::Arc;

use crate::model::{Cause, CheckResult};

/// The result of one check in a report.
#[derive(Clone)]
pub(super) struct ReportedResult {
    pub(super) result: Arc<CheckResult>,
    pub(super) standing: Standing,
}

/// The standing of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is or was in the slot.
    Recorded,
    /// It is for this report alone: the run goes on, and later reports get its result.
    Unrecorded,
    /// It is or was in the slot, but the path of another request has limited it more than that of this one.
    Limited,
    /// It is the stored one, however old, or stands for a missing one: the request waits for no other. It need not
    /// match the results of its dependencies.
    Stored,
}

impl ReportedResult {
    pub(super) const fn recorded(result: Arc<CheckResult>) -> Self {
        Self { result, standing: Standing::Recorded }
    }

    /// Returns whether another caller may learn more.
    pub(super) fn is_limited(&self) -> bool {
        self.result.min_depth > 0 || matches!(self.standing, Standing::Limited | Standing::Stored)
    }

    /// Returns whether it stands for a result that the slot does not have yet.
    pub(super) fn is_pending(&self) -> bool {
        self.standing == Standing::Unrecorded && self.result.cause == Some(Cause::Pending)
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
            Some(ReportedResult { result, standing: Standing::Recorded }) if result.is_failing => Self::Yes,
            Some(ReportedResult { standing: Standing::Recorded, .. }) => Self::No,
            Some(ReportedResult { result, standing: Standing::Unrecorded }) => match result.cause {
                Some(Cause::Blocked { .. }) => Self::InThisReport,
                // No failure is known.
                Some(Cause::Pending) => Self::No,
                _ => Self::Unknown,
            },
            Some(ReportedResult { standing: Standing::Limited | Standing::Stored, .. }) | None => Self::Unknown,
        }
    }
}
