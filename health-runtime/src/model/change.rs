use std::time::SystemTime;

use super::{Cause, CheckResult, CheckSpec, Level, Status};

/// One change of a check's status, told once.
///
/// It is for those who run the service, whatever callers of the endpoint may see: it holds the full message, with
/// nothing masked in it but credentials inside URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    id: u64,
    check: String,
    level: Level,
    from: Option<Status>,
    to: Status,
    cause: Option<Cause>,
    message: Option<String>,
    since: SystemTime,
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
        let from = before.map(|before| before.status);
        (from != Some(result.status)).then(|| Self {
            id: 0,
            check: spec.name().to_owned(),
            level: spec.level(),
            from,
            to: result.status,
            cause: result.cause.clone(),
            message: result.message.clone(),
            since: result.since,
            previous_since: before.map(|before| before.since),
            muted: is_muted(),
        })
    }

    /// As the change of this number.
    pub(crate) const fn numbered(mut self, id: u64) -> Self {
        self.id = id;
        self
    }

    /// The same change with at most so many bytes of its message, if there are more.
    pub(crate) fn shortened(&self, limit: usize) -> Option<Self> {
        let message = self.message.as_ref().filter(|message| message.len() > limit)?;
        let message = format!("{}…", &message[..message.floor_char_boundary(limit)]);
        Some(Self { message: Some(message), ..self.clone() })
    }

    /// Its number among all changes of the monitor: the first is 1, and each one is the number before it and 1.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
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

    /// The status that it had; `None` for its first result.
    #[must_use]
    pub const fn from(&self) -> Option<Status> {
        self.from
    }

    /// The status that it has.
    #[must_use]
    pub const fn to(&self) -> Status {
        self.to
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

    /// When it changed, on the wall clock.
    #[must_use]
    pub const fn since(&self) -> SystemTime {
        self.since
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
