use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use tokio::time::timeout;

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
        problem::ProblemDetails,
        routes::route::{PathKind, Route, RoutePath},
        service::Service,
    },
    maybe_ready::MaybeReady,
};

const MAX_BODY_BYTES: usize = 16 * 1024;

const BODY_TIMEOUT: Duration = Duration::from_secs(5);

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST");

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
        if let Err(problem) = check_head(request.method(), request.headers()) {
            let mut response = problem.into_response();
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(header::ALLOW, ALLOWED_METHODS);
            }
            return MaybeReady::ready(response);
        }
        let (parts, body) = request.into_parts();
        match Exchange::new(service, scope, parts) {
            Ok(exchange) => MaybeReady::boxed(answer(exchange, body)),
            Err(problem) => MaybeReady::ready(problem.into_response()),
        }
    }
}

/// Refuses what no client of the protocol sends.
fn check_head(method: &Method, headers: &HeaderMap) -> Result<(), ProblemDetails> {
    if method != Method::POST {
        let detail = "send each request of the Model Context Protocol with POST; there are no streams";
        return Err(ProblemDetails::refused(StatusCode::METHOD_NOT_ALLOWED, detail));
    }
    // An equal `Host` proves nothing: a page that rebinds its name to this address sends its own name in both.
    if headers.contains_key(header::ORIGIN) {
        let detail = "requests of web pages are not allowed; a program sends no `Origin`";
        return Err(ProblemDetails::refused(StatusCode::FORBIDDEN, detail));
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "the `Content-Type` must be `application/json`";
        return Err(ProblemDetails::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(())
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
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        let problem = ProblemDetails::refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 16 KiB");
        return Err(problem.into_response());
    }
    let read = timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await;
    read.ok().and_then(Result::ok).ok_or_else(|| {
        let error = RpcError::invalid_request("the body cannot be read within 5 s, or is longer than 16 KiB");
        RpcFailure::without_id(error).into_response()
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
