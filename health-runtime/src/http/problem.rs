//! Errors of the endpoint itself as `application/problem+json` (RFC 9457). A failing report is not an error.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde::Serialize;

use super::cached_response::{ALLOWED_METHODS, PROBLEM_JSON, insert_common, retry_after};
use crate::access::Refusal;

/// The reason why a request gets no report.
#[derive(Clone, Debug)]
pub(crate) struct ProblemDetails {
    status: StatusCode,
    detail: String,
    error: Option<&'static str>,
    /// The methods that the route has, if the request has another one.
    allowed_methods: Option<HeaderValue>,
}

#[derive(Serialize)]
pub(super) struct ProblemBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    /// Error code for a client of OAuth 2.0 that asks for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl ProblemDetails {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), error: None, allowed_methods: None }
    }

    /// Nothing exists at this path.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The query is not valid.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Too many clients ask for this.
    #[cfg(any(feature = "events", feature = "server"))]
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Reports can only be read.
    pub(crate) fn method_not_allowed(method: &Method) -> Self {
        let detail = format!("{method} is not a valid method for a health report; use GET, HEAD or OPTIONS");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, detail);
        Self { allowed_methods: Some(ALLOWED_METHODS), ..problem }
    }

    /// The route takes requests with a body alone.
    pub(super) fn not_a_post(detail: &str) -> Self {
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, detail);
        Self { allowed_methods: Some(HeaderValue::from_static("POST")), ..problem }
    }

    /// Access refuses this caller.
    pub(crate) fn refused(status: StatusCode, detail: &str) -> Self {
        Self::new(status, detail)
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        Self::refused(refusal.status(), refusal.detail())
    }

    /// Adds an error code of OAuth 2.0.
    #[cfg(feature = "access-jwt")]
    pub(crate) const fn with_error(mut self, error: &'static str) -> Self {
        self.error = Some(error);
        self
    }

    #[cfg(any(feature = "mcp", feature = "page"))]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Responds with JSON. With the feature `page` the response also carries the problem itself, which a page shows to people.
    pub(crate) fn into_response(self) -> Response {
        let body = ProblemBody {
            // With `about:blank` the title is the status code's own phrase (RFC 9457, section 4.2.1).
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            error: self.error,
        };
        // Strings and a number cannot fail to serialize.
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.extend(self.allowed_methods.clone().map(|methods| (header::ALLOW, methods)));
        insert_common(headers);
        #[cfg(feature = "page")]
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns a refusal of access into a problem document.
pub(super) fn refused(refusal: &Refusal) -> Response {
    refused_with(refusal, ProblemDetails::of_refusal(refusal))
}

/// Turns a refusal into a problem document for a client of OAuth 2.0, which reads `error` whatever the media type.
#[cfg(feature = "access-jwt")]
pub(super) fn refused_temporarily(refusal: &Refusal) -> Response {
    refused_with(refusal, ProblemDetails::of_refusal(refusal).with_error("temporarily_unavailable"))
}

pub(super) fn add_challenges(refusal: &Refusal, headers: &mut HeaderMap) {
    for challenge in refusal.challenges() {
        headers.append(header::WWW_AUTHENTICATE, challenge.clone());
    }
}

fn refused_with(refusal: &Refusal, problem: ProblemDetails) -> Response {
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    add_challenges(refusal, headers);
    headers.extend(refusal.retry_after().map(|delay| (header::RETRY_AFTER, retry_after(delay))));
    response
}
