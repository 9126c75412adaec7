//! `POST {base}/token`.

use std::time::Duration;

use health_runtime::{
    Group, Level, Levels,
    access::{Access, AccessKey, Limits, Tokens, User, access_key, any_of, basic, public},
};
use health_tests::{Answer, send};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::{SECRET, Service};

/// Ada sees all, Bob levels 4 and 5 without details.
fn access() -> Access {
    let people = basic(
        "health",
        [
            User::new("ada", "correct horse"),
            User::new("bob", "battery staple").levels(Level::L4..=Level::L5).without_details(),
        ],
    );
    let tokens = Tokens::new(SECRET, people.clone()).lifetime(Duration::from_mins(5));
    Access::new()
        .levels(Level::L5, public())
        .levels(Level::L1..=Level::L4, any_of([people, tokens.policy()]))
        .tokens(tokens)
}

async fn post(service: &Service, headers: &str, body: &str) -> Answer {
    let (address, length) = (service.address, body.len());
    let request = format!(
        "POST /health/token HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    send(address, &request).await
}

const ADA: &str = "Authorization: Basic YWRhOmNvcnJlY3QgaG9yc2U=\r\n";
const BOB: &str = "Authorization: Basic Ym9iOmJhdHRlcnkgc3RhcGxl\r\n";
const WRONG: &str = "Authorization: Basic YWRhOndyb25n\r\n";

async fn token(service: &Service, headers: &str) -> String {
    let answer = post(service, headers, "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn known_caller_gets_token_for_its_levels() {
    let service = Service::with(access()).await;
    let answer = post(&service, ADA, "grant_type=client_credentials").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let body = answer.json();
    // RFC 6749, section 5.1.
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(4));
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(300), &json!("Bearer")));
    assert_eq!(body["access_token"], body["token"]);
    let ada = body["token"].as_str().expect("a token");
    let claims = claims(ada);
    assert_eq!((&claims["sub"], &claims["health_levels"]), (&json!("ada"), &json!([1, 2, 3, 4, 5])));
    assert_eq!(claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat), Some(300));

    let deep = service.with_token("/health/levels/1", ada).await;
    assert!(deep.status == 200 && deep.body.contains("a detail"));
    let bob = token(&service, BOB).await;
    assert_eq!(service.with_token("/health/levels/1", &bob).await.status, 403);
    let shallow = service.with_token("/health/levels/4", &bob).await;
    assert!(shallow.status == 200 && !shallow.body.contains("a detail"));
}

#[tokio::test]
async fn token_is_not_exchanged_for_another() {
    let service = Service::with(access()).await;
    let ada = token(&service, ADA).await;
    let answer = post(&service, &format!("Authorization: Bearer {ada}\r\n"), "").await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
}

fn claims(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["health-runtime"]);
    decode(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation).expect("a good token").claims
}

#[tokio::test]
async fn token_grants_no_more_than_the_credentials_that_bought_it() {
    let people = || basic("health", [User::new("ada", "correct horse")]);
    let machines = access_key([AccessKey::new("k", "0123456789abcdef-secret")]);
    // A copy of the policy knows the same password.
    for rule in [Some(people()), None] {
        let buys = people();
        let rule = rule.unwrap_or_else(|| buys.clone());
        let tokens = Tokens::new(SECRET, any_of([buys, machines.clone()]));
        let access = Access::new()
            .levels(Level::L1..=Level::L2, any_of([machines.clone(), tokens.policy()]))
            .levels(Level::L3..=Level::L4, any_of([rule.without_details(), tokens.policy()]))
            .levels(Level::L5, public())
            .tokens(tokens);
        let service = Service::with(access).await;
        let ada = token(&service, ADA).await;
        assert_eq!(service.with_token("/health/levels/1", &ada).await.status, 403);
        assert_eq!(service.with_token("/health/levels/3", &ada).await.status, 200);
        let claims = claims(&ada);
        assert_eq!((&claims["health_levels"], &claims["health_details"]), (&json!([3, 4, 5]), &json!([])));
    }
}

