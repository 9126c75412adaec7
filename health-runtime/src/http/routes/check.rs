//! `{base}/checks/{name}`: one check. Clients of Spring Boot ask for it at `{base}/{name}`.

use std::sync::Arc;

use axum::{extract::Request, http::request::Parts, response::Response};
use percent_encoding::percent_decode_str;

#[cfg(feature = "availability")]
use super::availability;
use super::{
    super::{
        cache::ResourceId,
        negotiate::Formats,
        paths::{Paths, RouteScope},
        problem::ProblemDetails,
        query::{Query, RequestedView, ViewOptions},
        request::{AdmittedRequest, ParsedRequest},
        service::Service,
    },
    route::{Answer, Nowhere, PathKind, Resource, Route, RoutePath},
};
use crate::{
    access::AccessRequest,
    maybe_ready::MaybeReady,
    model::{Level, Levels},
    monitor::Selection,
    render::{Format, ReportSubject},
};

pub(super) const NOT_UTF_8: Nowhere = Nowhere("the name of a check must be UTF-8");

/// The check that the last part of a path names.
#[derive(Debug)]
struct NamedCheck;

/// The check that a client of Spring Boot asks for directly below the base path.
#[derive(Debug)]
struct Component;

/// One check.
#[derive(Debug)]
struct OneCheck {
    name: String,
    /// `None` if no check has this name.
    level: Option<Level>,
}

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/checks/{{name}}", paths.base), PathKind::Base, NamedCheck));
    routes.push(RoutePath::new(format!("{}/", paths.base), PathKind::Base, Nowhere::NOTHING));
    routes.push(RoutePath::new(format!("{}/{{*rest}}", paths.base), PathKind::Base, Component));
}

impl Route for NamedCheck {
    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response> {
        match last_part(request.uri().path()) {
            Some(name) => Arc::new(OneCheck::new(name, service)).handle(service, scope, request),
            None => Arc::new(NOT_UTF_8).handle(service, scope, request),
        }
    }
}

impl Route for Component {
    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response> {
        match component(service, &request) {
            Some(check) => Arc::new(check).handle(service, scope, request),
            None => Arc::new(Nowhere::NOTHING).handle(service, scope, request),
        }
    }
}

fn component(service: &Service, request: &Request) -> Option<OneCheck> {
    let path = request.uri().path().strip_prefix(&*service.paths.base)?;
    let name = path.strip_prefix('/').filter(|name| !name.contains('/')).and_then(|_| last_part(path))?;
    let mut query = Query::parse(request.uri().query(), |_| false).ok()?;
    let check = OneCheck::new(name, service);
    check.negotiate(&mut query, request.headers()).has_component_paths.then_some(check)
}

/// Returns the last part of a path, decoded; `None` if it is not UTF-8.
pub(super) fn last_part(path: &str) -> Option<String> {
    let (_, name) = path.rsplit_once('/')?;
    Some(percent_decode_str(name).decode_utf8().ok()?.into_owned())
}

impl OneCheck {
    fn new(name: String, service: &Service) -> Self {
        Self { level: service.monitor.spec(&name).map(|check| check.level()), name }
    }
}

impl Resource for OneCheck {
    fn id(&self) -> ResourceId {
        ResourceId { name: "check", check: Some(self.name.clone()) }
    }

    fn formats(&self) -> Formats {
        Formats::reports(Format::JSON)
    }

    fn access(&self, request: &ParsedRequest) -> AccessRequest {
        AccessRequest::Check(self.level.filter(|level| request.scope.levels.contains(*level)))
    }

    fn options(&self, asked: ViewOptions) -> ViewOptions {
        let view = asked.view.filter(|view| !matches!(view, RequestedView::Report(_)));
        ViewOptions { view, is_cumulative: false, ..asked }
    }

    /// Ignores tags and excluded names: the check was asked for by its name.
    #[cfg_attr(not(feature = "availability"), allow(unused_variables, reason = "only a report is answered"))]
    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        // The level that access was decided about: the check may have been replaced by one of another level.
        let level = self.level.map_or(Levels::NONE, Levels::one);
        let selection = Selection::check(&*self.name).within(request.key.scope.levels.and(level));
        let name = self.name.clone();
        #[cfg(feature = "availability")]
        if request.query.options.view == Some(RequestedView::Availability) {
            let answer = availability::of_check(request, parts, &selection);
            return answer.ok_or_else(|| unknown_check(&name));
        }
        Ok(Answer::report(selection, move |request, gathered| {
            if gathered.report.entries().is_empty() {
                return Err(unknown_check(&name));
            }
            Ok(request.render(gathered, ReportSubject::Check))
        }))
    }
}

pub(super) fn unknown_check(name: &str) -> ProblemDetails {
    ProblemDetails::not_found(format!("there is no check named {name:?}"))
}

#[cfg(feature = "openapi")]
mod description {
    use utoipa::openapi::PathItem;

    use super::{
        super::super::openapi::{Described, Description, Security, parameter},
        super::description::{DescribeResource, DescribeRoute},
        Component, NamedCheck, OneCheck, Resource,
    };
    use crate::render::schema::Shown;

    impl DescribeRoute for NamedCheck {
        fn path_item(&self, path: &str, endpoint: &Described<'_>, security: &mut Security) -> Option<PathItem> {
            // A path parameter without a possible value is not valid.
            let any = (!endpoint.checks.is_empty()).then_some(OneCheck { name: String::new(), level: None })?;
            any.path_item(path, endpoint, security)
        }
    }

    impl DescribeRoute for Component {}

    impl DescribeResource for OneCheck {
        fn describe(&self, _path: &str, endpoint: &Described<'_>) -> Description {
            Description::new("Check", "One check", self.formats())
                .text("The result of one check, and its latest changes.")
                .with(parameter::check(endpoint.checks))
                .with_format()
                .with(parameter::check_view())
                .with(parameter::timeout())
                .with(parameter::verbose())
                .with_fragment()
                .with_reports(endpoint, Shown::Check)
        }
    }
}
