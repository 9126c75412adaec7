//! The way of a request that reads: parse, authorize, look up, render, respond.

use std::{borrow::Borrow as _, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, request::Parts},
    response::Response,
};

#[cfg(feature = "metrics")]
use super::routes::metrics;
use super::{
    cache::CacheKey,
    cached_response::conditions,
    paths::{RouteScope, depth},
    peer::caller,
    problem::{ProblemDetails, refused},
    query::Query,
    request::{AdmittedRequest, ParsedRequest},
    routes::{Answer, ReportAnswer, Resource, Route},
    service::Service,
};
use crate::{
    access::Authorizer,
    health_path::{LIMITED_HEADER, RequestOrigin},
    maybe_ready::MaybeReady,
    monitor::Gathered,
    render::{Render, RenderReport, Visibility},
};

impl<R: Resource + 'static> Route for R {
    fn is_in(&self, scope: RouteScope, _authorizer: Option<&Authorizer>) -> bool {
        self.is_within(scope)
    }

    #[cfg(feature = "server")]
    fn reads_client(&self) -> bool {
        Resource::reads_client(self)
    }

    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response> {
        let (parts, _body) = request.into_parts();
        match parse(&*self, service, scope, &parts) {
            Ok(parsed) => authorize(service, self, parsed, parts),
            Err(problem) => MaybeReady::ready(problem.into_response()),
        }
    }
}

fn parse(
    resource: &dyn Resource,
    service: &Service,
    scope: RouteScope,
    parts: &Parts,
) -> Result<ParsedRequest, ProblemDetails> {
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Err(ProblemDetails::method_not_allowed(&parts.method));
    }
    let mut query = Query::parse(parts.uri.query(), |name| service.monitor.spec(name).is_some())?;
    let format = resource.negotiate(&mut query, &parts.headers);
    query.options = query.options.retain_supported(format);
    let origin = RequestOrigin::from_headers(&parts.headers).map_err(ProblemDetails::bad_request)?;
    Ok(ParsedRequest { scope, format, query, origin })
}

/// Decides what the caller may see, once and before anything else happens.
fn authorize(
    service: &Arc<Service>,
    resource: Arc<dyn Resource>,
    parsed: ParsedRequest,
    parts: Parts,
) -> MaybeReady<Response> {
    let Some(authorizer) = &service.authorizer else {
        return look_up(service, &*resource, parsed, Visibility::OUTLINE, &parts);
    };
    let access = resource.access(&parsed);
    if let Some(visibility) = authorizer.public_visibility(access) {
        return look_up(service, &*resource, parsed, visibility, &parts);
    }
    let caller = caller(authorizer, parts);
    let decision = authorizer.decide(access, &caller);
    let service = Arc::clone(service);
    decision.then(move |decision| match decision {
        Ok(visibility) => look_up(&service, &*resource, parsed, visibility, caller.borrow()),
        Err(refusal) => MaybeReady::ready(refused(&refusal)),
    })
}

/// Answers at once with what is stored, or without a report. Everything else takes a large future of its own, which
/// most requests do not need.
fn look_up(
    service: &Arc<Service>,
    resource: &dyn Resource,
    parsed: ParsedRequest,
    visibility: Visibility,
    parts: &Parts,
) -> MaybeReady<Response> {
    let ParsedRequest { scope, format, query, origin } = parsed;
    let depth = if format.is_page { depth(&parts.uri) } else { 0 };
    let visibility = service.narrow(visibility, scope);
    let key = CacheKey { resource: resource.id(), options: query.options, format, visibility, scope, depth };
    // A stored response shows checks without a result as other callers see them.
    if !service.monitor.stops(origin.as_deref())
        && let Some(response) = service.stored(&key, &query)
    {
        return MaybeReady::ready(response.into_response(parts));
    }
    service.adopt_runtime(&parts.extensions);
    let (render, answer) = match format.render {
        Render::Report(render) => {
            (render, resource.answer(&AdmittedRequest { service, query: &query, key: &key, render }, parts))
        }
        #[cfg(feature = "metrics")]
        Render::Metrics(render) => return MaybeReady::ready(metrics::respond(service, &key, parts, render)),
    };
    match answer {
        Ok(Answer::Response(response)) => MaybeReady::ready(response),
        Ok(Answer::Report(answer)) => {
            let is_stored = answer.is_stored && !origin.as_ref().is_some_and(|origin| origin.is_from_service());
            let selection = match query.timeout {
                Some(timeout) => answer.selection.with_deadline(timeout),
                None => answer.selection,
            };
            let selection = selection.asked_from(origin);
            #[cfg(feature = "page")]
            let selection = selection.with_group_verdicts(format.is_page);
            let answer = ReportAnswer { selection, is_stored, ..answer };
            let (service, conditions) = (Arc::clone(service), conditions(parts));
            MaybeReady::boxed(ReportRequest { service, answer, key, query, render, conditions }.respond())
        }
        Err(problem) => MaybeReady::ready(problem.into_response()),
    }
}

/// A request that waits for its report. Thousands may wait, so it holds little.
struct ReportRequest {
    service: Arc<Service>,
    answer: ReportAnswer,
    key: CacheKey,
    query: Query,
    render: RenderReport,
    /// The parts of the request that decide about its response.
    conditions: Parts,
}

impl ReportRequest {
    async fn respond(self) -> Response {
        let gathered = self.service.monitor.gather(&self.answer.selection).await;
        self.render(gathered)
    }

    fn render(self, gathered: Gathered) -> Response {
        let Self { service, answer, key, query, render, conditions } = self;
        let is_shared = answer.is_stored && query.is_common();
        // Another request that waited for the same runs may have rendered it.
        if is_shared && let Some(response) = service.cache.get_for(&key, &gathered, &service.monitor) {
            return response.into_response(&conditions);
        }
        let request = AdmittedRequest { service: &service, query: &query, key: &key, render };
        match (answer.render)(&request, &gathered) {
            Ok(response) if gathered.is_limited => {
                let limited =
                    |headers: &mut HeaderMap| drop(headers.insert(LIMITED_HEADER, HeaderValue::from_static("?1")));
                response.with_headers(limited).into_response(&conditions)
            }
            Ok(response) => {
                if is_shared {
                    service.cache.put(key, gathered, response.clone());
                }
                response.into_response(&conditions)
            }
            Err(problem) => problem.into_response(),
        }
    }
}

#[cfg(feature = "openapi")]
mod description {
    use utoipa::openapi::PathItem;

    use super::super::{
        openapi::{Described, Security},
        paths::RouteScope,
        query::Query,
        request::ParsedRequest,
        routes::{DescribeRoute, Nowhere, Resource},
    };

    impl DescribeRoute for Nowhere {}

    impl<R: Resource> DescribeRoute for R {
        fn path_item(&self, path: &str, endpoint: &Described<'_>, security: &mut Security) -> Option<PathItem> {
            // The query with the widest access: it includes the shallower levels.
            let mut query = Query::default();
            query.options.is_cumulative = true;
            let most = ParsedRequest { scope: RouteScope::EVERYTHING, format: self.formats().own, query, origin: None };
            Some(self.describe(path, endpoint).path_item(self.access(&most), endpoint, security))
        }
    }
}
