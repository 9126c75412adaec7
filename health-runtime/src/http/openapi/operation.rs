//! What a route answers.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::openapi::{
    Content, HeaderBuilder, Object, RefOr, ResponseBuilder, Schema, Type,
    path::{Operation, OperationBuilder, Parameter},
};

use super::{
    super::{negotiate::offered, target::Target},
    parameter,
};
use crate::{
    model::{CheckSpec, Group, Level},
    render::{
        FormatId,
        schema::{self, Shown},
    },
};

/// The answers of one route: by status code, then by media type, with every shape that it can have.
pub(super) struct Answers<'a> {
    summary: String,
    parameters: Vec<Parameter>,
    by_code: BTreeMap<StatusCode, BTreeMap<&'a str, Vec<RefOr<Schema>>>>,
    /// The kinds of answers that have an `ETag`.
    has_validator: bool,
}

impl Answers<'_> {
    pub(super) fn of(
        target: &Target,
        codes: &BTreeSet<StatusCode>,
        checks: &[&CheckSpec],
        refusals: &BTreeSet<StatusCode>,
    ) -> Self {
        let formats: Vec<FormatId> = FormatId::all().filter(|id| offered(target, *id)).collect();
        let has_page = formats.iter().any(|id| id.is_page());
        let mut answers = Self {
            summary: summary(target),
            parameters: parameters(target, &formats, checks),
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
            #[cfg(feature = "agent")]
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
        answers.add_problems(refusals);
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

    pub(super) fn operation(&self, id: &str, has_body: bool) -> Operation {
        let operation = OperationBuilder::new()
            .operation_id(Some(id))
            .summary(Some(&*self.summary))
            .tag("health")
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
}

impl<'a> Answers<'a> {
    fn add(&mut self, codes: &BTreeSet<StatusCode>, media_type: &'a str, shape: &RefOr<Schema>) {
        for code in codes {
            self.by_code.entry(*code).or_default().entry(media_type).or_default().push(shape.clone());
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
        Target::Info | Target::OpenApi => Vec::new(),
        #[cfg(feature = "events")]
        Target::Events => Vec::new(),
        #[cfg(feature = "agent")]
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

fn summary(target: &Target) -> String {
    match target {
        Target::Overview => "The status of everything, and what is running".to_owned(),
        Target::Levels => "Every level".to_owned(),
        Target::Level(level) => format!("Level {level} alone"),
        Target::Check(_) => "One check".to_owned(),
        Target::Group(Group::Liveness) => "Whether the process has to be restarted".to_owned(),
        Target::Group(Group::Readiness) => "Whether to send it requests".to_owned(),
        Target::Group(Group::Startup) => "Whether it has started".to_owned(),
        Target::Info => "What is running".to_owned(),
        Target::OpenApi => "This document".to_owned(),
        #[cfg(feature = "events")]
        Target::Events => "Changes as they happen, as server-sent events".to_owned(),
        #[cfg(feature = "agent")]
        Target::Agent => "What HAProxy reads from an agent".to_owned(),
        #[cfg(feature = "metrics")]
        Target::Metrics => "The numbers of each check's runs".to_owned(),
    }
}

pub(super) fn header(of: Type) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(Schema::from(Object::with_type(of)))).build()
}

fn text() -> RefOr<Schema> {
    Schema::from(Object::with_type(Type::String)).into()
}
