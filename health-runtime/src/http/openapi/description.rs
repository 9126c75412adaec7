//! The description of a resource: its parameters and answers.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::openapi::{
    Content, Header, HeaderBuilder, HttpMethod, Object, PathItem, RefOr, ResponseBuilder, Schema, Type,
    path::{Operation, OperationBuilder, Parameter, PathItemBuilder},
    security::SecurityRequirement,
};

use super::{super::negotiate::Formats, parameter, security::Security};
use crate::{
    access::{AccessRequest, Authorizer, Requirement, Scheme},
    build_info::BuildMetadata,
    model::{CheckSpec, Group},
    render::{
        Format,
        schema::{self, Shown},
    },
};

/// The tag of every operation, so that they stay together in a document that others are merged with.
pub(in crate::http) const TAG: &str = "health";

/// The note for operations that a custom policy decides about.
const OWN_POLICY: &str = " The service also has an access policy of its own, which this document does not describe.";

const PROBLEM_JSON: &str = "application/problem+json";

type MediaType = &'static str;
type Shapes = Vec<RefOr<Schema>>;

/// The endpoint that a document describes.
#[derive(Clone, Copy)]
pub(in crate::http) struct Described<'a> {
    pub(in crate::http) codes: &'a BTreeSet<StatusCode>,
    pub(in crate::http) checks: &'a [&'a CheckSpec],
    pub(in crate::http) build: Option<&'a BuildMetadata>,
    pub(in crate::http) authorizer: Option<&'a Authorizer>,
}

impl<'a> Described<'a> {
    /// Returns the checks in a group.
    pub(in crate::http) fn members(&self, group: Group) -> Vec<&'a CheckSpec> {
        self.checks.iter().copied().filter(|check| check.is_in(group)).collect()
    }
}

/// A resource in the words of OpenAPI: its answers by status code, then by media type, with every shape that each can
/// have. The first media type is the one without a preference, because generated clients read no other.
pub(in crate::http) struct Description {
    /// The part of an operation's id behind the method. It does not depend on the paths that a service configures.
    name: String,
    summary: String,
    text: &'static str,
    formats: Vec<&'static Format>,
    parameters: Vec<Parameter>,
    answers: BTreeMap<StatusCode, Vec<(MediaType, Shapes)>>,
    has_etag: bool,
}

