//! `{base}/agent`: the line that `HAProxy` reads from an agent.

use axum::http::request::Parts;

use super::{
    super::{
        cache::ResourceId,
        negotiate::Formats,
        paths::{Paths, RouteScope},
        problem::ProblemDetails,
        request::{AdmittedRequest, ParsedRequest},
    },
    route::{Answer, PathKind, Resource, RoutePath},
};
use crate::{access::AccessRequest, model::Group, monitor::Selection, render::Format};

#[derive(Debug)]
struct Agent;

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/agent", paths.base), PathKind::Base, Agent));
}

impl Resource for Agent {
    fn id(&self) -> ResourceId {
        ResourceId { name: "agent", check: None }
    }

    fn is_within(&self, scope: RouteScope) -> bool {
        scope.has_groups
    }

    fn formats(&self) -> Formats {
        Formats::only(Format::TEXT)
    }

    fn access(&self, _request: &ParsedRequest) -> AccessRequest {
        AccessRequest::Group(Group::Readiness)
    }

    fn answer(&self, request: &AdmittedRequest<'_>, _parts: &Parts) -> Result<Answer, ProblemDetails> {
        let selection = request.narrow(Selection::group(Group::Readiness))?;
        Ok(Answer::report(selection, |request, gathered| {
            let report = &gathered.report;
            let status = request.service.status_codes_in(request.key.scope).for_report(report);
            let line = request.service.agent.line(report, true);
            Ok(request.verdict(status, report, Format::TEXT, line))
        }))
    }
}

#[cfg(feature = "openapi")]
mod description {
    use super::{
        super::super::openapi::{Described, Description, parameter},
        super::description::DescribeResource,
        Agent, Resource,
    };
    use crate::model::Group;

    impl DescribeResource for Agent {
        fn describe(&self, _path: &str, endpoint: &Described<'_>) -> Description {
            Description::new("Agent", "Readiness for HAProxy", self.formats())
                .text("One line that HAProxy reads from an agent.")
                .with(parameter::timeout())
                .with(parameter::exclude())
                .with(parameter::tag(&endpoint.members(Group::Readiness)))
                .with_verdict("text/plain", endpoint)
        }
    }
}
