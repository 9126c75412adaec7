use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

/// The methods that every route answers. `OPTIONS` is among them because it is what `HAProxy` sends by default.
pub(super) const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
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

    #[cfg(feature = "page")]
    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// Whether the client has this very answer already (RFC 9110, section 13.1.2). Only a success can be spared: a
    /// failing report is sent again, with its status.
    fn is_spared(&self, method: &Method, request: &HeaderMap) -> bool {
        let Some(tag) = self.headers.get(header::ETAG).filter(|_| self.status.is_success()) else { return false };
        matches!(*method, Method::GET | Method::HEAD)
            && request.get_all(header::IF_NONE_MATCH).iter().any(|line| {
                let tags = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                tags.map(|tag| tag.strip_prefix(b"W/").unwrap_or(tag)).any(|known| known == tag || known == b"*")
            })
    }

    /// The response to a request of this method and with these headers. The body of an answer to `HEAD` is dropped
    /// further out.
    pub(super) fn into_response(mut self, method: &Method, request: &HeaderMap) -> Response {
        if self.is_spared(method, request) {
            self.status = StatusCode::NOT_MODIFIED;
            self.headers.remove(header::CONTENT_TYPE);
            self.headers.remove(header::CONTENT_LENGTH);
            self.body = Bytes::new();
        }
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if method == Method::OPTIONS {
            response.headers_mut().insert(header::ALLOW, ALLOWED);
        }
        response
    }
}

/// What every answer says: a verdict is never to be stored, guessed at, or given to another caller.
pub(super) fn insert_common(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
}
