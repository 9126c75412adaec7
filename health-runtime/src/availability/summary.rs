//! Availability over the windows, for answers.

use std::time::{Duration, SystemTime};

use super::{Millis, latency::Latency};

/// Length of the shortest bars, in milliseconds. Longer ones are sums of these.
pub(super) const BAR_MILLIS: Millis = 5 * 60 * 1000;

/// A span of time that ends now. It begins with a bar, so it is up to a bar shorter than its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    Hour,
    Day,
    Week,
}

impl Window {
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    #[cfg(feature = "page")]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// Number of bars, with the current one.
    pub(super) const fn bar_count(self) -> usize {
        match self {
            Self::Hour => 12,
            Self::Day => 24,
            Self::Week => 14,
        }
    }

    /// Number of the shortest bars in a bar: a bar takes 5 minutes, 1 hour or 12 hours.
    pub(super) const fn shortest_bars(self) -> u64 {
        match self {
            Self::Hour => 1,
            Self::Day => 12,
            Self::Week => 144,
        }
    }

    /// Number of the bars in all windows.
    pub(super) const TOTAL_BARS: usize = Self::Week.first_bucket() + Self::Week.bar_count();

    /// Number of the bars in shorter windows.
    pub(super) const fn first_bucket(self) -> usize {
        match self {
            Self::Hour => 0,
            Self::Day => Self::Hour.bar_count(),
            Self::Week => Self::Hour.bar_count() + Self::Day.bar_count(),
        }
    }

    /// Length of a bar.
    pub(crate) const fn bar_length(self) -> Duration {
        Duration::from_millis(self.shortest_bars() * BAR_MILLIS)
    }
}

/// The end of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowEnd {
    Now,
    /// The time of the latest result, for a response that is stored until the next one.
    #[cfg_attr(not(feature = "page"), allow(dead_code, reason = "pages alone are stored"))]
    LatestResult,
}

/// A span of time, in milliseconds, with the time in each status. The rest of it is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) length: Millis,
    pub(crate) pass: Millis,
    pub(crate) warn: Millis,
    pub(crate) fail: Millis,
}

impl Span {
    pub(crate) const fn known(self) -> Millis {
        self.pass + self.warn + self.fail
    }

    pub(crate) const fn unknown(self) -> Millis {
        self.length.saturating_sub(self.known())
    }

    /// Returns the share of the known time without a failure; `None` if nothing is known.
    pub(crate) fn available(self) -> Option<f64> {
        (self.known() > 0).then(|| share(self.pass + self.warn, self.known()))
    }

    /// Returns the share of the time about which something is known, rounded down.
    pub(crate) fn known_share(self) -> f64 {
        share(self.known(), self.length)
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            length: self.length + other.length,
            pass: self.pass + other.pass,
            warn: self.warn + other.warn,
            fail: self.fail + other.fail,
        }
    }
}

/// Returns a share, rounded down to six decimals: a failure is never rounded away.
fn share(part: Millis, whole: Millis) -> f64 {
    let millionths = u128::from(part) * 1_000_000 / u128::from(whole.max(1));
    f64::from(u32::try_from(millionths).unwrap_or(u32::MAX)) / 1e6
}

/// The availability in a window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowSummary {
    pub(crate) window: Window,
    pub(crate) total: Span,
    /// The oldest first. The last one has begun, and may have no length.
    pub(crate) bars: Vec<Span>,
    /// `None` without a run.
    pub(crate) latency: Option<Latency>,
}

/// The availability of a check or a level in all windows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Availability {
    /// End of the windows, on the wall clock.
    pub(crate) until: SystemTime,
    pub(crate) windows: [WindowSummary; 3],
}

impl Availability {
    /// Returns the time on the wall clock so long before the end.
    pub(crate) fn before_end(&self, millis: Millis) -> SystemTime {
        self.until.checked_sub(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl WindowSummary {
    /// Returns the time from the beginning of a bar to the end of the window.
    #[cfg(feature = "page")]
    pub(crate) fn millis_from(&self, bar: usize) -> Millis {
        self.bars.iter().skip(bar).map(|bar| bar.length).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_is_never_rounded_away() {
        let week = 7 * 24 * 3_600_000;
        let span = Span { length: week, pass: week - 1, warn: 0, fail: 1 };
        assert_eq!(span.available(), Some(0.999_999));
        assert_eq!(Span { fail: 0, pass: week, ..span }.available(), Some(1.0));
        assert_eq!(Span { length: week, ..Span::default() }.available(), None);
        assert_eq!(Span { length: week, ..Span::default() }.unknown(), week);
    }
}
