use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

/// The kinds of refusals, as they are counted. The order is the one in which the audit names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusalReason {
    Unauthenticated,
    Rejected,
    Forbidden,
    Unavailable,
    Limited,
}

impl RefusalReason {
    pub(super) const COUNT: usize = 5;

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Rejected => "rejected",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
            Self::Limited => "limited",
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::Rejected => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Limited => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Unauthenticated => "this needs credentials",
            Self::Rejected => "these credentials are not accepted",
            Self::Forbidden => "this caller may not see this",
            Self::Unavailable => "whether this caller may see this could not be decided",
            Self::Limited => "too many requests of this address; try again later",
        }
    }
}

/// How many requests were refused since the start, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusalCounts {
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
impl RefusalCounts {
    /// The same with each reason as the audit calls it.
    pub(crate) const fn by_reason(self) -> [(&'static str, u64); 5] {
        let Self { unauthenticated, rejected, forbidden, unavailable, limited } = self;
        [
            (RefusalReason::Unauthenticated.as_str(), unauthenticated),
            (RefusalReason::Rejected.as_str(), rejected),
            (RefusalReason::Forbidden.as_str(), forbidden),
            (RefusalReason::Unavailable.as_str(), unavailable),
            (RefusalReason::Limited.as_str(), limited),
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
    pub(super) fn count(&self, why: RefusalReason) {
        let counter = match why {
            RefusalReason::Unauthenticated => &self.unauthenticated,
            RefusalReason::Rejected => &self.rejected,
            RefusalReason::Forbidden => &self.forbidden,
            RefusalReason::Unavailable => &self.unavailable,
            RefusalReason::Limited => &self.limited,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> RefusalCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RefusalCounts {
            unauthenticated: read(&self.unauthenticated),
            rejected: read(&self.rejected),
            forbidden: read(&self.forbidden),
            unavailable: read(&self.unavailable),
            limited: read(&self.limited),
        }
    }
}
