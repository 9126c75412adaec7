use std::{collections::BTreeSet, time::Duration};

#[cfg(any(feature = "openapi", feature = "page"))]
use super::etag;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

/// The methods that every route answers. `OPTIONS` is among them because it is what `HAProxy` sends by default.
pub(super) const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
#[cfg(feature = "haproxy-agent")]
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(super) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A finished answer, cheap to clone, whatever asked for it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: StatusCode,
    /// Made once, with all that axum would add for each response.
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// `retry_after` says when asking again can bring news, on a 503.
    pub(super) fn new(
        status: StatusCode,
        content_type: HeaderValue,
        retry_after: Option<HeaderValue>,
        body: Vec<u8>,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        headers.extend(retry_after.map(|retry_after| (header::RETRY_AFTER, retry_after)));
        insert_common(&mut headers);
        Self { status, headers, body: Bytes::from(body) }
    }

    /// Adds to its headers.
    pub(super) fn with_headers(mut self, insert: impl FnOnce(&mut HeaderMap)) -> Self {
        insert(&mut self.headers);
        self
    }

    /// The same body for who asks for no verdict.
    #[cfg(feature = "page")]
    pub(super) fn without_verdict(mut self) -> Self {
        self.status = StatusCode::OK;
        self.headers.remove(header::RETRY_AFTER);
        self
    }

    #[cfg(feature = "page")]
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the client has this very answer already. Only a success can be spared: a failing report is sent again, with
    /// its status.
    #[cfg(any(feature = "openapi", feature = "page"))]
    fn is_spared(&self, method: &Method, request: &HeaderMap) -> bool {
        let is_read = matches!(*method, Method::GET | Method::HEAD) && self.status.is_success();
        is_read && self.headers.get(header::ETAG).is_some_and(|tag| etag::is_known(tag, request))
    }

    /// Without a length, which would be that of what is spared (RFC 9110, section 8.6).
    #[cfg(any(feature = "openapi", feature = "page"))]
    fn spared(mut self) -> Self {
        self.status = StatusCode::NOT_MODIFIED;
        self.headers.remove(header::CONTENT_TYPE);
        self.headers.remove(header::CONTENT_LENGTH);
        self.body = Bytes::new();
        self
    }

    /// The response to a request of this method and with these headers. The body of an answer to `HEAD` is dropped
    /// further out.
    #[cfg_attr(
        not(any(feature = "openapi", feature = "page")),
        allow(unused_variables, reason = "only what those two answer can be spared")
    )]
    pub(super) fn into_response(self, method: &Method, request: &HeaderMap) -> Response {
        #[cfg(any(feature = "openapi", feature = "page"))]
        let this = if self.is_spared(method, request) { self.spared() } else { self };
        #[cfg(not(any(feature = "openapi", feature = "page")))]
        let this = self;
        let mut response = Response::new(Body::from(this.body));
        *response.status_mut() = this.status;
        *response.headers_mut() = this.headers;
        if method == Method::OPTIONS {
            response.headers_mut().insert(header::ALLOW, ALLOWED);
        }
        response
    }
}

/// A value for `Retry-After`: in whole seconds, rounded up, and never "at once".
pub(super) fn retry_after(time: Duration) -> HeaderValue {
    HeaderValue::from(time.saturating_add(Duration::from_millis(999)).as_secs().max(1))
}

/// The request headers that select a format, and the credentials. Browsers are told from programs by `Sec-Fetch-Mode`.
/// Policies may read others.
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

/// What every answer says: a verdict is never to be stored, guessed at, or given to another caller.
pub(super) fn insert_common(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
}
