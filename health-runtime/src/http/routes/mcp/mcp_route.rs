use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::Response,
};

#[cfg(feature = "access-jwt")]
use super::protected_resource;
use super::{
    exchange::Exchange,
    message::{RpcFailure, RpcMessage},
    methods,
    rpc_error::RpcError,
};
use crate::{
    access::Authorizer,
    http::{
        cached_response::insert_common,
        paths::{Paths, RouteScope},
        post::{AllowedPages, BodyFault, check_json, check_method, read_body},
        problem::ProblemDetails,
        routes::route::{PathKind, Route, RoutePath},
        service::Service,
    },
    maybe_ready::MaybeReady,
};

const MAX_BODY_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct McpRoute;

pub(in crate::http::routes) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/mcp", paths.base), PathKind::Base, McpRoute));
    #[cfg(feature = "access-jwt")]
    protected_resource::mount(paths, routes);
}

impl Route for McpRoute {
    fn is_in(&self, scope: RouteScope, _authorizer: Option<&Authorizer>) -> bool {
        !scope.levels.is_empty()
    }

    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response> {
        let (parts, body) = request.into_parts();
        let detail = "send each request of the Model Context Protocol with POST; there are no streams";
        let exchange = check_method(&parts.method, detail)
            .and_then(|()| check_json(&parts, AllowedPages::None))
            .and_then(|()| Exchange::new(service, scope, parts));
        match exchange {
            Ok(exchange) => MaybeReady::boxed(answer(exchange, body)),
            Err(problem) => MaybeReady::ready(problem.into_response()),
        }
    }
}

/// Authorizes the client first: the body of a stranger is not even read.
async fn answer(exchange: Exchange, body: Body) -> Response {
    let visibility = match exchange.admit(exchange.any_level(false)).await {
        Ok(visibility) => visibility,
        Err(refusal) => return refusal,
    };
    let body = match read(body).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    match RpcMessage::parse(&exchange.parts().headers, &body) {
        Ok(RpcMessage::Request(request)) => methods::answer(&exchange, visibility, request).await,
        Ok(RpcMessage::Notification) => accepted(),
        Err(failure) => failure.into_response(),
    }
}

async fn read(body: Body) -> Result<Bytes, Response> {
    read_body(body, MAX_BODY_BYTES).await.map_err(|fault| match fault {
        BodyFault::TooLong => {
            ProblemDetails::refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 16 KiB").into_response()
        }
        BodyFault::Unreadable => {
            let error = RpcError::invalid_request("the body cannot be read within 5 s, or is longer than 16 KiB");
            RpcFailure::without_id(error).into_response()
        }
    })
}

/// Answers a notification, of which there is none that a server without state could heed.
fn accepted() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    insert_common(response.headers_mut());
    response
}

/// Clients learn of everything from the protocol itself.
#[cfg(feature = "openapi")]
impl crate::http::routes::DescribeRoute for McpRoute {}
