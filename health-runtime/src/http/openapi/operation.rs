//! What a route answers.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::openapi::{
    Content, HeaderBuilder, Object, RefOr, ResponseBuilder, Schema, Type,
    path::{Operation, OperationBuilder, Parameter},
    security::SecurityRequirement,
};

use super::{
    super::{negotiate::offered, target::Target},
    described::Described,
    parameter, refusals,
    security::Security,
    texts,
};
#[cfg(feature = "haproxy-agent")]
use crate::model::Group;
use crate::{
    access::Scheme,
    model::{CheckSpec, Level},
    render::{
        FormatId,
        schema::{self, Shown},
    },
};

type MediaType = &'static str;
type Shapes = Vec<RefOr<Schema>>;

/// The answers of one route: by status code, then by media type, with every shape that it can have. The first media type
/// is the one that the route answers without a preference, because generated clients read no other.
pub(super) struct Answers<'a> {
    target: &'a Target,
    parameters: Vec<Parameter>,
    security: Vec<SecurityRequirement>,
    has_own_policy: bool,
    by_code: BTreeMap<StatusCode, Vec<(MediaType, Shapes)>>,
    /// The kinds of answers that have an `ETag`.
    has_validator: bool,
}

impl<'a> Answers<'a> {
    pub(super) fn of(target: &'a Target, described: Described<'_>, security: &mut Security) -> Self {
        let Described { codes, checks, authorizer, .. } = described;
        let formats = offered(target);
        let has_page = formats.iter().any(|id| id.is_page());
        let requirement = refusals::requirement(target, authorizer);
        let mut answers = Self {
            target,
            parameters: parameters(target, &formats, checks),
            security: security.require(&requirement),
            has_own_policy: requirement.alternatives().iter().any(|kinds| kinds.contains(Scheme::CUSTOM)),
            by_code: BTreeMap::new(),
            has_validator: *target == Target::OpenApi || has_page,
        };
        let always = BTreeSet::from([StatusCode::OK]);
        match target {
            Target::Info => answers.add(&always, "application/json", &schema::named("Info")),
            Target::OpenApi => {
                answers.add(&always, "application/json", &Schema::from(Object::with_type(Type::Object)).into());
            }
            #[cfg(feature = "events")]
            Target::Events => {
                answers.add(&always, "text/event-stream", &text());
                // To tools that read the stream as a list of events.
                answers.add(&always, "text/event-stream", &Schema::from(Object::with_type(Type::Object)).into());
                let too_many = BTreeSet::from([StatusCode::SERVICE_UNAVAILABLE]);
                answers.add_problems(&too_many);
            }
            #[cfg(feature = "haproxy-agent")]
            Target::Agent => answers.add(codes, "text/plain", &text()),
            #[cfg(feature = "metrics")]
            Target::Metrics => answers.add_formats(&formats, &always, None),
            Target::Overview => {
                answers.add_formats(&formats, codes, Some(Shown::Overview));
                // Numbers are no verdict.
                let is_number = |id: &FormatId| id.format().is_of_numbers();
                let numbers: Vec<_> = formats.into_iter().filter(is_number).collect();
                answers.add_formats(&numbers, &always, None);
            }
            Target::Levels => answers.add_formats(&formats, codes, Some(Shown::Levels(&Level::ALL))),
            Target::Level(level) => answers.add_formats(&formats, codes, Some(Shown::Levels(&[*level]))),
            Target::Check(_) => answers.add_formats(&formats, codes, Some(Shown::Check)),
            Target::Group(_) => answers.add_formats(&formats, codes, Some(Shown::Group)),
        }
        // A query that cannot be meant, and what is not there.
        let refused = BTreeSet::from([StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND]);
        answers.add_problems(&refused);
        answers.add_problems(&refusals::of(target, authorizer));
        if has_page {
            // What its script asks for is no verdict.
            answers.add(&always, "text/html", &text());
        }
        if answers.has_validator {
            answers.by_code.entry(StatusCode::NOT_MODIFIED).or_default();
        }
        answers
    }

    /// Told to people as a page, whatever the route has else.
    fn add_problems(&mut self, codes: &BTreeSet<StatusCode>) {
        self.add(codes, "application/problem+json", &schema::named("Problem"));
        if cfg!(feature = "page") {
            self.add(codes, "text/html", &text());
        }
    }

