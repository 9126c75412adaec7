use std::{fmt, time::Duration};

use http::{HeaderValue, StatusCode};

#[cfg(feature = "access-jwt")]
use super::decision::Schemes;
use super::{
    audit::AUDIT,
    caller::Caller,
    decision::{Decision, DenyReason},
    refusals::RefusalReason,
};
use crate::{
    escape::escape_controls,
    log::{self, Topic},
};

/// Why a request gets no report. What it says to the caller is the same for all who are refused for one reason, whatever
/// they asked for.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(super) why: RefusalReason,
    challenges: Vec<HeaderValue>,
    retry_after: Option<Duration>,
    /// For the audit.
    who: Option<String>,
    because: Option<&'static str>,
}

impl Refusal {
    /// What several policies together say no with.
    pub(super) fn of(no: Decision) -> Self {
        let challenges: Vec<HeaderValue> =
            no.challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()).collect();
        let why = match no.denial {
            Some(DenyReason::Unavailable) => RefusalReason::Unavailable,
            // 401 without a challenge is none (RFC 9110, section 15.5.2).
            Some(DenyReason::Missing | DenyReason::Rejected) if challenges.is_empty() => RefusalReason::Forbidden,
            Some(DenyReason::Rejected) => RefusalReason::Rejected,
            Some(DenyReason::Missing) => RefusalReason::Unauthenticated,
            // Some policy let the caller in, and not to this.
            Some(DenyReason::Forbidden) | None => RefusalReason::Forbidden,
        };
        let challenges = match why.status() {
            StatusCode::UNAUTHORIZED => challenges,
            // RFC 6750, section 3.
            #[cfg(feature = "access-jwt")]
            StatusCode::FORBIDDEN if !no.accepted.and(Schemes::BEARER).is_empty() => {
                vec![HeaderValue::from_static(r#"Bearer realm="health", error="insufficient_scope""#)]
            }
            _ => Vec::new(),
        };
        let retry_after = (why == RefusalReason::Unavailable).then_some(Duration::from_secs(1));
        Self { why, challenges, retry_after, who: no.who, because: no.because }
    }

    pub(super) fn limited(retry_after: Duration, because: &'static str) -> Self {
        let retry_after = Some(retry_after);
        Self { why: RefusalReason::Limited, challenges: Vec::new(), retry_after, who: None, because: Some(because) }
    }

    /// One event for each refusal, with what an operator needs to know and nothing that the caller sent but its address
    /// and the route.
    pub(super) fn log(&self, caller: &Caller, route: &impl fmt::Display) {
        // A proxy that does not tell its client.
        let peer = caller.peer().filter(|_| caller.address().is_none());
        let (address, method, route) = (caller.address(), caller.method().to_owned(), route.to_string());
        let who = self.who.as_deref().map(|who| escape_controls(who).into_owned());
        let (why, because) = (self.why, self.because);
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: AUDIT,
                    $level,
                    address = address.map(tracing::field::display),
                    peer = peer.map(tracing::field::display),
                    who,
                    method,
                    route,
                    why = why.as_str(),
                    because,
                    status = why.status().as_u16(),
                    "access refused"
                )
            };
        }
        log::write(Topic::Access, move || {
            // Every client does this that waits to be asked for its password.
            if why == RefusalReason::Unauthenticated {
                event!(tracing::Level::INFO);
            } else {
                event!(tracing::Level::WARN);
            }
        });
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.why.status()
    }

    /// Returns the explanation for the caller: the same for all that are refused for one reason.
    pub(crate) const fn detail(&self) -> &'static str {
        self.why.detail()
    }

    /// Returns the values of `WWW-Authenticate`.
    pub(crate) fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }

    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
