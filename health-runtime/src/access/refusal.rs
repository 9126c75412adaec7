use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use http::{HeaderValue, StatusCode};

use super::{
    caller::Caller,
    decision::{Decision, DenyReason},
};
use crate::{
    log::{self, Topic},
    text::escape_controls,
};

/// The target of the audit events.
pub(super) const AUDIT_TARGET: &str = "health_runtime::access";

/// A refused request. Its response is the same for all requests with this reason, whatever they asked for; but a caller
/// that may run a check learns that it may not operate it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(super) reason: RefusalReason,
    challenges: Vec<HeaderValue>,
    retry_after: Option<Duration>,
    /// The caller's identity, for the audit.
    caller: Option<String>,
    explanation: Option<&'static str>,
    /// The explanation for the caller.
    detail: &'static str,
}

impl Refusal {
    /// Makes the refusal of a combined decision.
    pub(super) fn from_denial(no: Decision) -> Self {
        let challenges: Vec<HeaderValue> =
            no.challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()).collect();
        let reason = match no.denial {
            Some(DenyReason::Unavailable) => RefusalReason::Unavailable,
            // 401 needs a challenge (RFC 9110, section 15.5.2).
            Some(DenyReason::Missing | DenyReason::Rejected) if challenges.is_empty() => RefusalReason::Forbidden,
            Some(DenyReason::Rejected) => RefusalReason::Rejected,
            Some(DenyReason::Missing) => RefusalReason::Unauthenticated,
            // Some policy admitted the caller, but not to this.
            Some(DenyReason::Forbidden) | None => RefusalReason::Forbidden,
        };
        let challenges = match reason.status() {
            StatusCode::UNAUTHORIZED => challenges,
            StatusCode::FORBIDDEN => no.accepted.forbidden_challenges().map(HeaderValue::from_static).collect(),
            _ => Vec::new(),
        };
        let retry_after = (reason == RefusalReason::Unavailable).then_some(Duration::from_secs(1));
        let (caller, explanation) = (no.caller, no.explanation);
        Self { reason, challenges, retry_after, caller, explanation, detail: reason.detail() }
    }

    /// Makes the refusal of a caller that may run a check and may not operate it.
    pub(super) fn without_right(self) -> Self {
        let explanation = self.explanation.or(Some("no right to operate checks"));
        let is_forbidden = self.reason == RefusalReason::Forbidden;
        let detail = if is_forbidden { "this caller may not operate this check" } else { self.detail };
        Self { explanation, detail, ..self }
    }

    pub(super) fn limited(retry_after: Duration, explanation: &'static str) -> Self {
        let retry_after = Some(retry_after);
        Self {
            reason: RefusalReason::Limited,
            challenges: Vec::new(),
            retry_after,
            caller: None,
            explanation: Some(explanation),
            detail: RefusalReason::Limited.detail(),
        }
    }

    /// Logs one event for the refusal. It holds nothing that the caller sent except its address and the route.
    pub(super) fn log(&self, caller: &Caller, route: &impl fmt::Display) {
        // The peer is a proxy that does not report the client.
        let peer = caller.peer().filter(|_| caller.address().is_none());
        let (address, method, route) = (caller.address(), caller.method().to_owned(), route.to_string());
        let name = self.caller.as_deref().map(|name| escape_controls(name).into_owned());
        let (reason, explanation) = (self.reason, self.explanation);
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: AUDIT_TARGET,
                    $level,
                    address = address.map(tracing::field::display),
                    peer = peer.map(tracing::field::display),
                    caller = name,
                    method,
                    route,
                    reason = reason.as_str(),
                    explanation,
                    status = reason.status().as_u16(),
                    "access refused"
                )
            };
        }
        log::write(Topic::Access, move || {
            // Normal for clients that wait for the challenge before they ask for a password.
            if reason == RefusalReason::Unauthenticated {
                event!(tracing::Level::INFO);
            } else {
                event!(tracing::Level::WARN);
            }
        });
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.reason.status()
    }

    /// Returns the explanation for the caller.
    pub(crate) const fn detail(&self) -> &'static str {
        self.detail
    }

    /// Returns the values of `WWW-Authenticate`.
    pub(crate) fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }

    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// The reason for a refusal. The order is that of the counts in audit events.
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
            Self::Unavailable => "the access decision is not possible now",
            Self::Limited => "too many requests from this address; try again later",
        }
    }
}

/// Numbers of refused requests since the start, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusalCounts {
    /// Requests without credentials: 401.
    pub unauthenticated: u64,
    /// Requests with wrong credentials: 401.
    pub rejected: u64,
    /// Requests of callers that have no permission: 403.
    pub forbidden: u64,
    /// Requests on which a policy could not decide: 503.
    pub unavailable: u64,
    /// Requests beyond the limits of their address: 429.
    pub limited: u64,
}

#[cfg(feature = "metrics")]
impl RefusalCounts {
    /// Returns the numbers with the names that the audit uses.
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

/// Counters of refused requests.
#[derive(Debug, Default)]
pub(super) struct RefusalCounters {
    unauthenticated: AtomicU64,
    rejected: AtomicU64,
    forbidden: AtomicU64,
    unavailable: AtomicU64,
    limited: AtomicU64,
}

impl RefusalCounters {
    pub(super) fn count(&self, reason: RefusalReason) {
        let counter = match reason {
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
