//! The facts that metrics show.

use std::time::Duration;

use super::visibility::{DetailLevel, Visibility};
use crate::{
    build_info::BuildMetadata,
    model::{CheckMetrics, Level, RunStats, Status},
};

/// The facts for a scrape, redacted for one caller.
#[derive(Debug)]
pub(crate) struct MetricsView<'a> {
    pub(super) checks: Vec<CheckMetricsView<'a>>,
    pub(super) build: Option<&'a BuildMetadata>,
    pub(super) is_draining: bool,
    /// Refused requests by reason; `None` for callers who may not see them.
    pub(super) refusals: Option<Vec<(&'static str, u64)>>,
    /// Numbers of failed requests and of dropped events by receiver of alerts, for callers who may see them.
    pub(super) deliveries: Vec<(String, [u64; 2])>,
    pub(super) has_duration_histogram: bool,
}

/// The numbers of one check.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a metric")]
pub(super) struct CheckMetricsView<'a> {
    pub(super) name: &'a str,
    pub(super) display: Option<&'a str>,
    /// For callers that see the details of its level, like the runbook.
    pub(super) owner: Option<&'a str>,
    pub(super) runbook: Option<&'a str>,
    pub(super) level: Level,
    /// `None` before the first result: no status is invented.
    pub(super) status: Option<Status>,
    pub(super) is_disabled: bool,
    /// Keys of the settings that have other values than the declaration, for callers that see the details of its level.
    pub(super) overridden: Vec<&'static str>,
    /// Time since the end of the latest run.
    pub(super) age: Option<Duration>,
    pub(super) runs: &'a RunStats,
    pub(super) is_in_flight: bool,
    pub(super) is_muted: bool,
    pub(super) is_drilled: bool,
    pub(super) root_causes: RootCauses<'a>,
}

/// The failed checks because of which a check was not run.
#[derive(Debug)]
pub(super) enum RootCauses<'a> {
    /// The check is not blocked.
    None,
    /// The caller may not learn their names.
    Hidden,
    Named(Vec<&'a str>),
}

impl<'a> MetricsView<'a> {
    pub(crate) fn new(
        checks: &'a [CheckMetrics],
        build: Option<&'a BuildMetadata>,
        is_draining: bool,
        refusals: Option<Vec<(&'static str, u64)>>,
        deliveries: Vec<(String, [u64; 2])>,
        has_duration_histogram: bool,
        visibility: Visibility,
    ) -> Self {
        let checks = checks.iter().map(|known| {
            let is_detailed = visibility.at(known.check.level()) == DetailLevel::Details;
            CheckMetricsView {
                name: known.check.name(),
                display: known.check.display(),
                owner: known.check.owner().filter(|_| is_detailed),
                runbook: known.check.runbook().filter(|_| is_detailed),
                level: known.check.level(),
                status: known.result.as_ref().filter(|_| known.check.is_enabled()).map(|result| result.status()),
                is_disabled: !known.check.is_enabled(),
                overridden: known.check.overridden().filter(|_| is_detailed).collect(),
                age: known.age,
                runs: &known.runs,
                is_in_flight: known.is_in_flight,
                is_muted: known.is_muted,
                is_drilled: known.is_drilled,
                root_causes: RootCauses::new(known, is_detailed, visibility),
            }
        });
        Self { checks: checks.collect(), build, is_draining, refusals, deliveries, has_duration_histogram }
    }
}

impl<'a> RootCauses<'a> {
    /// Names are details of the blocked check, and no caller learns of a check on a level that it may not run.
    fn new(known: &'a CheckMetrics, is_detailed: bool, visibility: Visibility) -> Self {
        let roots = &known.root_causes;
        let is_known = |level| visibility.knows_every_check || visibility.run.contains(level);
        if roots.is_empty() {
            Self::None
        } else if is_detailed && roots.iter().all(|root| is_known(root.level())) {
            Self::Named(roots.iter().map(|root| root.name()).collect())
        } else {
            Self::Hidden
        }
    }
}
