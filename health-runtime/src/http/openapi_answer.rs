//! The OpenAPI document as it is sent.

use axum::http::{HeaderValue, StatusCode, header};
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
}

impl std::fmt::Debug for OpenApiAnswer {
    /// Without the document, which has no `Debug` and would fill pages.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenApiAnswer").finish_non_exhaustive()
    }
}

impl OpenApiAnswer {
    pub(super) fn new(document: OpenApi) -> Self {
        let ready = answer(&document);
        Self { document, ready }
    }

    /// For a client that sees the paths behind this prefix, which may be empty.
    pub(super) fn behind(&self, prefix: &str) -> Answer {
        // Another one is not kept: a prefix may come from the client.
        if prefix.is_empty() { self.ready.clone() } else { answer(&openapi::behind(self.document.clone(), prefix)) }
    }
}

/// It may be kept, and is asked about before it is used: it changes with the service.
fn answer(document: &OpenApi) -> Answer {
    // It has string keys only and cannot fail to serialize.
    let body = serde_json::to_vec(document).unwrap_or_default();
    let tag = etag::of(&body);
    Answer::new(StatusCode::OK, JSON, None, body).with_headers(|headers| {
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    })
}
