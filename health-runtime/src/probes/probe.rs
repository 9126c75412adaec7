//! The part that all probes share: the settings of a check, and the way to become one.

use std::sync::Arc;

use crate::{
    details::{Details, DetailsData},
    mask::mask_credentials,
    model::{Check, IntoOutcome, Level, Outcome, Status, Work},
    text::floor_char_boundary,
};

/// Maximum number of bytes that are shown of a foreign text: enough for sentences, but not for a table.
const MAX_TEXT_BYTES: usize = 1024;

/// Returns the check behind a new probe. It gets its work when all settings are known.
#[track_caller]
pub(super) fn idle_check(name: impl Into<String>, level: Level) -> Check {
    Check::from_work(name, level, Work::blocking(|| Outcome::fail("this probe has no work")))
}

/// Returns work that observes with a probe in a task.
pub(super) fn task<P, Fut>(probe: P, observe: impl Fn(Arc<P>) -> Fut + Send + Sync + 'static) -> Work
where
    P: Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let probe = Arc::new(probe);
    Work::task(move || observe(Arc::clone(&probe)))
}

/// Returns an error's text with those of its sources.
pub(super) fn text_with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Some errors already contain the text of their source.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

/// Returns an outcome of a status that a probe decided about. A message is for one that does not pass.
pub(super) fn judged(status: Status, data: impl DetailsData, message: Option<String>) -> Outcome {
    let message = message.unwrap_or_default();
    match status {
        Status::Pass => Details::pass(data),
        Status::Warn => Details::warn(data, message),
        Status::Fail => Details::fail(data, message),
    }
    .into_outcome()
}

/// Masks a foreign text and cuts it: somebody else decides about its length. A cut secret would not be recognized.
pub(super) fn excerpt(text: &str) -> String {
    let masked = mask_credentials(text);
    let end = floor_char_boundary(&masked, MAX_TEXT_BYTES);
    let mark = if end < masked.len() { "…" } else { "" };
    format!("{}{mark}", &masked[..end])
}

/// Declares a probe: its struct with the field `check`, the settings of every check, `observe`, and the way to become a check.
/// It observes in a `task`, on a `blocking` thread, or is `instant`. The probe's file has four methods:
///
/// - `look` asks, measures or reads, and returns `Result<Facts, String>`. In a task it is async, gets a [`Deadline`], and
///   waits by it, with words of its own.
/// - `judge` makes an `Outcome` of the facts. An error of `look` is a failure with that message.
/// - `faults` returns the settings that can never work. They are start-up errors, and failures of `observe`.
/// - the constructor starts with [`idle_check`].
///
/// `map` changes the finished check, and knows the probe.
///
/// [`Deadline`]: super::deadline::Deadline
macro_rules! probe {
    (
        $(#[$about:meta])*
        pub struct $probe:ident { $($field:ident: $type:ty),* $(,)? }

        $(#[$observing:meta])*
        $work:ident fn observe;
        $(map: $map:expr;)?
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        #[must_use = "a probe does nothing until it is registered or observed"]
        pub struct $probe {
            check: $crate::model::Check,
            $($field: $type,)*
        }

        impl $probe {
            $crate::probes::probe::probe! { @observe $work $(#[$observing])* }
        }

        shared_settings! { $crate::probes::probe::probe, @settings $probe }

        // Else the error for a type that is not a check would list all probes.
        #[diagnostic::do_not_recommend]
        impl From<$probe> for $crate::model::Check {
            fn from(probe: $probe) -> Self {
                let check = probe.faults().into_iter().fold(probe.check.clone(), Self::fault);
                $(
                    let map: fn(&$probe, Self) -> Self = $map;
                    let check = map(&probe, check);
                )?
                check.with_work($crate::probes::probe::probe!(@work $work probe))
            }
        }
    };
    (@observe task $(#[$observing:meta])*) => {
        $(#[$observing])*
        ///
        /// # Cancellation
        /// Dropping the future is safe, and ends the run.
        ///
        /// # Panics
        /// Outside of a Tokio runtime with time and I/O.
        pub async fn observe(&self) -> $crate::model::Outcome {
            if let Some(fault) = self.faults().into_iter().next() {
                return $crate::model::Outcome::fail(fault);
            }
            let deadline = $crate::probes::deadline::Deadline::within(self.check.spec().timeout());
            self.look(deadline).await.map_or_else($crate::model::Outcome::fail, |facts| self.judge(facts))
        }
    };
    // Blocking or instant.
    (@observe $work:ident $(#[$observing:meta])*) => {
        $(#[$observing])*
        #[must_use]
        pub fn observe(&self) -> $crate::model::Outcome {
            if let Some(fault) = self.faults().into_iter().next() {
                return $crate::model::Outcome::fail(fault);
            }
            self.look().map_or_else($crate::model::Outcome::fail, |facts| self.judge(facts))
        }
    };
    (@work task $value:ident) => {
        $crate::probes::probe::task($value, |probe| async move { probe.observe().await })
    };
    (@work blocking $value:ident) => {
        $crate::model::Work::blocking(move || $value.observe())
    };
    (@work instant $value:ident) => {
        $crate::model::Work::task(move || std::future::ready($value.observe()))
    };
    (@settings $probe:ident $($name:ident($($argument:ident: $type:ty)?);)*) => {
        impl $probe {
            /// Sets the name, the check's key in every format. Default: see the function that made the probe.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.check = self.check.name(name);
                self
            }

            /// Sets the level. Default: see the function that made the probe.
            pub fn level(mut self, level: $crate::model::Level) -> Self {
                self.check = self.check.level(level);
                self
            }

            /// Sets the longest time of a run. Default: that of the level, see
            /// [`Level::default_timeout`](crate::Level::default_timeout). Zero is a start-up error.
            ///
            /// A probe that waits for others gives up after nine tenths of it, which leaves it the time to report the reason.
            /// A probe that blocks cannot give up.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.check = self.check.timeout(timeout);
                self
            }

            $(
                #[doc = concat!("See [`Check::", stringify!($name), "`](crate::Check::", stringify!($name), ").")]
                pub fn $name(mut self $(, $argument: $type)?) -> Self {
                    self.check = self.check.$name($($argument)?);
                    self
                }
            )*
        }
    };
}

pub(super) use probe;
