use std::time::Duration;

use crate::model::Outcome;

/// Behavior of a check in place of its own function, see [`TestMonitor::force`](super::TestMonitor::force).
///
/// An [`Outcome`] converts into it: `monitor.force("db", Outcome::pass().with_data(…))`.
#[derive(Clone, Debug)]
pub struct Forced(pub(super) ForcedBehavior);

#[derive(Clone, Debug)]
pub(super) enum ForcedBehavior {
    Answer(Outcome),
    Panic(String),
    Hang,
    SlowBy(Duration),
}

impl Forced {
    /// The check passes at once.
    #[must_use]
    pub const fn pass() -> Self {
        Self(ForcedBehavior::Answer(Outcome::pass()))
    }

    /// The check warns at once, with this message.
    #[must_use]
    pub fn warn(message: impl Into<String>) -> Self {
        Outcome::warn(message).into()
    }

    /// The check fails at once, with this message.
    #[must_use]
    pub fn fail(message: impl Into<String>) -> Self {
        Outcome::fail(message).into()
    }

    /// The check panics with this text, which the test does not print.
    #[must_use]
    pub fn panic(text: impl Into<String>) -> Self {
        Self(ForcedBehavior::Panic(text.into()))
    }

    /// The check never ends, so it times out. A plain `fn` is ended like an `async fn`: a paused clock cannot show that it
    /// keeps its thread, and is `still_running` afterwards.
    #[must_use]
    pub const fn hang() -> Self {
        Self(ForcedBehavior::Hang)
    }

    /// The check waits for this time, then calls its own function.
    #[must_use]
    pub const fn slow_by(time: Duration) -> Self {
        Self(ForcedBehavior::SlowBy(time))
    }
}

impl From<Outcome> for Forced {
    fn from(outcome: Outcome) -> Self {
        Self(ForcedBehavior::Answer(outcome))
    }
}
