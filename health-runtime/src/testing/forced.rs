use std::time::Duration;

use crate::model::Outcome;

/// What a check does in place of its own function, from [`TestMonitor::force`](super::TestMonitor::force) on.
///
/// An [`Outcome`] is one, too: `kit.force("db", Outcome::pass().with_data(…))`.
#[derive(Clone, Debug)]
pub struct Forced(pub(super) Deed);

#[derive(Clone, Debug)]
pub(super) enum Deed {
    Answer(Outcome),
    Panic(String),
    Hang,
    SlowBy(Duration),
}

impl Forced {
    /// It passes at once.
    #[must_use]
    pub const fn pass() -> Self {
        Self(Deed::Answer(Outcome::pass()))
    }

    /// It warns at once, with this message.
    #[must_use]
    pub fn warn(message: impl Into<String>) -> Self {
        Outcome::warn(message).into()
    }

    /// It fails at once, with this message.
    #[must_use]
    pub fn fail(message: impl Into<String>) -> Self {
        Outcome::fail(message).into()
    }

    /// It panics with this text. The test prints nothing of it.
    #[must_use]
    pub fn panic(text: impl Into<String>) -> Self {
        Self(Deed::Panic(text.into()))
    }

    /// It never answers, so that its timeout ends it. A plain `fn` is ended like an `async fn`: that one of these keeps
    /// its thread, and is `still_running` for those who ask later, cannot be shown on a paused clock.
    #[must_use]
    pub const fn hang() -> Self {
        Self(Deed::Hang)
    }

    /// It waits for this long, then calls the check's own function.
    #[must_use]
    pub const fn slow_by(time: Duration) -> Self {
        Self(Deed::SlowBy(time))
    }
}

impl From<Outcome> for Forced {
    fn from(outcome: Outcome) -> Self {
        Self(Deed::Answer(outcome))
    }
}
