use std::{fmt, time::Duration};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

#[cfg(feature = "jwt")]
use super::decision::Schemes;
use super::{
    audit::AUDIT,
    caller::Caller,
    decision::{Decision, Denial},
};
use crate::http::{answer::retry_after, problem::ProblemDetails};

/// Why a request gets no report. What it says to the caller is the same for all who are refused for one reason, whatever
/// they asked for.
#[derive(Debug)]
pub(in crate::http) struct Refusal {
    pub(super) why: Why,
    challenges: Vec<HeaderValue>,
    retry_after: Option<Duration>,
    /// For the audit.
    who: Option<String>,
    because: Option<&'static str>,
}

/// The kinds of refusals, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Unauthenticated,
    Rejected,
    Forbidden,
    Unavailable,
    Limited,
}

impl Why {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Rejected => "rejected",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
            Self::Limited => "limited",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::Rejected => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Limited => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Unauthenticated => "this needs credentials",
            Self::Rejected => "these credentials are not accepted",
            Self::Forbidden => "this caller may not see this",
            Self::Unavailable => "whether this caller may see this could not be decided",
            Self::Limited => "too many requests of this address; try again later",
        }
    }
}

impl Refusal {
    /// What several policies together say no with.
    pub(super) fn of(no: Decision) -> Self {
        let challenges: Vec<HeaderValue> =
            no.challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()).collect();
        let why = match no.denial {
            Some(Denial::Unavailable) => Why::Unavailable,
            // 401 without a challenge is none (RFC 9110, section 15.5.2).
            Some(Denial::Missing | Denial::Rejected) if challenges.is_empty() => Why::Forbidden,
            Some(Denial::Rejected) => Why::Rejected,
            Some(Denial::Missing) => Why::Unauthenticated,
            // Some policy let the caller in, and not to this.
            Some(Denial::Forbidden) | None => Why::Forbidden,
        };
        let challenges = match why.status() {
            StatusCode::UNAUTHORIZED => challenges,
            // RFC 6750, section 3.
            #[cfg(feature = "jwt")]
            StatusCode::FORBIDDEN if !no.accepted.and(Schemes::BEARER).is_empty() => {
                vec![HeaderValue::from_static(r#"Bearer realm="health", error="insufficient_scope""#)]
            }
            _ => Vec::new(),
        };
        let retry_after = (why == Why::Unavailable).then_some(Duration::from_secs(1));
        Self { why, challenges, retry_after, who: no.who, because: no.because }
    }

    pub(super) fn limited(retry_after: Duration, because: &'static str) -> Self {
        let retry_after = Some(retry_after);
        Self { why: Why::Limited, challenges: Vec::new(), retry_after, who: None, because: Some(because) }
    }

    /// One event for each refusal, with what an operator needs to know and nothing that the caller sent but its address
    /// and the route.
    pub(super) fn log(&self, caller: &Caller, route: &impl fmt::Display) {
        // A proxy that does not tell its client.
        let peer = caller.peer().filter(|_| caller.address().is_none());
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: AUDIT,
                    $level,
                    address = caller.address().map(tracing::field::display),
                    peer = peer.map(tracing::field::display),
                    who = self.who.as_deref(),
                    method = caller.method(),
                    route = %route,
                    why = self.why.as_str(),
                    because = self.because,
                    status = self.why.status().as_u16(),
                    "access refused"
                )
            };
        }
        // What every client does that waits to be asked for its password.
        if self.why == Why::Unauthenticated {
            event!(tracing::Level::INFO);
        } else {
            event!(tracing::Level::WARN);
        }
    }

    #[cfg(feature = "jwt")]
    pub(in crate::http) const fn status(&self) -> StatusCode {
        self.why.status()
    }

    pub(in crate::http) fn add_challenges(&self, headers: &mut HeaderMap) {
        for challenge in &self.challenges {
            headers.append(header::WWW_AUTHENTICATE, challenge.clone());
        }
    }

    pub(in crate::http) fn into_response(self) -> Response {
        let mut response = ProblemDetails::refused(self.why.status(), self.why.detail()).into_response();
        let headers = response.headers_mut();
        self.add_challenges(headers);
        headers.extend(self.retry_after.map(|time| (header::RETRY_AFTER, retry_after(time))));
        response
    }
}