/// A password may be good for nothing else.
#[tokio::test]
async fn credentials_without_a_rule_get_the_grants_of_the_token_policy() {
    let tokens =
        Tokens::new(SECRET, basic("health", [User::new("ada", "correct horse").levels(Level::L2..=Level::L5)]));
    let machines = access_key([AccessKey::new("k", "0123456789abcdef-secret")]);
    let access = Access::new()
        .levels(Level::L1..=Level::L4, any_of([machines, tokens.policy()]))
        .levels(Level::L5, public())
        .tokens(tokens);
    let service = Service::with(access).await;
    let ada = token(&service, ADA).await;
    assert_eq!(claims(&ada)["health_levels"], json!([2, 3, 4, 5]));
    assert_eq!(service.with_token("/health/levels/2", &ada).await.status, 200);
}

#[tokio::test]
async fn errors_are_those_of_the_rfc() {
    let service = Service::with(access()).await;
    for (headers, body, status, error) in [
        ("", "", 401, "invalid_client"),
        (WRONG, "", 401, "invalid_client"),
        ("Authorization: Basic !\r\n", "", 401, "invalid_client"),
        (ADA, "grant_type=password&username=ada", 400, "unsupported_grant_type"),
        (ADA, "grant_type=client_credentials&scope=all", 400, "invalid_scope"),
        (ADA, "client_id=ada", 400, "invalid_request"),
        (ADA, r#"{"grant_type":"password"}"#, 400, "invalid_request"),
        (ADA, &"x".repeat(10_000), 400, "invalid_request"),
    ] {
        let answer = post(&service, headers, body).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{headers}{body}");
        assert!(answer.json()["error_description"].is_string());
        assert_eq!(answer.header("cache-control"), "no-store");
        let challenge = if status == 401 { r#"Basic realm="health", charset="UTF-8""# } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    for method in ["GET", "HEAD", "OPTIONS", "PUT"] {
        let answer = health_tests::request(service.address, method, "/health/token").await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
}

#[tokio::test]
async fn passwords_are_not_guessed_here_either() {
    let access = access().limits(Limits::new().failures(3, Duration::from_mins(1)));
    let service = Service::with(access).await;
    for _ in 0..3 {
        assert_eq!(post(&service, WRONG, "").await.status, 401);
    }
    let answer = post(&service, ADA, "").await;
    assert_eq!((answer.status, answer.header("content-type")), (429, "application/problem+json"));
    assert_ne!(answer.header("retry-after"), "");
    // Client libraries look for these.
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
}

/// A public port must not ask for a password.
#[tokio::test]
async fn tokens_are_given_where_they_are_of_use() {
    let endpoint = health_tests::builder([]).access(access()).build().expect("a good endpoint");
    let public = endpoint.levels(Level::L5).router();
    let guarded = endpoint.levels(Level::L4..=Level::L5).router();
    for (router, status) in [(public, 404), (guarded, 200), (endpoint.without_groups().router(), 200)] {
        let address = health_tests::serve(router).await;
        let service = Service { address, runs: std::sync::Arc::default() };
        assert_eq!(post(&service, ADA, "").await.status, status);
    }
}

/// Tokens may serve the build information or a group alone.
#[tokio::test]
async fn tokens_are_given_for_more_than_levels() {
    let tokens = || Tokens::new(SECRET, basic("health", [User::new("ada", "correct horse")]));
    let all = || Access::new().levels(Levels::ALL, public());
    for (access, without_groups) in [
        (all().info(tokens().policy()).tokens(tokens()), 200),
        (all().group(Group::Readiness, tokens().policy()).tokens(tokens()), 404),
    ] {
        let endpoint = health_tests::builder([]).access(access).build().expect("a good endpoint");
        for (router, status) in [(endpoint.router(), 200), (endpoint.without_groups().router(), without_groups)] {
            let address = health_tests::serve(router).await;
            let service = Service { address, runs: std::sync::Arc::default() };
            assert_eq!(post(&service, ADA, "").await.status, status);
        }
    }
}

#[tokio::test]
async fn token_route_exists_only_where_configured() {
    let service = Service::with(Access::new().levels(Levels::ALL, public())).await;
    assert_eq!(health_tests::get(service.address, "/health/token").await.status, 404);
    assert_eq!(post(&service, ADA, "").await.status, 404);
}
