//! `POST {base}/token`: a token for a caller that another policy knows (RFC 6749, sections 4.4 and 5).

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use tokio::time::timeout;

use super::{
    answer::{JSON, insert_common},
    answering::Answering,
    peer::caller,
    problem::ProblemDetails,
    refused,
};
use crate::access::{Authorizer, Refusal, Token};

/// How much of a body is read, and for how long.
const LONGEST: usize = 8 * 1024;
const READING: Duration = Duration::from_secs(5);

const ALLOWED: HeaderValue = HeaderValue::from_static("POST");

/// The errors of RFC 6749, section 5.2, that a request can have here.
#[derive(Clone, Copy, Debug)]
enum TokenError {
    InvalidRequest(&'static str),
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
}

pub(super) fn answer(authorizer: Arc<Authorizer>, request: Request) -> Answering {
    if request.method() != Method::POST {
        let problem = ProblemDetails::refused(StatusCode::METHOD_NOT_ALLOWED, "a token is asked for with POST");
        let mut response = problem.into_response();
        response.headers_mut().insert(header::ALLOW, ALLOWED);
        return Answering::now(response);
    }
    Answering::later(async move {
        let (parts, body) = request.into_parts();
        match issue(&authorizer, parts, body).await {
            Ok(token) => respond(StatusCode::OK, token.to_json()),
            Err(response) => response,
        }
    })
}

/// The caller is looked at first: what a stranger sends is not even read.
async fn issue(authorizer: &Authorizer, parts: Parts, body: Body) -> Result<Token, Response> {
    let caller = caller(authorizer, parts);
    let token = authorizer.token(&caller).await.map_err(|refusal| refused(&refusal))?;
    let Ok(Ok(form)) = timeout(READING, to_bytes(body, LONGEST)).await else {
        return Err(TokenError::InvalidRequest("the body cannot be read, or is longer than 8 KiB").into_response());
    };
    check(&form).map_err(TokenError::into_response)?;
    Ok(token)
}

/// What a form may say: that it is the caller itself who wants a token.
fn check(form: &[u8]) -> Result<(), TokenError> {
    let mut grants = 0;
    for (key, value) in form_urlencoded::parse(form) {
        match (&*key, &*value) {
            ("grant_type", "client_credentials") => grants += 1,
            ("grant_type", _) => return Err(TokenError::UnsupportedGrantType),
            // A token grants what the caller's policy grants, and cannot be asked for less.
            ("scope", scope) if !scope.is_empty() => return Err(TokenError::InvalidScope),
            _ => {}
        }
    }
    match grants {
        0 if !form.is_empty() => {
            Err(TokenError::InvalidRequest("a body is a form with `grant_type=client_credentials`; or send none"))
        }
        0 | 1 => Ok(()),
        _ => Err(TokenError::InvalidRequest("`grant_type` stands there twice")),
    }
}

/// What the RFC has words for is said with them.
fn refused(refusal: &Refusal) -> Response {
    let error = match refusal.status() {
        StatusCode::UNAUTHORIZED => TokenError::InvalidClient,
        StatusCode::FORBIDDEN => TokenError::UnauthorizedClient,
        _ => return refused::respond_temporary(refusal),
    };
    let mut response = error.into_response();
    refused::add_challenges(refusal, response.headers_mut());
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
            Self::InvalidClient => "this needs credentials that are accepted",
            Self::UnauthorizedClient => "this caller may have no level run, so it gets no token",
            Self::UnsupportedGrantType => "the only grant type is client_credentials",
            Self::InvalidScope => "a token grants what its caller may see, and cannot be asked for a scope",
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
    // What RFC 6749, section 5.1, wants beside `no-store`.
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    insert_common(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_ask_for_a_token_of_its_own() {
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
