//! `{base}/openapi.json`: the OpenAPI document.

use std::sync::Mutex;

use axum::http::{HeaderValue, StatusCode, header, request::Parts};

use super::{
    super::{
        cache::ResourceId,
        cached_response::{CachedResponse, JSON},
        negotiate::Formats,
        openapi::{Described, Description, Security, Version, document, parameter},
        paths::{Paths, RouteScope},
        peer::original_uri,
        problem::ProblemDetails,
        request::{AdmittedRequest, ParsedRequest},
    },
    description::{DescribeResource, DescribeRoute},
    route::{Answer, PathKind, Resource, RoutePath},
};
use crate::{
    access::AccessRequest,
    model::Levels,
    render::{Format, schema},
    sync::lock,
};

#[derive(Debug)]
struct OpenApi {
    path: String,
    others: Vec<RoutePath>,
    /// The document in the default version, without a prefix, and the version of the checks in it.
    standard: Mutex<Option<(u64, CachedResponse)>>,
}

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    let path = format!("{}/openapi.json", paths.base);
    let others = routes.iter().filter(|mount| mount.kind != PathKind::Alias).cloned().collect();
    let route = OpenApi { path: path.clone(), others, standard: Mutex::default() };
    routes.push(RoutePath::new(path, PathKind::Base, route));
}

impl Resource for OpenApi {
    fn id(&self) -> ResourceId {
        ResourceId { name: "openapi", check: None }
    }

    /// Exists only in the full scope, because the document describes every route and the endpoint's own status codes.
    fn is_within(&self, scope: RouteScope) -> bool {
        scope == RouteScope::EVERYTHING
    }

    fn formats(&self) -> Formats {
        Formats::only(Format::JSON)
    }

    /// Needs every level, because it names every check.
    fn access(&self, _request: &ParsedRequest) -> AccessRequest {
        AccessRequest::Everything("openapi")
    }

    /// Answers with the client's own paths, in the version that it asks for.
    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        let version = Version::parse(parts.uri.query())?;
        let prefix = original_uri(parts).path().strip_suffix(&*self.path).unwrap_or_default();
        let response = if prefix.is_empty() && version == Version::default() {
            self.standard(request)
        } else {
            // Not stored: a prefix may come from the client.
            self.document(request, version, prefix)
        };
        Ok(Answer::Response(response.into_response(parts)))
    }
}

impl DescribeResource for OpenApi {
    fn describe(&self, _path: &str, _endpoint: &Described<'_>) -> Description {
        Description::new("OpenApi", "This document", self.formats())
            .text("The description of this endpoint in OpenAPI 3.1 or 3.0.")
            .with(parameter::version())
            .with_body("application/json", &schema::object())
            .with_etag()
    }
}

impl OpenApi {
    fn standard(&self, request: &AdmittedRequest<'_>) -> CachedResponse {
        // Before the checks are read: checks that are newer than their version are only read once more.
        let checks = request.service.monitor.version(Levels::ALL);
        let stored = lock(&self.standard).clone();
        if let Some((_, document)) = stored.filter(|(version, _)| *version == checks) {
            return document;
        }
        let document = self.document(request, Version::default(), "");
        *lock(&self.standard) = Some((checks, document.clone()));
        document
    }

    fn document(&self, request: &AdmittedRequest<'_>, version: Version, prefix: &str) -> CachedResponse {
        let service = request.service;
        let checks: Vec<_> = service.monitor.checks().collect();
        let endpoint = Described {
            codes: &service.status_codes_in(RouteScope::EVERYTHING).all(),
            checks: &checks.iter().map(|check| &**check).collect::<Vec<_>>(),
            build: service.build_info.as_ref(),
            authorizer: service.authorizer.as_deref(),
        };
        let mut security = Security::new(version);
        let mut items = Vec::new();
        for RoutePath { path, route, .. } in &self.others {
            items.extend(route.path_item(path, &endpoint, &mut security).map(|item| (&**path, item)));
        }
        items.extend(self.path_item(&self.path, &endpoint, &mut security).map(|item| (&*self.path, item)));
        let document = document(&endpoint, items, &security, version, prefix);
        // It has string keys only and cannot fail to serialize.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        // Under access rules it is not for everybody. Clients may keep it, and ask whether it has changed.
        let caching = if service.authorizer.is_some() { "private, no-cache" } else { "no-cache" };
        CachedResponse::new(StatusCode::OK, JSON, body).with_etag().with_headers(|headers| {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        })
    }
}
