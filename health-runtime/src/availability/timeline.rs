//! The times in which one check or level had each status.

use std::time::Duration;

use super::{
    Millis,
    bucket::Bucket,
    latency::Durations,
    summary::{BAR_MILLIS, Span, Window, WindowSummary},
};
use crate::model::Status;

/// Number of the shortest bars in all windows together. Nothing before them is kept.
const KEPT_BARS: u64 = Window::Week.shortest_bars() * Window::Week.bar_count() as u64;

/// The statuses of one check or level over the last week, and the durations of its runs, in 3.4 KB.
///
/// Only the shortest bars are written; a bar that ends is added to the longer ones that hold it.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    /// The status now; `None` while it is unknown.
    status: Option<Status>,
    /// End of the time in which it is known without another result.
    known_until: Millis,
    /// Time up to which the bars are complete.
    complete_until: Millis,
    /// The latest bars of the hour, the day and the week, each at its number modulo theirs.
    buckets: [Bucket; Window::TOTAL_BARS],
}

impl Timeline {
    pub(crate) const EMPTY: Self =
        Self { status: None, known_until: 0, complete_until: 0, buckets: [Bucket::EMPTY; Window::TOTAL_BARS] };

    /// Sets the status from a time on, which may not be before that of an earlier call, and until when it is known.
    pub(crate) fn set(&mut self, at: Millis, status: Option<Status>, known_until: Millis) {
        // Most results change nothing else.
        let is_extended = status == self.status && at < self.known_until;
        if !is_extended {
            self.advance(at);
            self.status = status;
        }
        self.known_until = known_until;
    }

    /// Counts a run that ended.
    pub(crate) fn count_run(&mut self, at: Millis, duration: Duration) {
        if at / BAR_MILLIS != self.complete_until / BAR_MILLIS {
            self.advance(at);
        }
        self.bucket(Window::Hour, self.complete_until / BAR_MILLIS).runs.count(duration);
    }

    /// Returns the availability in each window, all of which end at this time.
    pub(crate) fn summaries(&self, at: Millis) -> [WindowSummary; 3] {
        // A copy, so that a reader may look at the time of the latest result after another has looked at the present.
        let mut copy = self.clone();
        copy.advance(at);
        Window::ALL.map(|window| copy.summary(window))
    }

    fn summary(&self, window: Window) -> WindowSummary {
        let now = self.complete_until;
        let open = &self.buckets[Self::position(Window::Hour, now / BAR_MILLIS)];
        let length = window.shortest_bars() * BAR_MILLIS;
        let current = now / length;
        let mut runs = Durations::NONE;
        let bar = |back| {
            // The service did not run before its start.
            let Some(number) = current.checked_sub(back) else { return Span { length, ..Span::default() } };
            let mut bucket = self.buckets[Self::position(window, number * window.shortest_bars())];
            if back == 0 && window != Window::Hour {
                bucket.add(open);
            }
            runs.add(&bucket.runs);
            bucket.span(if back == 0 { now % length } else { length })
        };
        let bars: Vec<_> = (0..window.bar_count() as u64).rev().map(bar).collect();
        let total = bars.iter().copied().fold(Span::default(), Span::plus);
        WindowSummary { window, total, bars, latency: runs.latency() }
    }

    /// Completes the bars up to a time.
    fn advance(&mut self, to: Millis) {
        if to.saturating_sub(self.complete_until) > KEPT_BARS * BAR_MILLIS {
            self.skip_to(to - KEPT_BARS * BAR_MILLIS);
        }
        while self.complete_until < to {
            let bar = self.complete_until / BAR_MILLIS;
            let end = to.min((bar + 1) * BAR_MILLIS);
            let known_until = self.known_until.clamp(self.complete_until, end);
            let known = known_until - self.complete_until;
            if let Some(status) = self.status {
                self.bucket(Window::Hour, bar).add_time(status, known);
            }
            self.complete_until = end;
            if end.is_multiple_of(BAR_MILLIS) {
                self.close(bar);
            }
        }
        if self.known_until <= self.complete_until {
            self.status = None;
        }
    }

    /// Adds a bar that has ended to the longer ones that hold it, and begins the next.
    fn close(&mut self, bar: u64) {
        let closed = *self.bucket(Window::Hour, bar);
        for window in [Window::Day, Window::Week] {
            self.bucket(window, bar).add(&closed);
        }
        for window in Window::ALL {
            if (bar + 1).is_multiple_of(window.shortest_bars()) {
                *self.bucket(window, bar + 1) = Bucket::EMPTY;
            }
        }
    }

    fn bucket(&mut self, window: Window, bar: u64) -> &mut Bucket {
        &mut self.buckets[Self::position(window, bar)]
    }

    /// Returns the position of the bucket that holds the shortest bar of this number.
    fn position(window: Window, bar: u64) -> usize {
        let number = bar / window.shortest_bars() % window.bar_count() as u64;
        window.first_bucket() + usize::try_from(number).unwrap_or_default()
    }

