//! Shares of a whole, and the limits that users set for them.

use crate::model::Status;

/// Decimals that tell any two shares apart.
const MAX_DECIMALS: usize = 15;

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

/// Formats a number with this many decimals, or with more if it would look as if it did not exceed the limit, or fall short of it.
pub(in crate::probes) fn format_apart(number: f64, limit: f64, decimals: usize) -> String {
    let is_apart = |text: &String| {
        let shown = text.parse::<f64>();
        shown.is_ok_and(|shown| shown.total_cmp(&limit) == number.total_cmp(&limit))
    };
    let texts = (decimals..=MAX_DECIMALS).map(|decimals| format!("{number:.decimals$}"));
    texts.into_iter().find(is_apart).unwrap_or_else(|| number.to_string())
}

#[expect(clippy::cast_precision_loss, reason = "exact up to nine petabytes, and close enough beyond")]
pub(in crate::probes) const fn to_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_shown_on_its_side_of_the_limit() {
        for (number, limit, decimals, text) in [
            (95.1, 95.0, 1, "95.1"),
            (95.04, 95.0, 1, "95.04"),
            (95.000_000_1, 95.0, 1, "95.0000001"),
            (99.96, 99.95, 1, "100.0"),
            (1.002, 1.0, 2, "1.002"),
            (4.96, 5.0, 1, "4.96"),
            (94.2, 95.0, 1, "94.2"),
        ] {
            assert_eq!(format_apart(number, limit, decimals), text);
        }
    }
}
