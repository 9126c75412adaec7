//! `{base}/metrics`: metrics of each check's runs. The overview serves them, too, to clients that ask for their formats.

use axum::{
    http::{HeaderValue, StatusCode, request::Parts},
    response::Response,
};

use super::{
    super::{
        cache::{CacheKey, ResourceId},
        cached_response::CachedResponse,
        negotiate::Formats,
        paths::Paths,
        problem::ProblemDetails,
        request::{AdmittedRequest, ParsedRequest},
        service::Service,
    },
    route::{Answer, Nowhere, PathKind, Resource, RoutePath},
};
use crate::{
    access::AccessRequest,
    model::Levels,
    render::{Format, MetricsView, RenderMetrics},
};

const NAME: &str = "metrics";

#[derive(Debug)]
struct Metrics;

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/metrics", paths.base), PathKind::Base, Metrics));
}

impl Resource for Metrics {
    fn id(&self) -> ResourceId {
        ResourceId { name: NAME, check: None }
    }

    /// Offers no verdict: a scrape is always answered with 200.
    fn formats(&self) -> Formats {
        Formats::numbers(Format::PROMETHEUS)
    }

    fn access(&self, request: &ParsedRequest) -> AccessRequest {
        request.levels(NAME, Levels::ALL, None)
    }

    /// Has no report: the handler answers every request for a format of metrics.
    fn answer(&self, _request: &AdmittedRequest<'_>, _parts: &Parts) -> Result<Answer, ProblemDetails> {
        Err(ProblemDetails::not_found(Nowhere::NOTHING.0))
    }
}

/// Answers a request for a format of metrics. The response is never stored, because it includes ages.
pub(in crate::http) fn respond(service: &Service, key: &CacheKey, parts: &Parts, render: RenderMetrics) -> Response {
    let visibility = key.visibility;
    let mut checks = service.monitor.metrics();
    checks.retain(|metrics| visibility.run.contains(metrics.check.level()));
    let build = service.build_info.as_ref().filter(|_| visibility.info.is_some());
    // The count of refusals reveals to a caller whether others are refused.
    let authorizer = service.authorizer.as_ref().filter(|_| !visibility.details.is_empty());
    let refusals = authorizer.map(|authorizer| authorizer.refusals().by_reason().to_vec());
    #[cfg(not(feature = "alerts"))]
    let deliveries = Vec::new();
    // The address of a receiver is a detail.
    #[cfg(feature = "alerts")]
    let deliveries = if visibility.details.is_empty() { Vec::new() } else { service.monitor.deliveries() }
        .into_iter()
        .map(|counts| (counts.receiver.clone(), counts.totals()))
        .collect();
    let view = MetricsView::new(
        &checks,
        build,
        service.monitor.is_draining(),
        refusals,
        deliveries,
        service.has_duration_histogram,
        visibility,
    );
    let body = render(&view);
    let media_type = HeaderValue::from_static(key.format.media_type);
    CachedResponse::new(StatusCode::OK, media_type, body).into_response(parts)
}

#[cfg(feature = "openapi")]
mod description {
    use super::{
        super::super::openapi::{Described, Description},
        super::description::DescribeResource,
        Metrics, Resource,
    };

    impl DescribeResource for Metrics {
        fn describe(&self, _path: &str, _endpoint: &Described<'_>) -> Description {
            Description::new("Metrics", "Metrics of each check's runs", self.formats())
                .text("A scrape runs no check, and its status code is 200 whatever the checks report.")
                .with_format()
                .with_numbers()
        }
    }
}
