use std::sync::atomic::{AtomicU64, Ordering};

use super::refusal::Why;

/// How many requests were refused since the start, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusals {
    /// They brought no credentials: 401.
    pub unauthenticated: u64,
    /// Their credentials were wrong: 401.
    pub rejected: u64,
    /// Their caller may not: 403.
    pub forbidden: u64,
    /// A policy could not decide: 503.
    pub unavailable: u64,
    /// There were too many of their address: 429.
    pub limited: u64,
}

#[cfg(feature = "metrics")]
impl Refusals {
    /// The same with each reason as the audit calls it.
    pub(in crate::http) const fn by_reason(self) -> [(&'static str, u64); 5] {
        let Self { unauthenticated, rejected, forbidden, unavailable, limited } = self;
        [
            (Why::Unauthenticated.as_str(), unauthenticated),
            (Why::Rejected.as_str(), rejected),
            (Why::Forbidden.as_str(), forbidden),
            (Why::Unavailable.as_str(), unavailable),
            (Why::Limited.as_str(), limited),
        ]
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    unauthenticated: AtomicU64,
    rejected: AtomicU64,
    forbidden: AtomicU64,
    unavailable: AtomicU64,
    limited: AtomicU64,
}

impl Counters {
    pub(super) fn count(&self, why: Why) {
        let counter = match why {
            Why::Unauthenticated => &self.unauthenticated,
            Why::Rejected => &self.rejected,
            Why::Forbidden => &self.forbidden,
            Why::Unavailable => &self.unavailable,
            Why::Limited => &self.limited,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Refusals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Refusals {
            unauthenticated: read(&self.unauthenticated),
            rejected: read(&self.rejected),
            forbidden: read(&self.forbidden),
            unavailable: read(&self.unavailable),
            limited: read(&self.limited),
        }
    }
}
