//! Requests that bring a body: the checks of their head, which cost nothing, and the body, which is read last.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use tokio::time::timeout;

use super::{peer::host, problem::ProblemDetails};

const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Header in which browsers say where a request comes from (Fetch Metadata). No page can change it.
const FETCH_SITE: &str = "sec-fetch-site";

/// The web pages that may send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllowedPages {
    /// No page: an equal `Host` proves nothing where no credentials are needed, because a page that rebinds its name to
    /// this address sends its own name in both.
    #[cfg_attr(not(feature = "mcp"), allow(dead_code, reason = "only agents send requests of this kind"))]
    None,
    /// Pages of the same origin.
    SameOrigin,
}

/// The reason why a body is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// Its declared length is too long.
    TooLong,
    /// It was not complete in time, or turned out too long.
    Unreadable,
}

/// Refuses methods other than `POST`.
pub(super) fn check_method(method: &Method, detail: &str) -> Result<(), ProblemDetails> {
    if method == Method::POST { Ok(()) } else { Err(ProblemDetails::not_a_post(detail)) }
}

/// Refuses a request of a page that may not send it, and one that does not say that its body is JSON, which a form of
/// another site could send.
pub(super) fn check_json(parts: &Parts, pages: AllowedPages) -> Result<(), ProblemDetails> {
    let is_allowed = match pages {
        AllowedPages::None => !parts.headers.contains_key(header::ORIGIN),
        AllowedPages::SameOrigin => is_same_origin(&parts.headers, host(parts)),
    };
    if !is_allowed {
        let detail = match pages {
            AllowedPages::None => "requests of web pages are not allowed; a program sends no `Origin`",
            AllowedPages::SameOrigin => {
                "requests of other web sites are not allowed; send it from a page of this service, or without `Origin`"
            }
        };
        return Err(ProblemDetails::refused(StatusCode::FORBIDDEN, detail));
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "the `Content-Type` must be `application/json`";
        return Err(ProblemDetails::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(())
}

/// Returns whether a request comes from a page of the same origin, or from no page. A proxy may change `Host`, so the
/// browser's own word counts first; browsers say nothing of that kind over plain HTTP.
fn is_same_origin(headers: &HeaderMap, host: Option<&str>) -> bool {
    let mut sites = headers.get_all(FETCH_SITE).iter();
    if let Some(site) = sites.next() {
        return sites.next().is_none() && (site == "same-origin" || site == "none");
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    let is_own = authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host));
    is_own && origins.next().is_none()
}

/// Reads a body, in five seconds at most. To be called after access was decided.
pub(super) async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes, BodyFault> {
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(BodyFault::TooLong);
    }
    let read = timeout(BODY_TIMEOUT, to_bytes(body, max_bytes)).await;
    read.ok().and_then(Result::ok).ok_or(BodyFault::Unreadable)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn pages_of_other_origins_are_found() {
        let is_allowed = |values: &[(&'static str, &'static str)]| {
            let header = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            is_same_origin(&values.iter().map(header).collect(), Some("ops.example:8080"))
        };
        for (values, allowed) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://a.proxy")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://ops.example:8080")], false),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("origin", "http://ops.example:8080")], true),
            (&[("origin", "https://OPS.example:8080")], true),
            (&[("origin", "http://ops.example")], false),
            (&[("origin", "http://ops.example:8080.evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
            (&[("origin", "http://ops.example:8080"), ("origin", "http://evil.example")], false),
        ] {
            assert_eq!(is_allowed(values), allowed, "{values:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://ops.example"));
        assert!(!is_same_origin(&headers, None), "nothing to compare with");
    }
}
