//! The OpenAPI document as it is sent.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa::openapi::OpenApi;

use super::{
    answer::{Answer, JSON},
    etag, openapi,
};

/// The document, made once.
pub(super) struct OpenApiAnswer {
    document: OpenApi,
    /// For clients that see the paths as they are, which are most.
    ready: Answer,
    tag: HeaderValue,
}

impl std::fmt::Debug for OpenApiAnswer {
    /// Without the document, which has no `Debug` and would fill pages.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenApiAnswer").field("tag", &self.tag).finish_non_exhaustive()
    }
}

impl OpenApiAnswer {
    pub(super) fn new(document: OpenApi) -> Self {
        let (ready, tag) = send(&document);
        Self { document, ready, tag }
    }

    /// For a client that sees the paths behind this prefix, which may be empty.
    pub(super) fn to(&self, headers: &HeaderMap, prefix: &str) -> Answer {
        if prefix.is_empty() {
            return if etag::is_known(&self.tag, headers) { unchanged(&self.tag) } else { self.ready.clone() };
        }
        // Not kept: a prefix may come from the client.
        let (answer, tag) = send(&openapi::behind(self.document.clone(), prefix));
        if etag::is_known(&tag, headers) { unchanged(&tag) } else { answer }
    }
}

fn send(document: &OpenApi) -> (Answer, HeaderValue) {
    // It has string keys only and cannot fail to serialize.
    let body = serde_json::to_vec(document).unwrap_or_default();
    let tag = etag::of(&body);
    (Answer::new(StatusCode::OK, JSON, None, body).with_headers(|headers| insert(headers, &tag)), tag)
}

/// Without a length, which would be that of the document (RFC 9110, section 8.6).
fn unchanged(tag: &HeaderValue) -> Answer {
    Answer::new(StatusCode::NOT_MODIFIED, JSON, None, Vec::new()).with_headers(|headers| {
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::CONTENT_TYPE);
        insert(headers, tag);
    })
}

/// It may be kept, and is asked about before it is used: it changes with the service.
fn insert(headers: &mut HeaderMap, tag: &HeaderValue) {
    headers.insert(header::ETAG, tag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}
