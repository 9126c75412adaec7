//! Probe of the log.

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use super::probe::{idle_check, probe};
use crate::model::{Level, Outcome};

probe! {
    /// The probe of [`probes::logging`](logging()).
    pub struct LoggingProbe { min_level: LevelFilter }

    /// Checks once. It neither blocks nor waits.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 5)]` above it.
    /// fn is_logging_enabled() -> Outcome {
    ///     probes::logging().min_level(tracing::Level::INFO).observe()
    /// }
    /// # let _ = is_logging_enabled();
    /// ```
    instant fn observe;
}

/// Checks that this process logs: a `tracing` subscriber is installed and accepts events.
///
/// Name `is_logging_enabled`, level 1, and no data: in the values view it is a boolean. It costs two loads
/// from memory. It does not detect whether the log reaches its destination.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::logging()).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn logging() -> LoggingProbe {
    LoggingProbe { check: idle_check("is_logging_enabled", Level::L1), min_level: LevelFilter::ERROR }
}

impl LoggingProbe {
    /// Sets the level at which events have to be logged. Default: `ERROR`.
    pub fn min_level(mut self, level: tracing::Level) -> Self {
        self.min_level = level.into();
        self
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    fn look(&self) -> Result<LevelFilter, String> {
        if !tracing::dispatcher::has_been_set() {
            return Err("no tracing subscriber is installed".to_owned());
        }
        // Events above the static maximum are compiled out, whatever the subscriber accepts.
        Ok(LevelFilter::current().min(STATIC_MAX_LEVEL))
    }

    fn judge(&self, level: LevelFilter) -> Outcome {
        if level < self.min_level {
            Outcome::fail(format!("the log is limited to level {level}, and has to include {}", self.min_level))
        } else {
            Outcome::pass().with_message(format!("logs up to level {level}"))
        }
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    const fn faults(&self) -> Option<String> {
        None
    }
}
