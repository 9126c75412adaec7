//! Where tokens are given out.

use utoipa::openapi::{
    Content, HttpMethod, Object, ObjectBuilder, PathItem, RefOr, ResponseBuilder, Schema, Type,
    path::{OperationBuilder, PathItemBuilder},
    request_body::RequestBodyBuilder,
    security::SecurityRequirement,
};

use super::{operation::header, texts};
use crate::{access::Authorizer, render::schema};

const WORDS: [&str; 5] =
    ["invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"];

/// `POST` alone. What RFC 6749 has no words for is told as everywhere else.
pub(super) fn item(authorizer: &Authorizer, security: Vec<SecurityRequirement>) -> PathItem {
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
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(WORDS)).build();
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
        .summary(Some("A token for a caller that is known"))
        .description(Some("The token grants what the caller may see, for a short time. The body may be left out."))
        .tag(texts::TAG)
        .securities(Some(security))
        .request_body(Some(body))
        .response("200", json(token, "OK").build())
        .response("400", json(error, "Bad Request").build())
        .response("401", unauthorized.build())
        .response("503", problem());
    let operation = if authorizer.has_limits() { operation.response("429", problem()) } else { operation };
    PathItemBuilder::new().operation(HttpMethod::Post, operation.build()).build()
}
