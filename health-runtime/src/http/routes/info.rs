//! `{base}/info`: build information.

use axum::http::{StatusCode, request::Parts};

use super::{
    super::{
        cache::ResourceId,
        cached_response::{CachedResponse, JSON},
        negotiate::Formats,
        paths::{Paths, RouteScope},
        peer::host,
        problem::ProblemDetails,
        request::{AdmittedRequest, ParsedRequest},
    },
    route::{Answer, PathKind, Resource, RoutePath},
};
use crate::{
    access::AccessRequest,
    render::{self, DetailLevel, Format},
};

#[derive(Debug)]
struct Info;

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/info", paths.base), PathKind::Base, Info));
}

impl Resource for Info {
    fn id(&self) -> ResourceId {
        ResourceId { name: "info", check: None }
    }

    fn is_within(&self, _scope: RouteScope) -> bool {
        true
    }

    fn formats(&self) -> Formats {
        Formats::only(Format::JSON)
    }

    fn access(&self, _request: &ParsedRequest) -> AccessRequest {
        AccessRequest::Info
    }

    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        let service = request.service;
        let detail_level = request.key.visibility.info.unwrap_or(DetailLevel::Outline);
        let runtime = service.runtime_info.facts(host(parts));
        let body = render::info(service.build_info.as_ref(), &runtime, detail_level);
        Ok(Answer::Response(CachedResponse::new(StatusCode::OK, JSON, body).into_response(parts)))
    }
}

#[cfg(feature = "openapi")]
mod description {
    use super::{
        super::super::openapi::{Described, Description},
        super::description::DescribeResource,
        Info, Resource,
    };
    use crate::render::schema;

    impl DescribeResource for Info {
        fn describe(&self, _path: &str, _endpoint: &Described<'_>) -> Description {
            Description::new("Info", "Build information", self.formats())
                .text("Name, version, revision, environment and uptime. The status code is 200 whatever the checks report.")
                .with_body("application/json", &schema::named("Info"))
        }
    }
}