    /// Drops everything, because it is older than the windows. The status stays.
    fn skip_to(&mut self, at: Millis) {
        let (status, known_until) = (self.status, self.known_until);
        *self = Self { status, known_until, complete_until: at, ..Self::EMPTY };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Millis = 1000;

    /// A result, some seconds after the one before.
    #[derive(Clone, Debug)]
    struct Event {
        gap: Millis,
        status: Option<Status>,
        validity: Millis,
        duration: Option<Duration>,
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let status = prop::sample::select(vec![None, Some(Status::Pass), Some(Status::Warn), Some(Status::Fail)]);
        let gap = prop_oneof![4 => 0..900_u64, 2 => 0..20_000_u64, 1 => 0..700_000_u64];
        let validity = prop_oneof![0..400_u64, 0..100_000_u64];
        let duration = prop::option::of((0..20_000_u64).prop_map(Duration::from_millis));
        let event = (gap, status, validity, duration);
        let event = event.prop_map(|(gap, status, validity, duration)| Event { gap, status, validity, duration });
        prop::collection::vec(event, 1..40)
    }

    /// Looks at each second of a window, and at the list of all results for it.
    fn by_definition(events: &[Event], window: Window, now: Millis) -> (Span, Vec<Span>, Vec<Duration>) {
        let length = window.shortest_bars() * BAR_MILLIS / SECOND;
        let mut at = 0;
        let results: Vec<_> = events
            .iter()
            .map(|event| {
                at += event.gap;
                (at, event)
            })
            .collect();
        let status_in = |second: Millis| {
            let (at, event) = results.iter().rfind(|(at, _)| *at <= second)?;
            event.status.filter(|_| second < at + event.validity)
        };
        let current = now / length;
        let mut bars = Vec::new();
        for back in (0..window.bar_count() as u64).rev() {
            let Some(number) = current.checked_sub(back) else {
                bars.push(Span { length: length * SECOND, ..Span::default() });
                continue;
            };
            let seconds = number * length..((number + 1) * length).min(now);
            let count =
                |status| SECOND * seconds.clone().filter(|second| status_in(*second) == Some(status)).count() as u64;
            bars.push(Span {
                length: (seconds.end - seconds.start) * SECOND,
                pass: count(Status::Pass),
                warn: count(Status::Warn),
                fail: count(Status::Fail),
            });
        }
        let start = (current + 1).saturating_sub(window.bar_count() as u64) * length;
        let runs = results.iter().filter(|(at, _)| *at >= start).filter_map(|(_, event)| event.duration).collect();
        (bars.iter().copied().fold(Span::default(), Span::plus), bars, runs)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn timeline_agrees_with_a_list_of_all_results(events in events(), after in 0..50_000_u64, looks in any::<u64>()) {
            let mut timeline = Timeline::EMPTY;
            let mut at = 0;
            for (index, event) in events.iter().enumerate() {
                at += event.gap;
                if looks >> (index % 64) & 1 == 1 {
                    timeline.summaries(at * SECOND);
                }
                timeline.set(at * SECOND, event.status, (at + event.validity) * SECOND);
                if let Some(duration) = event.duration {
                    timeline.count_run(at * SECOND, duration);
                }
            }
            let now = at + after;
            for summary in timeline.summaries(now * SECOND) {
                let (total, bars, runs) = by_definition(&events, summary.window, now);
                prop_assert_eq!(summary.total, total);
                prop_assert_eq!(summary.bars, bars);
                prop_assert_eq!(summary.latency.map_or(0, |latency| latency.runs), runs.len() as u64);
                let longest = summary.latency.map(|latency| latency.max);
                prop_assert_eq!(longest, runs.into_iter().max());
            }
        }
    }

    #[test]
    fn timeline_takes_less_than_four_kilobytes() {
        assert!(size_of::<Timeline>() < 4096, "{}", size_of::<Timeline>());
    }

    #[test]
    fn time_before_the_first_result_is_unknown() {
        let mut timeline = Timeline::EMPTY;
        timeline.set(60 * SECOND, Some(Status::Pass), 120 * SECOND);
        let [hour, day, week] = timeline.summaries(240 * SECOND);
        let known = Span { length: 59 * 60 * SECOND, pass: 60 * SECOND, warn: 0, fail: 0 };
        assert_eq!(hour.total, known);
        assert_eq!(day.total, Span { length: (23 * 60 + 4) * 60 * SECOND, ..known });
        assert_eq!(week.total, Span { length: (13 * 12 * 60 + 4) * 60 * SECOND, ..known });
        assert_eq!(hour.bars.len() + day.bars.len() + week.bars.len(), 50);
    }

    #[test]
    fn time_that_goes_back_changes_nothing() {
        let mut timeline = Timeline::EMPTY;
        timeline.set(10 * SECOND, Some(Status::Fail), 100 * SECOND);
        timeline.set(50 * SECOND, Some(Status::Warn), 100 * SECOND);
        timeline.set(20 * SECOND, Some(Status::Pass), 100 * SECOND);
        let [hour, ..] = timeline.summaries(60 * SECOND);
        assert_eq!((hour.total.fail, hour.total.pass), (40 * SECOND, 10 * SECOND));
    }
}
