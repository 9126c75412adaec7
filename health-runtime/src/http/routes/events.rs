//! `{base}/events`: status changes as server-sent events.

use axum::http::request::Parts;

use super::{
    super::{
        cache::ResourceId,
        event_stream,
        negotiate::Formats,
        paths::Paths,
        problem::ProblemDetails,
        request::{AdmittedRequest, ParsedRequest},
    },
    route::{Answer, PathKind, Resource, RoutePath},
};
use crate::{access::AccessRequest, render::Format};

const NAME: &str = "events";

#[derive(Debug)]
struct Events;

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/events", paths.base), PathKind::Base, Events));
}

impl Resource for Events {
    fn id(&self) -> ResourceId {
        ResourceId { name: NAME, check: None }
    }

    /// Limits the streams of an address.
    #[cfg(feature = "server")]
    fn reads_client(&self) -> bool {
        true
    }

    fn formats(&self) -> Formats {
        Formats::only(Format::JSON)
    }

    fn access(&self, request: &ParsedRequest) -> AccessRequest {
        AccessRequest::Levels {
            route: NAME,
            shown: request.scope.levels,
            needed: None,
            with_info: false,
            is_run: false,
        }
    }

    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        let service = request.service;
        Ok(Answer::Response(event_stream::open(
            &service.events,
            &service.monitor,
            parts,
            service.authorizer.as_deref(),
            request.key.visibility,
        )))
    }
}

#[cfg(feature = "openapi")]
mod description {
    use axum::http::StatusCode;

    use super::{
        super::super::openapi::{Described, Description},
        super::description::DescribeResource,
        Events, Resource,
    };
    use crate::render::schema;

    impl DescribeResource for Events {
        fn describe(&self, _path: &str, _endpoint: &Described<'_>) -> Description {
            Description::new("Events", "Status changes as server-sent events", self.formats())
                .text("The stream begins with an event `state` and stays open. Each change of a status is an event.")
                .with_body("text/event-stream", &schema::text())
                // Some tools read the stream as a list of events.
                .with_body("text/event-stream", &schema::object())
                .with_problems(&[StatusCode::SERVICE_UNAVAILABLE])
        }
    }
}
