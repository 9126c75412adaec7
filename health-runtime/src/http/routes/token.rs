//! `POST {base}/token`: a token for a caller that another policy accepts (RFC 6749, sections 4.4 and 5).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    super::{
        cached_response::{JSON, insert_common},
        paths::{Paths, RouteScope},
        peer::caller,
        post::{check_method, read_body},
        problem::{ProblemDetails, add_challenges, refused_temporarily},
        service::Service,
    },
    route::{PathKind, Route, RoutePath},
};
use crate::{
    access::{Authorizer, Refusal, Token},
    maybe_ready::MaybeReady,
};

const MAX_BODY_BYTES: usize = 8 * 1024;

/// The errors of RFC 6749, section 5.2, that occur here.
#[derive(Clone, Copy, Debug)]
enum TokenError {
    InvalidRequest(&'static str),
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
}

#[derive(Debug)]
struct IssueToken;

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{}/token", paths.base), PathKind::Optional, IssueToken));
}

impl Route for IssueToken {
    /// Exists only where a token is of use. Nobody should send a password to a port that is open to every caller, or for
    /// orchestrators alone.
    fn is_in(&self, scope: RouteScope, authorizer: Option<&Authorizer>) -> bool {
        authorizer.is_some_and(|authorizer| authorizer.gives_tokens(scope.levels, scope.has_groups))
    }

    fn handle(self: Arc<Self>, service: &Arc<Service>, _scope: RouteScope, request: Request) -> MaybeReady<Response> {
        let Some(authorizer) = service.authorizer.clone() else {
            return MaybeReady::ready(ProblemDetails::not_found("this endpoint issues no tokens").into_response());
        };
        if let Err(problem) = check_method(request.method(), "request a token with POST") {
            return MaybeReady::ready(problem.into_response());
        }
        MaybeReady::boxed(async move {
            let (parts, body) = request.into_parts();
            match issue(&authorizer, parts, body).await {
                Ok(token) => respond(StatusCode::OK, token.to_json()),
                Err(response) => response,
            }
        })
    }
}

/// Authorizes the caller first: the body of a stranger is not even read.
async fn issue(authorizer: &Authorizer, parts: Parts, body: Body) -> Result<Token, Response> {
    let caller = caller(authorizer, parts);
    let token = authorizer.token(&caller).await.map_err(|refusal| refused(&refusal))?;
    let Ok(form) = read_body(body, MAX_BODY_BYTES).await else {
        return Err(TokenError::InvalidRequest("the body cannot be read, or is longer than 8 KiB").into_response());
    };
    check(&form).map_err(TokenError::into_response)?;
    Ok(token)
}

/// Validates a form, which may only ask for a token for the caller itself.
fn check(form: &[u8]) -> Result<(), TokenError> {
    let mut grants = 0;
    for (key, value) in form_urlencoded::parse(form) {
        match (&*key, &*value) {
            ("grant_type", "client_credentials") => grants += 1,
            ("grant_type", _) => return Err(TokenError::UnsupportedGrantType),
            // A token grants the same as the caller's policy; a request cannot ask for less.
            ("scope", scope) if !scope.is_empty() => return Err(TokenError::InvalidScope),
            _ => {}
        }
    }
    match grants {
        0 if !form.is_empty() => {
            Err(TokenError::InvalidRequest("a body must be a form with `grant_type=client_credentials`; or send none"))
        }
        0 | 1 => Ok(()),
        _ => Err(TokenError::InvalidRequest("`grant_type` occurs twice")),
    }
}

/// Uses the errors of the RFC where it defines one.
fn refused(refusal: &Refusal) -> Response {
    let error = match refusal.status() {
        StatusCode::UNAUTHORIZED => TokenError::InvalidClient,
        StatusCode::FORBIDDEN => TokenError::UnauthorizedClient,
        _ => return refused_temporarily(refusal),
    };
    let mut response = error.into_response();
    add_challenges(refusal, response.headers_mut());
    response
}

impl TokenError {
    const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(what) => what,
            Self::InvalidClient => "valid credentials are required",
            Self::UnauthorizedClient => "this caller may run no level, so it gets no token",
            Self::UnsupportedGrantType => "the only grant type is client_credentials",
            Self::InvalidScope => "a token grants the same as its caller's credentials; leave out `scope`",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.code(), "error_description": self.description() });
        respond(self.status(), body.to_string().into_bytes())
    }
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    // RFC 6749, section 5.1, demands it in addition to `no-store`.
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    insert_common(headers);
    response
}

