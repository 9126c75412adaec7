//! Thresholds: a check turns after a number of consecutive results of the other kind.

use crate::{model::CheckSpec, run_result::RunResult};

/// Numbers of consecutive results after which a check turns.
#[derive(Clone, Copy, Debug)]
struct Thresholds {
    failure: u32,
    success: u32,
}

/// The consecutive results of a check. The first one counts at once, whatever the thresholds: there is no status to
/// keep.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Streak {
    is_failing: Option<bool>,
    of_failures: bool,
    length: u32,
}

/// The state of a check after its latest result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// Whether the check counts as failing.
    pub(super) is_failing: bool,
    /// Number of consecutive results like the latest.
    pub(super) consecutive: u32,
}

impl Streak {
    /// Adds a result of a check that counted as failing before it or not.
    pub(super) fn add(&mut self, result: &RunResult, spec: &CheckSpec, was_failing: bool) -> Count {
        let thresholds = Thresholds { failure: spec.failure_threshold(), success: spec.success_threshold() };
        let mut count =
            if result.is_from_run() { self.count(result.is_failure(), thresholds) } else { Count::INTERRUPTED };
        // It failed without a run, for example because it was blocked. A failure below the threshold does not make it
        // count as working again, and later as failing anew.
        count.is_failing |= result.is_failure() && was_failing;
        count
    }

    /// Counts one result.
    fn count(&mut self, is_failure: bool, thresholds: Thresholds) -> Count {
        self.length = if self.of_failures == is_failure { self.length.saturating_add(1) } else { 1 };
        self.of_failures = is_failure;
        let needed = if is_failure { thresholds.failure } else { thresholds.success };
        let is_failing = match self.is_failing {
            Some(is_failing) if self.length < needed => is_failing,
            _ => is_failure,
        };
        self.is_failing = Some(is_failing);
        Count { is_failing, consecutive: self.length }
    }
}

impl Count {
    /// The state after a result without a run: the check is failing at once, and nothing is counted.
    const INTERRUPTED: Self = Self { is_failing: true, consecutive: 0 };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Applies the definition to all results: a check turns when as many of the latest results as its threshold says
    /// are of the other kind.
    fn by_definition(failures: &[bool], thresholds: Thresholds) -> Option<Count> {
        let mut is_failing = *failures.first()?;
        for end in 1..=failures.len() {
            let latest = failures[end - 1];
            let needed = if latest { thresholds.failure } else { thresholds.success } as usize;
            if end >= needed && failures[end - needed..end].iter().all(|failure| *failure == latest) {
                is_failing = latest;
            }
        }
        let latest = failures.last()?;
        let consecutive = failures.iter().rev().take_while(|failure| *failure == latest).count();
        Some(Count { is_failing, consecutive: u32::try_from(consecutive).ok()? })
    }

    proptest! {
        #[test]
        fn streak_counts_by_definition(
            failures in prop::collection::vec(any::<bool>(), 1..60),
            failure in 1_u32..6,
            success in 1_u32..6,
        ) {
            let thresholds = Thresholds { failure, success };
            let mut streak = Streak::default();
            for end in 1..=failures.len() {
                let count = streak.count(failures[end - 1], thresholds);
                prop_assert_eq!(Some(count), by_definition(&failures[..end], thresholds));
            }
        }
    }

    #[test]
    fn interrupted_failures_do_not_add_up() {
        let thresholds = Thresholds { failure: 2, success: 1 };
        let mut streak = Streak::default();
        let turns = [false, true, false, true, true].map(|failure| streak.count(failure, thresholds).is_failing);
        assert_eq!(turns, [false, false, false, false, true]);
    }
}
