//! Shares of a whole, and the limits that users set for them.

use crate::model::Status;

/// Percentages above which a probe warns and fails.
#[derive(Clone, Copy, Debug)]
pub(in crate::probes) struct PercentLimits {
    pub(in crate::probes) warn_above: f64,
    pub(in crate::probes) fail_above: f64,
}

impl PercentLimits {
    /// Returns why the limits can never work.
    pub(in crate::probes) fn fault(self, subject: &str) -> Option<String> {
        let Self { warn_above, fail_above } = self;
        // NaN is in no range, so it is a fault too.
        let is_valid = (0.0..=100.0).contains(&fail_above) && (0.0..=fail_above).contains(&warn_above);
        (!is_valid).then(|| {
            format!(
                "{subject} limits must satisfy 0 <= warn <= fail <= 100 percent, not warn {warn_above}, fail {fail_above}"
            )
        })
    }

    /// Returns the status of a percentage, and the limit that it exceeds.
    pub(in crate::probes) fn judge(self, percent: f64) -> (Status, Option<f64>) {
        if percent > self.fail_above {
            (Status::Fail, Some(self.fail_above))
        } else if percent > self.warn_above {
            (Status::Warn, Some(self.warn_above))
        } else {
            (Status::Pass, None)
        }
    }
}

/// Returns the percentage in use; a limit of zero is full.
pub(in crate::probes) fn percent_of(used: u64, total: u64) -> f64 {
    if used >= total { 100.0 } else { to_f64(used) / to_f64(total) * 100.0 }
}

/// Rounds to one decimal.
pub(in crate::probes) fn rounded(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "exact up to nine petabytes, and close enough beyond")]
pub(in crate::probes) const fn to_f64(number: u64) -> f64 {
    number as f64
}
