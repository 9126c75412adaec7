use std::time::Duration;

use super::{Drill, Outcome, Status};

/// Behavior of a check in place of its own function: in a [drill](crate::Monitor::drill), or in a
#[cfg_attr(feature = "testing", doc = "[test](crate::testing::TestMonitor::force).")]
#[cfg_attr(not(feature = "testing"), doc = "test.")]
///
/// An [`Outcome`] converts into it: `monitor.drill("db", Outcome::fail("…").with_data(…), time)`.
#[derive(Clone, Debug)]
pub struct Forced {
    /// Time to wait before the function is called.
    pub(crate) delay: Option<Duration>,
    /// The answer in place of that of the function; `None` if the function is called.
    pub(crate) answer: Option<ForcedAnswer>,
}

/// An answer in place of that of a function.
#[derive(Clone, Debug)]
pub(crate) enum ForcedAnswer {
    Outcome(Outcome),
    Panic(String),
    /// It never comes.
    Hang,
}

impl Forced {
    const fn at_once(answer: ForcedAnswer) -> Self {
        Self { delay: None, answer: Some(answer) }
    }

    /// The check passes at once. A drill cannot let a check pass.
    #[must_use]
    pub const fn pass() -> Self {
        Self::at_once(ForcedAnswer::Outcome(Outcome::pass()))
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

    /// The check panics with this text, which is not printed.
    #[must_use]
    pub fn panic(text: impl Into<String>) -> Self {
        Self::at_once(ForcedAnswer::Panic(text.into()))
    }

    /// The check never ends, so it times out. A plain `fn` is ended like an `async fn`: its function is not called, so it
    /// keeps no thread, and is not `still_running` afterwards.
    #[must_use]
    pub const fn hang() -> Self {
        Self::at_once(ForcedAnswer::Hang)
    }

    /// The check waits for this time, then calls its own function.
    #[must_use]
    pub const fn slow_by(time: Duration) -> Self {
        Self { delay: Some(time), answer: None }
    }

    /// Returns the word for the behavior on the wire; `None` for an answer that passes.
    pub(crate) const fn word(&self) -> Option<&'static str> {
        match &self.answer {
            None => Some(Drill::SLOW),
            Some(ForcedAnswer::Hang) => Some("hang"),
            Some(ForcedAnswer::Panic(_)) => Some("panic"),
            Some(ForcedAnswer::Outcome(outcome)) => match outcome.status {
                Status::Fail => Some("fail"),
                Status::Warn => Some("warn"),
                Status::Pass => None,
            },
        }
    }

    /// Returns the sentence that the check answers with, if it does.
    pub(crate) fn message(&self) -> Option<&str> {
        match self.answer.as_ref()? {
            ForcedAnswer::Outcome(outcome) => outcome.message.as_deref(),
            ForcedAnswer::Panic(text) => Some(text),
            ForcedAnswer::Hang => None,
        }
    }
}

impl From<Outcome> for Forced {
    fn from(outcome: Outcome) -> Self {
        Self::at_once(ForcedAnswer::Outcome(outcome))
    }
}
