//! `{base}`: the status of everything, and links to the rest.

use axum::http::request::Parts;

use super::{
    super::{
        cache::ResourceId,
        negotiate::Formats,
        paths::{Paths, RouteScope},
        peer::{host, original_uri},
        problem::ProblemDetails,
        request::{AdmittedRequest, ParsedRequest},
    },
    route::{Answer, PathKind, ReportAnswer, Resource, RoutePath},
};
use crate::{
    access::AccessRequest,
    model::Levels,
    render::{Format, Links, ReportSubject},
};

const NAME: &str = "overview";

#[derive(Debug)]
struct Overview;

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(&*paths.base, PathKind::Base, Overview));
}

impl Resource for Overview {
    fn id(&self) -> ResourceId {
        ResourceId { name: NAME, check: None }
    }

    fn formats(&self) -> Formats {
        Formats::all(Format::JSON)
    }

    fn access(&self, request: &ParsedRequest) -> AccessRequest {
        let is_run = request.format.shows_reports();
        AccessRequest::Levels { route: NAME, shown: request.scope.levels, needed: None, with_info: true, is_run }
    }

    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        let selection = request.select_levels(Levels::ALL)?;
        let host = host(parts).map(ToOwned::to_owned);
        let uri = original_uri(parts);
        let links = links(&request.service.paths, uri.path(), uri.scheme_str(), host.as_deref(), request.key.scope);
        Ok(Answer::Report(ReportAnswer {
            selection,
            render: Box::new(move |request, gathered| {
                let runtime = request.service.runtime_info.facts(host.as_deref());
                Ok(request.render(gathered, ReportSubject::Overview { runtime: &runtime, links: &links }))
            }),
            // It shows the uptime.
            is_stored: false,
        }))
    }
}

/// Returns the other routes with the prefix that the client sees; `overview` is the path of the overview with it.
pub(super) fn links(
    paths: &Paths,
    overview: &str,
    scheme: Option<&str>,
    host: Option<&str>,
    scope: RouteScope,
) -> Links {
    let base = &paths.base;
    let prefix = overview.strip_suffix(base.as_str()).unwrap_or_default();
    let link = |path: &str| format!("{prefix}{path}");
    let group = |word: &str| scope.has_groups.then(|| link(&format!("{base}/{word}")));
    // A request over HTTP/1.1 does not state the scheme. Spring Boot Admin corrects it behind TLS.
    let scheme = scheme.unwrap_or("http");
    Links {
        origin: host.map(|host| format!("{scheme}://{host}")).unwrap_or_default(),
        overview: link(base),
        levels: link(&paths.levels),
        live: group("live"),
        ready: group("ready"),
        startup: group("startup"),
        info: link(&format!("{base}/info")),
        events: cfg!(feature = "events").then(|| link(&format!("{base}/events"))),
        metrics: cfg!(feature = "metrics").then(|| link(&format!("{base}/metrics"))),
        // The document describes every route, so it exists only in the full scope.
        openapi: (cfg!(feature = "openapi") && scope == RouteScope::EVERYTHING)
            .then(|| link(&format!("{base}/openapi.json"))),
    }
}

#[cfg(feature = "openapi")]
mod description {
    use super::{
        super::super::openapi::{Described, Description, parameter},
        super::description::DescribeResource,
        Overview, Resource,
    };
    use crate::render::schema::Shown;

    impl DescribeResource for Overview {
        fn describe(&self, _path: &str, endpoint: &Described<'_>) -> Description {
            Description::new("Overview", "Overall status and build information", self.formats())
                .text(
                    "The overall status, the status of each level, build information and links, as far as the caller \
                     may see them.",
                )
                .with_report_options()
                .with(parameter::verbose())
                .with(parameter::tag(endpoint.checks))
                .with_reports(endpoint, Shown::Overview)
                .with_numbers()
        }
    }
}