impl Description {
    pub(in crate::http) fn new(name: impl Into<String>, summary: impl Into<String>, formats: Formats) -> Self {
        let formats = formats.offered();
        Self {
            name: name.into(),
            summary: summary.into(),
            text: "",
            has_etag: formats.iter().any(|format| format.is_page),
            formats,
            parameters: Vec::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Sets the description of `GET`.
    pub(in crate::http) const fn text(mut self, text: &'static str) -> Self {
        self.text = text;
        self
    }

    /// Adds a parameter.
    pub(in crate::http) fn with(mut self, parameter: impl Into<Option<Parameter>>) -> Self {
        self.parameters.extend(parameter.into());
        self
    }

    /// Adds the parameter that selects the format.
    pub(in crate::http) fn with_format(self) -> Self {
        let format = parameter::format(&self.formats);
        self.with(format)
    }

    /// Adds the parameter for a part of a page, where there are pages.
    pub(in crate::http) fn with_fragment(self) -> Self {
        let fragment = self.has_page().then(parameter::fragment);
        self.with(fragment)
    }

    /// Adds the parameters that every report of several checks has.
    pub(in crate::http) fn with_report_options(self) -> Self {
        self.with_format().with(parameter::timeout()).with(parameter::exclude()).with_fragment()
    }

    /// Adds verdicts in every format.
    pub(in crate::http) fn with_reports(mut self, endpoint: &Described<'_>, shown: Shown<'_>) -> Self {
        for format in self.formats.clone() {
            for shape in (format.schema.shapes)(shown) {
                self.add(endpoint.codes, format.essence(), &shape);
            }
        }
        self
    }

    /// Adds metrics in each format that has them. They carry no verdict, so their status code is 200.
    pub(in crate::http) fn with_numbers(mut self) -> Self {
        for format in self.formats.clone().into_iter().filter(|format| !format.shows_reports()) {
            self.add(&[StatusCode::OK], format.essence(), &schema::text());
        }
        self
    }

    /// Adds a verdict in a media type outside of the formats.
    #[cfg(feature = "haproxy-agent")]
    pub(in crate::http) fn with_verdict(mut self, media_type: MediaType, endpoint: &Described<'_>) -> Self {
        self.add(endpoint.codes, media_type, &schema::text());
        self
    }

    /// Adds an answer with 200.
    pub(in crate::http) fn with_body(mut self, media_type: MediaType, shape: &RefOr<Schema>) -> Self {
        self.add(&[StatusCode::OK], media_type, shape);
        self
    }

    /// Adds an `ETag` to the answers with 200.
    pub(in crate::http) const fn with_etag(mut self) -> Self {
        self.has_etag = true;
        self
    }

    /// Adds problem documents, which people see as a page.
    pub(in crate::http) fn with_problems<'c>(
        mut self,
        codes: impl IntoIterator<Item = &'c StatusCode> + Clone,
    ) -> Self {
        self.add(codes.clone(), PROBLEM_JSON, &schema::named("Problem"));
        if cfg!(feature = "page") {
            self.add(codes, "text/html", &schema::text());
        }
        self
    }

    /// Describes `GET`, `HEAD` and `OPTIONS`, which carry the same status, with the refusals that access may answer.
    pub(in crate::http) fn path_item(
        self,
        access: AccessRequest,
        endpoint: &Described<'_>,
        security: &mut Security,
    ) -> PathItem {
        let authorizer = endpoint.authorizer;
        let refusals = authorizer.map(|authorizer| authorizer.possible_refusals(access)).unwrap_or_default();
        let requirement = authorizer.map_or_else(Requirement::open, |authorizer| authorizer.requirement(access));
        let has_own_policy = requirement.alternatives().iter().any(|schemes| schemes.contains(Scheme::CUSTOM));
        let security = security.require(&requirement);
        let has_page = self.has_page();
        // A query that is not valid, and a route or check that does not exist.
        let mut this = self.with_problems(&[StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND]).with_problems(&refusals);
        if has_page {
            // A fragment carries no verdict.
            this = this.with_body("text/html", &schema::text());
        }
        if this.has_etag {
            this.answers.entry(StatusCode::NOT_MODIFIED).or_default();
        }
        let note = if has_own_policy { OWN_POLICY } else { "" };
        let of = |method| this.operation(method, note, &security);
        PathItemBuilder::new()
            .operation(HttpMethod::Get, of("get"))
            .operation(HttpMethod::Head, of("head"))
            .operation(HttpMethod::Options, of("options"))
            .build()
    }

    fn operation(&self, method: &str, note: &str, security: &[SecurityRequirement]) -> Operation {
        let text = match method {
            "head" => "The status code and the headers of `GET`, without the body.",
            "options" => "The same answer as to `GET`, for load balancers that probe with `OPTIONS`.",
            _ => self.text,
        };
        let operation = OperationBuilder::new()
            .operation_id(Some(format!("{method}{}", self.name)))
            .summary(Some(&*self.summary))
            .description(Some(format!("{text}{note}")))
            .tag(TAG)
            .securities(Some(security.to_vec()))
            .parameters(Some(self.parameters.clone()));
        let has_body = method != "head";
        let operation = self.answers.iter().fold(operation, |operation, (code, by_type)| {
            let response = ResponseBuilder::new().description(code.canonical_reason().unwrap_or("A verdict"));
            let response = by_type.iter().filter(|_| has_body).fold(response, |response, (media_type, shapes)| {
                response.content(*media_type, Content::new(Some(schema::any_of(shapes))))
            });
            let response = match *code {
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                    response.header("Retry-After", header(Type::Integer))
                }
                StatusCode::UNAUTHORIZED => response.header("WWW-Authenticate", header(Type::String)),
                StatusCode::OK | StatusCode::NOT_MODIFIED if self.has_etag => {
                    response.header("ETag", header(Type::String))
                }
                _ => response,
            };
            operation.response(code.as_str(), response.build())
        });
        operation.build()
    }

    fn has_page(&self) -> bool {
        self.formats.iter().any(|format| format.is_page)
    }

    fn add<'c>(
        &mut self,
        codes: impl IntoIterator<Item = &'c StatusCode>,
        media_type: MediaType,
        shape: &RefOr<Schema>,
    ) {
        for code in codes {
            let by_type = self.answers.entry(*code).or_default();
            match by_type.iter_mut().find(|(known, _)| *known == media_type) {
                Some((_, shapes)) => shapes.push(shape.clone()),
                None => by_type.push((media_type, vec![shape.clone()])),
            }
        }
    }
}

pub(in crate::http) fn header(kind: Type) -> Header {
    HeaderBuilder::new().schema(Some(Schema::from(Object::with_type(kind)))).build()
}
