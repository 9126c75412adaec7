//! The part that all probes share: the settings of a check, and the way to become one.

use std::sync::Arc;

use crate::model::{Check, Level, Outcome, Work};

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
#[cfg(any(feature = "probe-http", feature = "probe-sqlite"))]
pub(super) fn text_with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Some errors already contain the text of their source.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

/// Gives a probe the settings of every check, and turns it into one. The probe has a field `check`, and methods `observe` and
/// `faults`. It observes in a `task`, on a `blocking` thread, or is `instant`; `map` changes the finished check.
macro_rules! probe {
    ($probe:ident: $work:ident) => {
        $crate::probes::probe::probe! { $probe: $work, map: |check| check }
    };
    ($probe:ident: $work:ident, map: $map:expr) => {
        shared_settings! { $crate::probes::probe::probe, @settings $probe }

        // Else the error for a type that is not a check would list all probes.
        #[diagnostic::do_not_recommend]
        impl From<$probe> for $crate::model::Check {
            fn from(probe: $probe) -> Self {
                let map: fn(Self) -> Self = $map;
                let check = probe.faults().into_iter().fold(probe.check.clone(), Self::fault);
                map(check.with_work($crate::probes::probe::probe!(@work $work probe)))
            }
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
