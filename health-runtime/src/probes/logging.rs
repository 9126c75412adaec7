//! Whether anybody listens to the log.

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use super::probe::{Kind, Probe};
use crate::model::{Check, Level, Outcome, Work};

/// The kind of [`probes::logging`](logging()).
#[derive(Clone, Debug)]
pub struct Logging {
    least: LevelFilter,
}

/// Whether this process logs: a `tracing` subscriber is installed and lets something through.
///
/// Name `is_logging_enabled`, level 1, and no data: in the values view it is a boolean. It costs two loads
/// from memory. It cannot see whether what is written arrives anywhere.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::logging()).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn logging() -> Probe<Logging> {
    Probe::new("is_logging_enabled", Level::L1, Logging { least: LevelFilter::ERROR })
}

impl Probe<Logging> {
    /// Sets the level that must get through somewhere, for logging to count as enabled. Default: `ERROR`.
    pub fn with_least(mut self, least: tracing::Level) -> Self {
        self.kind.least = least.into();
        self
    }

    /// Looks once. It neither blocks nor waits.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 5)]` above it.
    /// fn is_logging_enabled() -> Outcome {
    ///     probes::logging().with_least(tracing::Level::INFO).observe()
    /// }
    /// # let _ = is_logging_enabled();
    /// ```
    #[must_use]
    pub fn observe(&self) -> Outcome {
        if !tracing::dispatcher::has_been_set() {
            return Outcome::fail("no tracing subscriber is installed");
        }
        // What was compiled out cannot be logged, whatever the subscriber says.
        let level = LevelFilter::current().min(STATIC_MAX_LEVEL);
        if level < self.kind.least {
            Outcome::fail(format!("nothing beyond level {level} is logged, and {} should be", self.kind.least))
        } else {
            Outcome::pass().with_message(format!("logs up to level {level}"))
        }
    }
}

impl Kind for Logging {
    fn check(probe: Probe<Self>) -> Check {
        probe.into_check(None, |probe| Work::task(move || std::future::ready(probe.observe())))
    }
}
