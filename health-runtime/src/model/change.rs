use std::time::SystemTime;

use super::{Cause, CheckResult, CheckSpec, Level, Levels, Status};

/// Numbers of changes, by level.
pub(crate) type ChangeCounts = [u64; Level::ALL.len()];

/// One change of a check's status, told once.
///
/// It is for those who run the service, whatever callers of the endpoint may see: it holds the full message, with
/// nothing masked in it but credentials inside URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// How many changes of each level there were so far, this one included.
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
}

impl StatusChange {
    /// What changed between two results of one check, if its status did.
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
        })
    }

    /// Numbers the change: counts it among those of its level.
    pub(crate) fn numbered(mut self, so_far: &mut ChangeCounts) -> Self {
        so_far[self.level.index()] += 1;
        self.counts = *so_far;
        self
    }

    /// Its number among the changes of these levels: for one of another level, that of the last one before it. A caller
    /// that may see nothing else learns nothing about other levels from it.
    pub(crate) fn id_among(&self, levels: Levels) -> u64 {
        levels.iter().map(|level| self.counts[level.index()]).sum()
    }

    /// The same change with at most so many bytes of its message, if there are more.
    pub(crate) fn shortened(&self, limit: usize) -> Option<Self> {
        let message = self.message.as_ref().filter(|message| message.len() > limit)?;
        let end = (0..=limit).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
        let message = format!("{}…", &message[..end]);
        Some(Self { message: Some(message), ..self.clone() })
    }

    /// Its number among all changes of the monitor: the first is 1, and each one is the number before it and 1. Over
    /// HTTP, changes are counted among those that the caller may see.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id_among(Levels::ALL)
    }

    /// The check's name.
    #[must_use]
    pub fn check(&self) -> &str {
        &self.check
    }

    /// The check's level.
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

    /// Why, when it was not the function's own answer.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// A sentence for those who run the service. Credentials inside URLs are masked.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the time of the change, on the wall clock.
    #[must_use]
    pub const fn at(&self) -> SystemTime {
        self.at
    }

    /// Since when it had the status that it had, on the wall clock; `None` for its first result.
    #[must_use]
    pub const fn previous_since(&self) -> Option<SystemTime> {
        self.previous_since
    }

    /// Whether the check, or every check that blocks it, was muted when it changed, so that the change counts for
    /// nothing.
    #[must_use]
    pub const fn is_muted(&self) -> bool {
        self.muted
    }
}
