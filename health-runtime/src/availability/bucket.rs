//! A fixed span of time.

use super::{latency::Durations, summary::Span};
use crate::model::Status;

/// The time in each status, and the durations of runs, in a bar of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// Milliseconds, by status.
    times: [u32; 3],
    pub(super) runs: Durations,
}

impl Bucket {
    pub(super) const EMPTY: Self = Self { times: [0; 3], runs: Durations::NONE };

    pub(super) fn add_time(&mut self, status: Status, millis: u64) {
        let time = &mut self.times[status as usize];
        // No bar is longer than 49 days.
        *time = time.saturating_add(u32::try_from(millis).unwrap_or(u32::MAX));
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (time, others) in self.times.iter_mut().zip(other.times) {
            *time = time.saturating_add(others);
        }
        self.runs.add(&other.runs);
    }

    pub(super) fn span(&self, length: u64) -> Span {
        let [pass, warn, fail] = self.times.map(u64::from);
        Span { length, pass, warn, fail }
    }
}
