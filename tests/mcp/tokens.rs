//! Tokens of an authorization server: the metadata that leads a client there (RFC 9728), and the challenges.

use std::time::{Duration, SystemTime};

use health_runtime::{
    Check, Endpoint, Level, Levels,
    access::{Access, AnyPolicy, Jwt, JwtAlgorithm, JwtKeys, User, any_of, basic, jwt},
};
use health_tests::{builder, get, get_with, request};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::agent::Agent;

const SECRET: &str = "canary-0123456789abcdef0123456789abcdef";
const ISSUER: &str = "https://login.example.com";
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource/health/mcp";

fn accepted(audience: &str) -> Jwt {
    Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET))
        .issuer(ISSUER)
        .audience(audience)
        .scope("health:deep", Levels::ALL)
        .scope("health:shallow", Level::L5)
}

fn endpoint(policy: AnyPolicy) -> Endpoint {
    let checks = [Check::new("db", Level::L1, || async { true }), Check::new("ping", Level::L5, || async { true })];
    builder(checks).access(Access::new().levels(Levels::ALL, policy)).build().expect("a good endpoint")
}

fn token(scope: &str, audience: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let exp = (now + Duration::from_mins(5)).as_secs();
    let claims = json!({ "iss": ISSUER, "aud": audience, "exp": exp, "scope": scope, "sub": "agent" });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    format!("Bearer {}", encode(&Header::new(Algorithm::HS256), &claims, &key).expect("a token"))
}

#[tokio::test]
async fn challenge_leads_to_the_metadata() {
    let agent = Agent::of(&endpoint(jwt(accepted("orders-health")))).await;
    let origin = format!("http://{}", agent.address);
    let metadata = format!("resource_metadata=\"{origin}{WELL_KNOWN}\"");
    let missing = agent.stateless("server/discover", json!({})).await;
    let expected = format!("Bearer realm=\"health\", {metadata}, scope=\"health:deep health:shallow\"");
    assert_eq!((missing.status, missing.header("www-authenticate")), (401, &*expected));
    let invalid = agent.clone().with("Authorization", "Bearer x.y.z").stateless("tools/list", json!({})).await;
    let expected =
        format!("Bearer realm=\"health\", error=\"invalid_token\", {metadata}, scope=\"health:deep health:shallow\"");
    assert_eq!((invalid.status, invalid.header("www-authenticate")), (401, &*expected));

    let shallow = agent.clone().with("Authorization", &token("health:shallow", "orders-health"));
    assert_eq!(shallow.call("health_report", json!({})).await["level_5"]["status"], "pass");
    let needed = format!("Bearer realm=\"health\", error=\"insufficient_scope\", {metadata}, scope=\"health:deep\"");
    for (tool, arguments) in [("health_report", json!({ "level": 1 })), ("health_check", json!({ "name": "db" }))] {
        let refused = shallow.call_raw(tool, arguments).await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (403, &*needed), "{tool}");
    }
    let other = agent.clone().with("Authorization", &token("health:deep", "billing-health"));
    assert_eq!(other.stateless("tools/list", json!({})).await.status, 401, "another audience");

    let document = get(agent.address, WELL_KNOWN).await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    let expected = json!({
        "resource": format!("{origin}/health/mcp"),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["health:deep", "health:shallow"],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document.json(), expected);
    assert_eq!(request(agent.address, "POST", WELL_KNOWN).await.status, 405);
    // Other routes are as before.
    let plain = get(agent.address, "/health/levels/1").await;
    assert_eq!(plain.header("www-authenticate"), r#"Bearer realm="health""#);
}

#[tokio::test]
async fn audience_names_the_resource() {
    let audience = "https://orders.example.com/api/health/mcp";
    let agent = Agent::of(&endpoint(jwt(accepted(audience)))).await;
    let document = get(agent.address, WELL_KNOWN).await.json();
    assert_eq!(document["resource"], audience);
    let challenge = agent.stateless("tools/list", json!({})).await.header("www-authenticate").to_owned();
    let metadata = "https://orders.example.com/.well-known/oauth-protected-resource/api/health/mcp";
    assert!(challenge.contains(&format!("resource_metadata=\"{metadata}\"")), "{challenge}");
}

#[tokio::test]
async fn host_of_a_request_forges_no_challenge() {
    let agent = Agent::of(&endpoint(jwt(accepted("orders-health")))).await;
    for host in ["a\", scope=\"evil", "a b", "a/b", ""] {
        let answer = get_with(agent.address, WELL_KNOWN, &[("Host", host)]).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        assert!(!body["resource"].to_string().contains("evil"), "{host}: {answer:?}");
    }
}

#[tokio::test]
async fn metadata_exists_only_with_an_authorization_server() {
    let people = || basic("health", [User::new("ada", "correct horse")]);
    let nameless = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET)).issuer("login");
    for policy in [people(), jwt(nameless)] {
        let agent = Agent::of(&endpoint(policy)).await;
        assert_eq!(get(agent.address, WELL_KNOWN).await.status, 404);
        let challenge = agent.stateless("tools/list", json!({})).await;
        assert!(!challenge.header("www-authenticate").contains("resource_metadata"), "{challenge:?}");
    }
    let both = any_of([people(), jwt(accepted("orders-health"))]).only_levels(Levels::ALL);
    assert_eq!(get(Agent::of(&endpoint(both)).await.address, WELL_KNOWN).await.status, 200);
}
