use std::{borrow::Borrow as _, sync::Arc};

use axum::{http::request::Parts, response::Response};
use serde_json::Value;

#[cfg(feature = "access-jwt")]
use super::protected_resource;

use crate::{
    access::{AccessRequest, Caller, Operator, Refusal},
    health_path::RequestOrigin,
    http::{
        cache::{CacheKey, ResourceId},
        paths::RouteScope,
        peer::caller,
        problem::{ProblemDetails, refused},
        query::{Query, ViewOptions},
        request::AdmittedRequest,
        service::Service,
    },
    model::Level,
    monitor::{Gathered, Selection},
    render::{Format, RenderReport, ReportSubject, Visibility},
};

/// A request of a client that is being answered.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) service: Arc<Service>,
    pub(super) scope: RouteScope,
    client: Client,
    /// `None` if it says nothing.
    origin: Option<Arc<RequestOrigin>>,
}

#[derive(Debug)]
enum Client {
    /// Access decides about it.
    Caller(Caller),
    /// Everybody may run everything.
    Anybody(Box<Parts>),
}

/// The rights of a client to one answer, and the tags that narrow it.
#[derive(Debug)]
pub(super) struct Admission {
    key: CacheKey,
    query: Query,
}

impl Exchange {
    pub(super) fn new(service: &Arc<Service>, scope: RouteScope, parts: Parts) -> Result<Self, ProblemDetails> {
        let origin = RequestOrigin::from_headers(&parts.headers).map_err(ProblemDetails::bad_request)?;
        service.adopt_runtime(&parts.extensions);
        let client = match &service.authorizer {
            Some(authorizer) => Client::Caller(caller(authorizer, parts)),
            None => Client::Anybody(Box::new(parts)),
        };
        Ok(Self { service: Arc::clone(service), scope, client, origin })
    }

    pub(super) fn parts(&self) -> &Parts {
        match &self.client {
            Client::Caller(caller) => caller.borrow(),
            Client::Anybody(parts) => parts,
        }
    }

    /// Asks access for all levels of this address, of which one suffices.
    pub(super) const fn any_level(&self, is_run: bool) -> AccessRequest {
        AccessRequest::Levels { route: "mcp", shown: self.scope.levels, needed: None, with_info: true, is_run }
    }

    /// Decides access for one answer, before anything is run for it.
    ///
    /// # Errors
    /// The response that refuses the client.
    pub(super) async fn admit(&self, access: AccessRequest) -> Result<Visibility, Response> {
        let visibility = match (&self.service.authorizer, &self.client) {
            (Some(authorizer), Client::Caller(caller)) => match authorizer.public_visibility(access) {
                Some(visibility) => visibility,
                None => authorizer.decide(access, caller).await.map_err(|refusal| self.refuse(&refusal, access))?,
            },
            _ => Visibility::OUTLINE,
        };
        Ok(self.service.narrow(visibility, self.scope))
    }

    /// Returns whether a policy grants somebody the right to operate checks here.
    pub(super) fn has_operators(&self) -> bool {
        self.service.authorizer.as_ref().is_some_and(|authorizer| authorizer.has_operators(self.scope.levels))
    }

    /// Decides whether the client may operate a check of this level; `None` if no check has that name.
    ///
    /// # Errors
    /// The response that refuses the client.
    pub(super) async fn operator(&self, level: Option<Level>) -> Result<Operator, Response> {
        let access = AccessRequest::Operate { level, is_run: false };
        match (&self.service.authorizer, &self.client) {
            (Some(authorizer), Client::Caller(caller)) => {
                authorizer.operator(level, false, caller).await.map_err(|refusal| self.refuse(&refusal, access))
            }
            _ => Err(ProblemDetails::not_found("nobody operates checks here").into_response()),
        }
    }

    fn refuse(&self, refusal: &Refusal, access: AccessRequest) -> Response {
        let response = refused(refusal);
        #[cfg(feature = "access-jwt")]
        let response = protected_resource::with_challenges(&self.service, self.parts(), access, response);
        #[cfg(not(feature = "access-jwt"))]
        let _ = (self, access);
        response
    }

    /// Returns the results of a selection: of runs, or without any.
    pub(super) async fn gather(&self, selection: Selection, is_run: bool) -> Gathered {
        if is_run {
            self.service.monitor.gather(&selection.asked_from(self.origin.clone())).await
        } else {
            self.service.monitor.known(&selection)
        }
    }
}

impl Admission {
    pub(super) fn new(exchange: &Exchange, visibility: Visibility, tag: Option<String>) -> Self {
        let key = CacheKey {
            resource: ResourceId { name: "mcp", check: None },
            options: ViewOptions::default(),
            format: Format::JSON,
            visibility,
            scope: exchange.scope,
            depth: 0,
        };
        Self { key, query: Query { tags: tag.into_iter().collect(), ..Query::default() } }
    }

    pub(super) const fn visibility(&self) -> Visibility {
        self.key.visibility
    }

    /// Returns the request as that of a route, with a renderer of this one.
    pub(super) fn request<'a>(&'a self, exchange: &'a Exchange, render: RenderReport) -> AdmittedRequest<'a> {
        AdmittedRequest { service: &exchange.service, query: &self.query, key: &self.key, render }
    }

    /// Renders a report.
    pub(super) fn render(
        &self,
        exchange: &Exchange,
        render: RenderReport,
        gathered: &Gathered,
        subject: ReportSubject<'_>,
    ) -> Value {
        let response = self.request(exchange, render).render(gathered, subject);
        // The renderers write JSON.
        serde_json::from_slice(response.body()).unwrap_or_default()
    }
}
