//! Metadata of the protected resource (RFC 9728): the authorization servers whose tokens access accepts, so that a client of
//! the protocol knows where to ask for one.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::Response,
};
use serde_json::json;

use crate::{
    access::{AcceptedTokens, AccessRequest, Authorizer},
    http::{
        cached_response::{ALLOWED_METHODS, JSON, insert_common},
        paths::{Paths, RouteScope},
        peer::{host, original_uri},
        problem::ProblemDetails,
        routes::route::{PathKind, Route, RoutePath},
        service::Service,
    },
    maybe_ready::MaybeReady,
    model::Levels,
};

/// Prefix of the path of the resource (RFC 9728, section 3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[derive(Debug)]
struct ResourceMetadata;

/// The address of the tools, as clients know it.
#[derive(Debug, PartialEq, Eq)]
struct ResourceAddress {
    /// The scheme and the host.
    origin: String,
    path: String,
}

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    routes.push(RoutePath::new(format!("{WELL_KNOWN}{}/mcp", paths.base), PathKind::Optional, ResourceMetadata));
}

impl Route for ResourceMetadata {
    fn is_in(&self, scope: RouteScope, authorizer: Option<&Authorizer>) -> bool {
        authorizer.is_some_and(|authorizer| issuers(&authorizer.accepted_tokens(scope.levels)).next().is_some())
    }

    /// Answers every client: nothing here is a secret, and a client without a token has to read it.
    fn handle(self: Arc<Self>, service: &Arc<Service>, scope: RouteScope, request: Request) -> MaybeReady<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return MaybeReady::ready(ProblemDetails::method_not_allowed(request.method()).into_response());
        }
        let (parts, _body) = request.into_parts();
        let tokens = service.authorizer.as_ref().map(|authorizer| authorizer.accepted_tokens(scope.levels));
        let tokens = tokens.unwrap_or_default();
        let Some(address) = ResourceAddress::of(&tokens, service, &parts) else {
            let problem = ProblemDetails::bad_request("the request names no valid host");
            return MaybeReady::ready(problem.into_response());
        };
        let scopes: Vec<_> = tokens.scopes.iter().map(|(scope, _)| scope).collect();
        let mut metadata = json!({
            "resource": address.url(),
            "authorization_servers": issuers(&tokens).collect::<Vec<_>>(),
            "bearer_methods_supported": ["header"],
        });
        if !scopes.is_empty() {
            metadata["scopes_supported"] = json!(scopes);
        }
        let mut response = Response::new(Body::from(metadata.to_string()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        insert_common(headers);
        if parts.method == Method::OPTIONS {
            headers.insert(header::ALLOW, ALLOWED_METHODS);
        }
        MaybeReady::ready(response)
    }
}

#[cfg(feature = "openapi")]
impl crate::http::routes::DescribeRoute for ResourceMetadata {}

/// Adds the address of the metadata, and the scopes that would grant the request, to the challenges for tokens.
pub(super) fn with_challenges(
    service: &Service,
    parts: &Parts,
    access: AccessRequest,
    mut response: Response,
) -> Response {
    add_to_challenges(service, parts, access, response.headers_mut());
    response
}

fn add_to_challenges(service: &Service, parts: &Parts, access: AccessRequest, headers: &mut HeaderMap) {
    let Some(authorizer) = &service.authorizer else { return };
    let levels = levels_of(access);
    let tokens = authorizer.accepted_tokens(if levels.is_empty() { Levels::ALL } else { levels });
    if issuers(&tokens).next().is_none() {
        return;
    }
    let Some(address) = ResourceAddress::of(&tokens, service, parts) else { return };
    let grants = |(_, granted): &&(String, Levels)| !granted.and(levels).is_empty();
    let scopes = tokens.scopes.iter().filter(grants).map(|(scope, _)| &**scope);
    let scopes: Vec<_> = scopes.filter(|scope| is_scope(scope)).collect();
    let scope = if scopes.is_empty() { String::new() } else { format!(", scope=\"{}\"", scopes.join(" ")) };
    let parameters = format!(", resource_metadata=\"{}\"{scope}", address.metadata_url());
    let challenges: Vec<_> = headers.get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
    headers.remove(header::WWW_AUTHENTICATE);
    for challenge in challenges {
        let extended = challenge.to_str().ok().filter(|text| text.starts_with("Bearer "));
        let extended = extended.and_then(|text| HeaderValue::try_from(format!("{text}{parameters}")).ok());
        headers.append(header::WWW_AUTHENTICATE, extended.unwrap_or(challenge));
    }
}

/// Returns the levels that a request needs.
fn levels_of(access: AccessRequest) -> Levels {
    match access {
        AccessRequest::Levels { needed: Some(level), .. }
        | AccessRequest::Check(Some(level))
        | AccessRequest::Operate { level: Some(level), .. } => Levels::one(level),
        AccessRequest::Levels { shown, needed: None, .. } => shown,
        // Only a caller that may run every level learns that a check does not exist.
        AccessRequest::Check(None) | AccessRequest::Operate { level: None, .. } | AccessRequest::Everything(_) => {
            Levels::ALL
        }
        AccessRequest::Group(_) | AccessRequest::Info => Levels::NONE,
    }
}

/// Returns the issuers that are authorization servers with an address.
fn issuers(tokens: &AcceptedTokens) -> impl Iterator<Item = &str> {
    tokens.issuers.iter().map(|issuer| &**issuer).filter(|issuer| is_url(issuer))
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Returns whether a text is a scope of RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

impl ResourceAddress {
    /// Takes the address from the configured audience of the tokens, which names the resource (RFC 8707); else from the
    /// request.
    fn of(tokens: &AcceptedTokens, service: &Service, parts: &Parts) -> Option<Self> {
        let path = format!("{}/mcp", service.paths.base);
        let is_address = |audience: &&String| is_url(audience) && audience.ends_with(&path);
        if let Some(audience) = tokens.audiences.iter().find(is_address) {
            let start = audience.find("://")? + 3;
            let host_end = start + audience[start..].find('/')?;
            let (origin, path) = audience.split_at(host_end);
            return Some(Self { origin: origin.to_owned(), path: path.to_owned() });
        }
        let host = host(parts).filter(|host| is_host(host))?;
        let uri = original_uri(parts);
        let path = uri.path();
        let path = path.strip_prefix(WELL_KNOWN).unwrap_or(path);
        // A request over HTTP/1.1 does not state the scheme. Tokens travel in the clear to this machine alone.
        let scheme = uri.scheme_str().unwrap_or(if is_loopback(host) { "http" } else { "https" });
        Some(Self { origin: format!("{scheme}://{host}"), path: path.to_owned() })
    }

    fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    fn metadata_url(&self) -> String {
        format!("{}{WELL_KNOWN}{}", self.origin, self.path)
    }
}

/// Returns whether a host can stand in quotes.
fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_can_stand_in_a_challenge() {
        for host in ["orders", "orders.internal:8443", "[::1]:80", "127.0.0.1", "a_b"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "a\"b", "a b", "a/b", "a\\", "a,b", "é"] {
            assert!(!is_host(host), "{host}");
        }
        assert!(["localhost", "LOCALHOST:1", "127.0.0.9:80", "[::1]:80", "[::1]"].into_iter().all(is_loopback));
        assert!(!["localhost.evil", "10.0.0.1", "[::2]", ""].into_iter().any(is_loopback));
    }
}
