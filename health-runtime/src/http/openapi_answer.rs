//! The OpenAPI document as it is sent.

use axum::http::{HeaderValue, StatusCode, header, request::Parts};

use super::peer::original_uri;
use super::{
    answer::{Answer, JSON},
    etag,
    handler::Service,
    openapi::{self, Described, Document, Version},
    problem::ProblemDetails,
};

impl Service {
    /// The document, with paths as this client sees them and in the version that it asks for.
    pub(super) fn openapi(&self, request: &Parts) -> Result<Answer, ProblemDetails> {
        let version = Version::parse(request.uri.query())?;
        let prefix = self.paths.prefix(original_uri(request));
        if prefix.is_empty() && version == Version::default() {
            return Ok(self.openapi.get_or_init(|| self.describe(version, prefix)).clone());
        }
        // Not stored: a prefix may come from the client.
        Ok(self.describe(version, prefix))
    }

    fn describe(&self, version: Version, prefix: &str) -> Answer {
        let described = Described {
            paths: &self.paths,
            codes: &self.status_codes.all(),
            checks: &self.monitor.checks().collect::<Vec<_>>(),
            build: self.build_info.as_ref(),
            authorizer: self.authorizer.as_deref(),
        };
        // Under access rules not everybody may see it.
        let caching = if self.authorizer.is_some() { "private, no-cache" } else { "no-cache" };
        answer(&openapi::document(described, version, prefix), caching)
    }
}

/// It may be kept, and is asked about before it is used: it changes with the service.
fn answer(document: &Document, caching: &'static str) -> Answer {
    // It has string keys only and cannot fail to serialize.
    let body = serde_json::to_vec(document).unwrap_or_default();
    let tag = etag::of(&body);
    Answer::new(StatusCode::OK, JSON, None, body).with_headers(|headers| {
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    })
}
