//! The operations in the OpenAPI document.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use utoipa::openapi::{
    Content, HttpMethod, PathItem, RefOr, Required, ResponseBuilder, Schema, Type,
    path::{Operation as DocumentedOperation, OperationBuilder, PathItemBuilder},
    request_body::{RequestBody, RequestBodyBuilder},
    security::SecurityRequirement,
};

use super::{operation::Operation, operations_route::OperationRoute};
use crate::{
    access::AccessRequest,
    http::{
        openapi::{Described, Security, TAG, header, parameter},
        paths::RouteScope,
        routes::{DescribeRoute, Route as _},
    },
    render::schema::{
        named, text,
        words::{anything, boolean, described, object, one_of, text as string, timestamp},
    },
};

const JSON: &str = "application/json";

impl DescribeRoute for OperationRoute {
    fn path_item(&self, _path: &str, endpoint: &Described<'_>, security: &mut Security) -> Option<PathItem> {
        let is_there = self.is_in(RouteScope::EVERYTHING, endpoint.authorizer) && !endpoint.checks.is_empty();
        let authorizer = endpoint.authorizer.filter(|_| is_there)?;
        let access = AccessRequest::Operate { level: None, is_run: self.0 == Operation::Run };
        let security = security.require(&authorizer.requirement(access));
        let operation = self.0.describe(endpoint, authorizer.possible_refusals(access), security);
        Some(PathItemBuilder::new().operation(HttpMethod::Post, operation).build())
    }
}

impl Operation {
    fn describe(
        self,
        endpoint: &Described<'_>,
        mut refusals: BTreeSet<StatusCode>,
        security: Vec<SecurityRequirement>,
    ) -> DocumentedOperation {
        let (id, summary, description) = match self {
            Self::Run => (
                "runCheck",
                "Runs a check",
                "Runs the check, however young its result is, and answers with the report of a run that began after the \
                 request: with 200, also if the check fails. A check of a fleet for which no run is due is not run, and \
                 the report has the fleet's latest result.",
            ),
            Self::Mute => (
                "muteCheck",
                "Mutes a check",
                "Until the end of the mute the check runs and is shown, and counts for nothing.",
            ),
            Self::Unmute => ("unmuteCheck", "Ends the mute of a check", "The check counts again, if it was muted."),
            Self::Drill => (
                "drillCheck",
                "Begins a drill of a check",
                "Until the end of the drill the check behaves as forced, and every answer says that it is a drill.",
            ),
            Self::Undrill => (
                "undrillCheck",
                "Ends the drill of a check",
                "The check behaves by itself again, if it was in a drill.",
            ),
        };
        refusals.extend([
            StatusCode::BAD_REQUEST,
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ]);
        refusals.extend(matches!(self, Self::Run | Self::Drill).then_some(StatusCode::CONFLICT));
        let ok = ResponseBuilder::new().description("OK").content(JSON, Content::new(Some(self.answer())));
        let operation = OperationBuilder::new()
            .operation_id(Some(id))
            .summary(Some(summary))
            .description(Some(description))
            .tag(TAG)
            .securities(Some(security))
            .parameter(parameter::check(endpoint.checks))
            .request_body(Some(self.body()))
            .response("200", ok.build());
        refusals.into_iter().fold(operation, |operation, code| operation.response(code.as_str(), problem(code))).build()
    }

    fn body(self) -> RequestBody {
        let (fields, required) = match self {
            Self::Run | Self::Unmute | Self::Undrill => (Vec::new(), Required::False),
            Self::Mute => {
                let duration = described("A duration such as `2h`, from `1s` to `7d`.", string());
                let reason = described("One line for everybody who sees the mute, up to 256 characters.", string());
                (vec![("for", duration, true), ("reason", reason, true)], Required::True)
            }
            Self::Drill => {
                let duration = described("A duration such as `5m`, from `1s` to `1h`.", string());
                let reason = described("One line for everybody who sees the drill, up to 256 characters.", string());
                let delay = described("For `slow` alone, which needs it: a duration such as `3s`.", string());
                let liveness = described("Confirms the drill of a check that fails liveness.", boolean());
                let fields = vec![
                    ("behavior", one_of(["fail", "warn", "slow", "hang"]), true),
                    ("for", duration, true),
                    ("reason", reason, true),
                    ("delay", delay, false),
                    ("liveness", liveness, false),
                ];
                (fields, Required::True)
            }
        };
        let schema: RefOr<Schema> = Schema::from(object(fields).build()).into();
        RequestBodyBuilder::new().content(JSON, Content::new(Some(schema))).required(Some(required)).build()
    }

    fn answer(self) -> RefOr<Schema> {
        let by = described("Name of the caller.", string());
        let (key, state) = match self {
            Self::Run => return named("SingleCheck"),
            Self::Mute => {
                let muted = object([("until", timestamp(), true), ("reason", string(), true), ("by", by, true)]);
                ("muted", muted.build().into())
            }
            Self::Unmute => ("muted", described("Always `null`.", anything())),
            Self::Drill => {
                let behavior = one_of(["fail", "warn", "slow", "hang"]);
                let fields = [("behavior", behavior), ("until", timestamp()), ("reason", string()), ("by", by)];
                ("drill", object(fields.map(|(name, schema)| (name, schema, true))).build().into())
            }
            Self::Undrill => ("drill", described("Always `null`.", anything())),
        };
        Schema::from(object([("check", string(), true), (key, state, true)]).build()).into()
    }
}

fn problem(code: StatusCode) -> ResponseBuilder {
    let response = ResponseBuilder::new()
        .description(code.canonical_reason().unwrap_or("A problem"))
        .content("application/problem+json", Content::new(Some(named("Problem"))));
    let response =
        if cfg!(feature = "page") { response.content("text/html", Content::new(Some(text()))) } else { response };
    match code {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            response.header("Retry-After", header(Type::Integer))
        }
        StatusCode::UNAUTHORIZED => response.header("WWW-Authenticate", header(Type::String)),
        _ => response,
    }
}
