use std::{sync::Arc, time::Duration};

use super::{CheckResult, CheckSpec, RunStats};

/// What a scrape gets of one check.
#[derive(Clone, Debug)]
pub(crate) struct CheckMetrics {
    pub(crate) check: Arc<CheckSpec>,
    /// `None` before its first result.
    pub(crate) result: Option<Arc<CheckResult>>,
    /// How long ago its latest run ended; `None` before its first.
    pub(crate) age: Option<Duration>,
    pub(crate) runs: RunStats,
    pub(crate) is_in_flight: bool,
    pub(crate) is_muted: bool,
}
