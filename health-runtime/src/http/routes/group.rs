//! The groups, for orchestrators: `{base}/ready`, `/readyz` and further paths.

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
use crate::{
    access::AccessRequest,
    model::Group,
    monitor::Selection,
    render::{Format, ReportSubject},
};

#[derive(Debug)]
struct GroupMembers(Group);

/// Words for a group in paths: ours, and the one of Spring Boot or MicroProfile.
const fn words(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Liveness => ("live", "liveness"),
        Group::Readiness => ("ready", "readiness"),
        Group::Startup => ("startup", "started"),
    }
}

/// Adds aliases, too: with a slash at the end, as people type them, and in the words of others. A path that has the levels
/// below it is left to them.
pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    let base = &paths.base;
    for group in Group::ALL {
        let (word, other) = words(group);
        let root = paths.has_root_probes.then(|| format!("/{word}z"));
        let own = [format!("{base}/{word}")].into_iter().chain(root.clone());
        routes.extend(own.map(|path| RoutePath::new(path, PathKind::Optional, GroupMembers(group))));
        let below = [format!("{base}/{word}/"), format!("{base}/{other}"), format!("{base}/{other}/")];
        let aliases = below.into_iter().chain(root.map(|root| root + "/"));
        let aliases = aliases.filter(|path| path.trim_end_matches('/') != paths.levels);
        routes.extend(aliases.map(|path| RoutePath::new(path, PathKind::Alias, GroupMembers(group))));
    }
}

impl Resource for GroupMembers {
    fn id(&self) -> ResourceId {
        ResourceId { name: self.0.as_str(), check: None }
    }

    fn is_within(&self, scope: RouteScope) -> bool {
        scope.has_groups
    }

    fn formats(&self) -> Formats {
        Formats::reports(Format::TEXT).keep_own()
    }

    fn access(&self, _request: &ParsedRequest) -> AccessRequest {
        AccessRequest::Group(self.0)
    }

    fn answer(&self, request: &AdmittedRequest<'_>, _parts: &Parts) -> Result<Answer, ProblemDetails> {
        let group = self.0;
        Ok(Answer::report(request.narrow(Selection::group(group))?, move |request, gathered| {
            let is_member = |name: &String| request.service.monitor.spec(name).is_some_and(|check| check.is_in(group));
            let names = request.query.excluded.union(&request.query.unmatched).cloned();
            let (excluded, unmatched): (Vec<_>, Vec<_>) = names.partition(is_member);
            let probe = match group {
                Group::Liveness => "livez",
                Group::Readiness => "readyz",
                Group::Startup => "startupz",
            };
            let subject = ReportSubject::Group { probe, excluded: &excluded, unmatched: &unmatched };
            Ok(request.render(gathered, subject))
        }))
    }
}

#[cfg(feature = "openapi")]
mod description {
    use super::{
        super::super::openapi::{Described, Description, parameter},
        super::description::DescribeResource,
        GroupMembers, Resource,
    };
    use crate::{model::Group, render::schema::Shown};

    impl DescribeResource for GroupMembers {
        fn describe(&self, path: &str, endpoint: &Described<'_>) -> Description {
            // Each path is an operation of its own, so the last part of the path is part of the id.
            let (first, rest) = path.rsplit('/').next().and_then(|word| word.split_at_checked(1)).unwrap_or_default();
            let (summary, text) = match self.0 {
                Group::Liveness => {
                    ("Whether to restart the process", "An orchestrator restarts a process that fails here.")
                }
                Group::Readiness => (
                    "Whether to send requests to the instance",
                    "A load balancer sends no requests to an instance that fails here. A draining instance does.",
                ),
                Group::Startup => {
                    ("Whether the service has started", "An orchestrator sends no other probes until this one passes.")
                }
            };
            Description::new(first.to_uppercase() + rest, summary, self.formats())
                .text(text)
                .with_report_options()
                .with(parameter::verbose())
                .with(parameter::tag(&endpoint.members(self.0)))
                .with_reports(endpoint, Shown::Group)
        }
    }
}
