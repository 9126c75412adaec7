//! The durations of runs, in fixed buckets.

use std::time::Duration;

/// Upper bounds of durations in microseconds, those of the metrics. A last bucket holds longer runs.
const BOUNDS_MICROS: [u32; 12] =
    [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];

/// Numbers of runs by duration.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Durations {
    counts: [u32; BOUNDS_MICROS.len() + 1],
    max_micros: u32,
}

/// The latency of the runs in a window. A percentile is the upper bound of its bucket, or the longest duration if that is
/// shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) runs: u64,
    pub(crate) median: Duration,
    pub(crate) p95: Duration,
    pub(crate) max: Duration,
}

impl Durations {
    pub(super) const NONE: Self = Self { counts: [0; BOUNDS_MICROS.len() + 1], max_micros: 0 };

    pub(super) fn count(&mut self, duration: Duration) {
        let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        let bucket = BOUNDS_MICROS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS_MICROS.len());
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
        self.max_micros = self.max_micros.max(micros);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, others) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(others);
        }
        self.max_micros = self.max_micros.max(other.max_micros);
    }

    /// Returns the latency; `None` without a run.
    pub(super) fn latency(&self) -> Option<Latency> {
        let runs: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        (runs > 0).then(|| Latency {
            runs,
            median: self.percentile(runs, 50),
            p95: self.percentile(runs, 95),
            max: Duration::from_micros(self.max_micros.into()),
        })
    }

    /// Returns the duration that `percent` of the runs do not exceed, by the nearest rank.
    fn percentile(&self, runs: u64, percent: u64) -> Duration {
        let rank = (runs * percent).div_ceil(100);
        let mut so_far = 0;
        let bounds = BOUNDS_MICROS.into_iter().chain([u32::MAX]);
        let found = bounds.zip(self.counts).find(|(_, count)| {
            so_far += u64::from(*count);
            so_far >= rank
        });
        let bound = found.map_or(self.max_micros, |(bound, _)| bound);
        Duration::from_micros(bound.min(self.max_micros).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn of(durations: impl IntoIterator<Item = Duration>) -> Durations {
        let mut counted = Durations::default();
        durations.into_iter().for_each(|duration| counted.count(duration));
        counted
    }

    #[test]
    fn percentiles_are_the_upper_bounds_of_their_buckets() {
        let counted = of((1..=100).map(millis));
        let expected = Latency { runs: 100, median: millis(50), p95: millis(100), max: millis(100) };
        assert_eq!(counted.latency(), Some(expected));
        let counted = of([millis(3), millis(3), millis(40)]);
        let expected = Latency { runs: 3, median: millis(5), p95: millis(40), max: millis(40) };
        assert_eq!(counted.latency(), Some(expected), "no percentile exceeds the longest run");
    }

    #[test]
    fn extreme_durations_are_counted() {
        assert_eq!(Durations::default().latency(), None);
        let zero = Latency { runs: 1, median: millis(0), p95: millis(0), max: millis(0) };
        assert_eq!(of([Duration::ZERO]).latency(), Some(zero));
        let longest = Duration::from_micros(u32::MAX.into());
        let long = Latency { runs: 1, median: longest, p95: longest, max: longest };
        assert_eq!(of([Duration::MAX]).latency(), Some(long));
    }

    #[cfg(feature = "metrics")]
    #[test]
    fn bounds_are_those_of_the_metrics() {
        let bounds = BOUNDS_MICROS.map(|micros| Duration::from_micros(micros.into()).as_secs_f64());
        assert_eq!(bounds.map(f64::to_bits), crate::model::RunStats::BOUNDS.map(f64::to_bits));
    }
}