#[cfg(feature = "openapi")]
mod description {
    use utoipa::openapi::{
        Content, HttpMethod, Object, ObjectBuilder, PathItem, RefOr, ResponseBuilder, Schema, Type,
        path::{OperationBuilder, PathItemBuilder},
        request_body::RequestBodyBuilder,
        security::SecurityRequirement,
    };

    use super::{
        super::super::{
            openapi::{Described, Security, TAG, header},
            paths::RouteScope,
        },
        super::description::DescribeRoute,
        IssueToken, Route,
    };
    use crate::{access::Authorizer, render::schema};

    const ERRORS: [&str; 5] =
        ["invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"];

    impl DescribeRoute for IssueToken {
        fn path_item(&self, _path: &str, endpoint: &Described<'_>, security: &mut Security) -> Option<PathItem> {
            let authorizer =
                endpoint.authorizer.filter(|&authorizer| self.is_in(RouteScope::EVERYTHING, Some(authorizer)))?;
            Some(path_item(authorizer, security.require(&authorizer.requirement_of_tokens())))
        }
    }

    /// Describes `POST`. Refusals that RFC 6749 has no words for are problem documents.
    fn path_item(authorizer: &Authorizer, security: Vec<SecurityRequirement>) -> PathItem {
        let text = || Schema::from(Object::with_type(Type::String));
        let object = |fields: Vec<(&str, Schema)>| -> RefOr<Schema> {
            let empty = ObjectBuilder::new().schema_type(Type::Object);
            let object = fields.into_iter().fold(empty, |object, (name, of)| object.property(name, of).required(name));
            Schema::from(object.build()).into()
        };
        let json = |schema: RefOr<Schema>, why: &str| {
            ResponseBuilder::new().description(why).content("application/json", Content::new(Some(schema)))
        };
        let token = object(vec![
            ("access_token", text()),
            ("token_type", text()),
            ("expires_in", Object::with_type(Type::Integer).into()),
            ("token", text()),
        ]);
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ERRORS)).build();
        let error = object(vec![("error", word.into()), ("error_description", text())]);
        let problem = || {
            let problem = ResponseBuilder::new().description("Not now");
            let problem = problem.content("application/problem+json", Content::new(Some(schema::named("Problem"))));
            let problem = if cfg!(feature = "page") {
                problem.content("text/html", Content::new(Some(RefOr::from(text()))))
            } else {
                problem
            };
            problem.header("Retry-After", header(Type::Integer)).build()
        };
        let grant = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["client_credentials"])).build();
        let form = ObjectBuilder::new().schema_type(Type::Object).property("grant_type", grant).build();
        let body = RequestBodyBuilder::new()
            .content("application/x-www-form-urlencoded", Content::new(Some(RefOr::from(Schema::from(form)))))
            .build();
        let unauthorized = json(error.clone(), "Unauthorized").header("WWW-Authenticate", header(Type::String));
        let operation = OperationBuilder::new()
            .operation_id(Some("postToken"))
            .summary(Some("A token for an authorized caller"))
            .description(Some("The token grants the same as the credentials of the caller, for a short time. The body may be left out."))
            .tag(TAG)
            .securities(Some(security))
            .request_body(Some(body))
            .response("200", json(token, "OK").build())
            .response("400", json(error, "Bad Request").build())
            .response("401", unauthorized.build())
            .response("503", problem());
        let operation = if authorizer.has_limits() { operation.response("429", problem()) } else { operation };
        PathItemBuilder::new().operation(HttpMethod::Post, operation.build()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_may_only_ask_for_a_token_for_its_caller() {
        assert!(check(b"").is_ok());
        assert!(check(b"grant_type=client_credentials").is_ok());
        assert!(check(b"scope=&grant_type=client_credentials&client_id=ada").is_ok());
        for (form, code) in [
            (&b"grant_type=password"[..], "unsupported_grant_type"),
            (b"grant_type=client_credentials&scope=health", "invalid_scope"),
            (b"scope=", "invalid_request"),
            (br#"{"grant_type":"client_credentials"}"#, "invalid_request"),
            (b"grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ] {
            assert_eq!(check(form).map_err(TokenError::code), Err(code));
        }
    }
}