    fn add_formats(&mut self, formats: &[FormatId], codes: &BTreeSet<StatusCode>, shown: Option<Shown<'_>>) {
        for id in formats {
            for shape in shown.map_or_else(|| vec![text()], |shown| schema::of(*id, shown)) {
                self.add(codes, id.format().essence(), &shape);
            }
        }
    }

    pub(super) fn operation(&self, method: &str, name: &str) -> Operation {
        let has_body = method != "head";
        let note = if self.has_own_policy { texts::OWN_POLICY } else { "" };
        let operation = OperationBuilder::new()
            .operation_id(Some(format!("{method}{name}")))
            .summary(Some(texts::summary(self.target)))
            .description(Some(texts::description(self.target, method) + note))
            .tag(texts::TAG)
            .securities(Some(self.security.clone()))
            .parameters(Some(self.parameters.clone()));
        let operation = self.by_code.iter().fold(operation, |operation, (code, by_type)| {
            let response = ResponseBuilder::new().description(code.canonical_reason().unwrap_or("A verdict"));
            let response = by_type.iter().filter(|_| has_body).fold(response, |response, (media_type, shapes)| {
                response.content(*media_type, Content::new(Some(schema::any_of(shapes))))
            });
            let response = match *code {
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                    response.header("Retry-After", header(Type::Integer))
                }
                StatusCode::UNAUTHORIZED => response.header("WWW-Authenticate", header(Type::String)),
                StatusCode::OK | StatusCode::NOT_MODIFIED if self.has_validator => {
                    response.header("ETag", header(Type::String))
                }
                _ => response,
            };
            operation.response(code.as_str(), response.build())
        });
        operation.build()
    }

    fn add(&mut self, codes: &BTreeSet<StatusCode>, media_type: MediaType, shape: &RefOr<Schema>) {
        for code in codes {
            let by_type = self.by_code.entry(*code).or_default();
            match by_type.iter_mut().find(|(known, _)| *known == media_type) {
                Some((_, shapes)) => shapes.push(shape.clone()),
                None => by_type.push((media_type, vec![shape.clone()])),
            }
        }
    }
}

fn parameters(target: &Target, formats: &[FormatId], checks: &[&CheckSpec]) -> Vec<Parameter> {
    // Of a page, the part that changes.
    let fragment = formats.iter().any(|id| id.is_page()).then(parameter::fragment);
    let of_reports = || {
        let common = [parameter::format(formats), parameter::timeout(), parameter::exclude()];
        common.into_iter().chain(fragment.clone())
    };
    let tag_of_members = |group| {
        let members: Vec<_> = checks.iter().copied().filter(|check| check.is_in(group)).collect();
        parameter::tag(&members)
    };
    match target {
        Target::Info => Vec::new(),
        Target::OpenApi => vec![parameter::version()],
        #[cfg(feature = "events")]
        Target::Events => Vec::new(),
        #[cfg(feature = "haproxy-agent")]
        Target::Agent => {
            [parameter::timeout(), parameter::exclude()].into_iter().chain(tag_of_members(Group::Readiness)).collect()
        }
        #[cfg(feature = "metrics")]
        Target::Metrics => vec![parameter::format(formats)],
        Target::Check(_) => {
            let own =
                [parameter::check(checks), parameter::format(formats), parameter::timeout(), parameter::verbose()];
            own.into_iter().chain(fragment).collect()
        }
        Target::Overview => of_reports().chain([parameter::verbose()]).chain(parameter::tag(checks)).collect(),
        Target::Levels => {
            of_reports().chain([parameter::view(), parameter::verbose()]).chain(parameter::tag(checks)).collect()
        }
        Target::Level(level) => {
            let of_level: Vec<_> = checks.iter().copied().filter(|check| check.level() == *level).collect();
            let own = [parameter::view(), parameter::verbose(), parameter::cumulative()];
            of_reports().chain(own).chain(parameter::tag(&of_level)).collect()
        }
        Target::Group(group) => of_reports().chain([parameter::verbose()]).chain(tag_of_members(*group)).collect(),
    }
}

pub(super) fn header(of: Type) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(Schema::from(Object::with_type(of)))).build()
}

fn text() -> RefOr<Schema> {
    Schema::from(Object::with_type(Type::String)).into()
}
