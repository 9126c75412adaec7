//! Finished responses, cheap to clone.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts},
    response::Response,
};

/// The methods of every route that reads. `OPTIONS` is among them because `HAProxy` probes with it by default.
pub(super) const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A response that may be sent many times.
#[derive(Clone, Debug)]
pub(super) struct CachedResponse {
    status: StatusCode,
    /// Complete, with the headers that axum would otherwise add to each response.
    headers: HeaderMap,
    /// Also among the headers; few responses have one.
    etag: Option<HeaderValue>,
    body: Bytes,
}

impl CachedResponse {
    pub(super) fn new(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        insert_common(&mut headers);
        Self { status, headers, etag: None, body: Bytes::from(body) }
    }

    /// Adds headers.
    pub(super) fn with_headers(mut self, insert: impl FnOnce(&mut HeaderMap)) -> Self {
        insert(&mut self.headers);
        self
    }

    /// Adds a `Retry-After`.
    pub(super) fn with_retry_after(mut self, time: Duration) -> Self {
        self.headers.insert(header::RETRY_AFTER, retry_after(time));
        self
    }

    /// Adds an `ETag`, so that a client that has the body already gets 304.
    #[cfg(any(feature = "openapi", feature = "page"))]
    pub(super) fn with_etag(mut self) -> Self {
        let etag = etag(&self.body);
        self.headers.insert(header::ETAG, etag.clone());
        self.etag = Some(etag);
        self
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns whether the client has the body already. A failing report is always sent again, with its status.
    fn is_known_to(&self, request: &Parts) -> bool {
        let Some(etag) = &self.etag else { return false };
        let is_read = matches!(request.method, Method::GET | Method::HEAD) && self.status.is_success();
        is_read && matches_etag(etag, &request.headers)
    }

    /// Answers 304, without a length: it would be that of the body which is left out (RFC 9110, section 8.6).
    fn not_modified(mut self) -> Self {
        self.status = StatusCode::NOT_MODIFIED;
        self.headers.remove(header::CONTENT_TYPE);
        self.headers.remove(header::CONTENT_LENGTH);
        self.body = Bytes::new();
        self
    }

    /// Makes the response to a request. The server drops the body of a response to `HEAD`.
    pub(super) fn into_response(self, request: &Parts) -> Response {
        let this = if self.is_known_to(request) { self.not_modified() } else { self };
        let mut response = Response::new(Body::from(this.body));
        *response.status_mut() = this.status;
        *response.headers_mut() = this.headers;
        if request.method == Method::OPTIONS {
            response.headers_mut().insert(header::ALLOW, ALLOWED_METHODS);
        }
        response
    }
}

/// Returns a request of the same method and the same conditions, which are all that a response depends on: one that waits
/// holds neither the headers of the whole request nor the connection's buffer behind them.
pub(super) fn conditions(request: &Parts) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = request.method.clone();
    for value in request.headers.get_all(header::IF_NONE_MATCH) {
        // A copy, because a clone has the buffer, too.
        parts.headers.extend(HeaderValue::from_bytes(value.as_bytes()).map(|value| (header::IF_NONE_MATCH, value)));
    }
    parts
}

/// Returns a value for `Retry-After`: whole seconds, rounded up, at least one.
pub(super) fn retry_after(time: Duration) -> HeaderValue {
    HeaderValue::from(time.saturating_add(Duration::from_millis(999)).as_secs().max(1))
}

/// The request headers that select a format, and the credentials. `Sec-Fetch-Mode` distinguishes browsers from
/// programs. Policies may read others.
const VARY: &str =
    if cfg!(feature = "page") { "accept, authorization, sec-fetch-mode" } else { "accept, authorization" };

/// Returns the value of `Vary` where policies read these headers, so that no cache gives one caller the answer of
/// another. `None` for the common value.
pub(super) fn vary(headers: &BTreeSet<&'static str>) -> Option<HeaderValue> {
    let common: Vec<&str> = VARY.split(", ").collect();
    let own: Vec<&str> = headers.iter().copied().filter(|name| !common.contains(name)).collect();
    if own.is_empty() {
        return None;
    }
    let list = [common, own].concat().join(", ");
    // A user's policy may name a header that cannot exist.
    Some(HeaderValue::from_str(&list).unwrap_or(HeaderValue::from_static("*")))
}

/// Inserts the headers of every response: no cache may store a verdict, guess at its type, or give it to another caller.
pub(super) fn insert_common(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
}

/// Computes a strong validator (RFC 9110, section 8.8): the same in every process of one build. Two bodies share one with a
/// probability of 1 in 2^64.
#[cfg(any(feature = "openapi", feature = "page"))]
fn etag(bytes: &[u8]) -> HeaderValue {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    let tag = format!("\"{:016x}\"", hasher.finish());
    // Hexadecimal digits in quotes are a valid value; an empty one would match nothing.
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Returns whether `If-None-Match` names the validator. Validators are compared weakly (section 13.1.2), because a proxy
/// that compresses makes weak ones of ours.
fn matches_etag(tag: &HeaderValue, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    // Our validator holds no comma. A foreign one with a comma is read as two validators, and neither equals ours.
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

#[cfg(all(test, any(feature = "openapi", feature = "page")))]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_is_a_list() {
        let tag = etag(b"document");
        let text = tag.to_str().expect("text");
        assert_eq!(tag, etag(b"document"));
        assert_ne!(tag, etag(b"documenu"));
        let known = |lines: &[&str]| {
            let lines = lines.iter().map(|line| (header::IF_NONE_MATCH, HeaderValue::from_str(line).expect("a value")));
            matches_etag(&tag, &lines.collect())
        };
        assert!(known(&[text]) && known(&["*"]) && known(&[&format!("\"a,b\" , W/{text}")]) && known(&["\"x\"", text]));
        assert!(!known(&[]) && !known(&[""]) && !known(&["\"x\"", &text[1..]]) && !known(&[&format!("w/{text}")]));
    }
}
