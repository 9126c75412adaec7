//! Refusals of access as responses.

use axum::{
    http::{HeaderMap, header},
    response::Response,
};

use super::{answer::retry_after, problem::ProblemDetails};
use crate::access::Refusal;

/// Turns a refusal into a problem document.
pub(super) fn respond(refusal: &Refusal) -> Response {
    respond_with(refusal, problem(refusal))
}

/// Turns a refusal into a problem document for a client of OAuth 2.0, which reads `error` whatever the media type.
#[cfg(feature = "access-jwt")]
pub(super) fn respond_temporary(refusal: &Refusal) -> Response {
    respond_with(refusal, problem(refusal).with_error("temporarily_unavailable"))
}

pub(super) fn add_challenges(refusal: &Refusal, headers: &mut HeaderMap) {
    for challenge in refusal.challenges() {
        headers.append(header::WWW_AUTHENTICATE, challenge.clone());
    }
}

fn problem(refusal: &Refusal) -> ProblemDetails {
    ProblemDetails::refused(refusal.status(), refusal.detail())
}

fn respond_with(refusal: &Refusal, problem: ProblemDetails) -> Response {
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    add_challenges(refusal, headers);
    headers.extend(refusal.retry_after().map(|delay| (header::RETRY_AFTER, retry_after(delay))));
    response
}
