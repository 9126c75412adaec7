use std::time::SystemTime;

use super::{Cause, CheckResult, CheckSpec, Level, Levels, Status};

/// Numbers of changes, by level.
pub(crate) type ChangeCounts = [u64; Level::ALL.len()];

/// One change of a check's status, published once.
///
/// It is for operators, whatever callers of the endpoint may see: it holds the full message, in which only secrets are
/// masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// Numbers of changes so far, by level, this one included.
    counts: ChangeCounts,
    check: String,
    level: Level,
    previous: Option<Status>,
    current: Status,
    cause: Option<Cause>,
    message: Option<String>,
    at: SystemTime,
    previous_since: Option<SystemTime>,
    muted: bool,
    is_drill: bool,
}

impl StatusChange {
    /// Returns the change between two results of one check, if its status changed.
    pub(crate) fn between(
        spec: &CheckSpec,
        before: Option<&CheckResult>,
        result: &CheckResult,
        is_muted: impl FnOnce() -> bool,
    ) -> Option<Self> {
        let previous = before.map(|before| before.status);
        (previous != Some(result.status)).then(|| Self {
            counts: ChangeCounts::default(),
            check: spec.name().to_owned(),
            level: spec.level(),
            previous,
            current: result.status,
            cause: result.cause.clone(),
            message: result.message.clone(),
            at: result.since,
            previous_since: before.map(|before| before.since),
            muted: is_muted(),
            is_drill: result.drill.is_some()
                || before.is_some_and(|before| before.drill.is_some() && result.status < before.status),
        })
    }

    /// Counts the change among those of its level, which numbers it.
    pub(crate) fn numbered(mut self, so_far: &mut ChangeCounts) -> Self {
        so_far[self.level.index()] += 1;
        self.counts = *so_far;
        self
    }

    /// Returns the number of the change among the changes of these levels. A change of another level has the number of
    /// the last one before it. The number reveals nothing about other levels.
    pub(crate) fn id_among(&self, levels: Levels) -> u64 {
        levels.iter().map(|level| self.counts[level.index()]).sum()
    }

    /// Returns the change with `limit` bytes of its message; `None` if the message has no more.
    pub(crate) fn shortened(&self, limit: usize) -> Option<Self> {
        let message = self.message.as_ref().filter(|message| message.len() > limit)?;
        let end = (0..=limit).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
        let message = format!("{}…", &message[..end]);
        Some(Self { message: Some(message), ..self.clone() })
    }

    /// Returns the number of the change among all changes of the monitor, counted from 1 without gaps. Over HTTP, only
    /// the changes that the caller may see are counted.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id_among(Levels::ALL)
    }

    /// Returns the name of the check.
    #[must_use]
    pub fn check(&self) -> &str {
        &self.check
    }

    /// Returns the level of the check.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Returns the status before the change; `None` for the first result.
    #[must_use]
    pub const fn previous(&self) -> Option<Status> {
        self.previous
    }

    /// Returns the status after the change.
    #[must_use]
    pub const fn current(&self) -> Status {
        self.current
    }

    /// Returns the reason for the new status, if that is not the function's own answer.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns a sentence for operators. Secrets are masked.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the time of the change, on the wall clock.
    #[must_use]
    pub const fn at(&self) -> SystemTime {
        self.at
    }

    /// Returns the time since which the check had its previous status, on the wall clock; `None` for the first result.
    #[must_use]
    pub const fn previous_since(&self) -> Option<SystemTime> {
        self.previous_since
    }

    /// Returns whether the check, or every check that blocks it, was muted at the time, so that the change counts for
    /// nothing.
    #[must_use]
    pub const fn is_muted(&self) -> bool {
        self.muted
    }

    /// Returns whether the check changed because of a [drill](crate::Monitor::drill), or recovered from one: its own, or
    /// that of the checks that block it.
    #[must_use]
    pub const fn is_drill(&self) -> bool {
        self.is_drill
    }
}
