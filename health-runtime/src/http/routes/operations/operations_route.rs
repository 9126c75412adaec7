//! The way of an operation: the head, access, the body, the operation.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::Response,
};

use super::operation::{OperatedCheck, Operation};
use crate::{
    access::{Authorizer, Caller},
    health_path::RequestOrigin,
    http::{
        cached_response::{JSON, insert_common},
        paths::{Paths, RouteScope},
        peer::caller,
        post::{AllowedPages, BodyFault, check_json, check_method, read_body},
        problem::{ProblemDetails, refused},
        routes::{
            check::{NOT_UTF_8, last_part, unknown_check},
            route::{Nowhere, PathKind, Route, RoutePath},
        },
        service::Service,
    },
    maybe_ready::MaybeReady,
};

const MAX_BODY_BYTES: usize = 8 * 1024;

/// One operation on the check that a path names.
#[derive(Debug)]
pub(super) struct OperationRoute(pub(super) Operation);

pub(in crate::http::routes) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    for operation in Operation::ALL {
        let path = format!("{}/checks/{{name}}/{}", paths.base, operation.verb());
        routes.push(RoutePath::new(path, PathKind::Base, OperationRoute(operation)));
    }
}

impl Route for OperationRoute {
    /// Exists only where a rule grants the right.
    fn is_in(&self, scope: RouteScope, authorizer: Option<&Authorizer>) -> bool {
        authorizer.is_some_and(|authorizer| authorizer.has_operators(scope.levels))
    }

    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response> {
        let Some(authorizer) = service.authorizer.clone() else {
            return Arc::new(Nowhere::NOTHING).handle(service, scope, request);
        };
        let path = request.uri().path();
        let Some(name) = path.rsplit_once('/').and_then(|(check, _)| last_part(check)) else {
            return Arc::new(NOT_UTF_8).handle(service, scope, request);
        };
        let (parts, body) = request.into_parts();
        let origin = check_method(&parts.method, "an operation on a check is sent with POST")
            .and_then(|()| check_json(&parts, AllowedPages::SameOrigin))
            .and_then(|()| RequestOrigin::from_headers(&parts.headers).map_err(ProblemDetails::bad_request));
        let budget = match origin {
            Ok(origin) => origin.and_then(|origin| origin.budget),
            Err(problem) => return MaybeReady::ready(problem.into_response()),
        };
        service.adopt_runtime(&parts.extensions);
        let service = Arc::clone(service);
        let caller = caller(&authorizer, parts);
        MaybeReady::boxed(async move {
            let request = OperationRequest { operation: self.0, service, scope, name, budget };
            match request.answer(&authorizer, &caller, body).await {
                Ok(body) => respond(body),
                Err(response) => response,
            }
        })
    }
}

/// A request whose head is right.
struct OperationRequest {
    operation: Operation,
    service: Arc<Service>,
    scope: RouteScope,
    name: String,
    budget: Option<Duration>,
}

impl OperationRequest {
    /// Authorizes the caller first: the body of a stranger is not even read.
    async fn answer(self, authorizer: &Arc<Authorizer>, caller: &Caller, body: Body) -> Result<Vec<u8>, Response> {
        let Self { operation, service, scope, name, budget } = self;
        let level = service.monitor.spec(&name).map(|check| check.level());
        let level = level.filter(|level| scope.levels.contains(*level));
        let is_run = operation == Operation::Run;
        let operator = authorizer.operator(level, is_run, caller).await.map_err(|refusal| refused(&refusal))?;
        let Some(level) = level else { return Err(unknown_check(&name).into_response()) };
        let body = read_body(body, MAX_BODY_BYTES).await.map_err(unreadable)?;
        let check = OperatedCheck { service, scope, operator, name, level, budget };
        let performed = async { check.perform(operation.command(&body)?).await };
        performed.await.map_err(ProblemDetails::into_response)
    }
}

fn unreadable(fault: BodyFault) -> Response {
    let problem = match fault {
        BodyFault::TooLong => ProblemDetails::refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 8 KiB"),
        BodyFault::Unreadable => {
            ProblemDetails::bad_request("the body cannot be read within 5 s, or is longer than 8 KiB")
        }
    };
    problem.into_response()
}

fn respond(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    insert_common(response.headers_mut());
    response
}
