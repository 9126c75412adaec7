//! Libraries of others: `PyJWT` on both sides, and authlib, which asks for tokens.

use std::time::Duration;

use health_runtime::{
    Levels,
    access::{Access, Jwt, Limits, Tokens, User, any_of, basic},
};
use health_tests::ask_python;
use serde_json::{Value, json};

use super::{SECRET, Service, algorithms};

fn ask(question: &Value) -> Value {
    ask_python("pyjwt.py", question)
}

#[tokio::test]
#[ignore = "needs PyJWT: scripts/peers"]
async fn tokens_of_another_library_are_judged_as_it_judges_them() {
    for (algorithm, inner, _, keys) in algorithms() {
        let service = Service::behind(Jwt::new(algorithm, keys).audience("orders-health").issuer(super::ISSUER)).await;
        let (private, public) = match inner {
            jsonwebtoken::Algorithm::RS256 => (super::RSA, super::RSA_PUBLIC),
            jsonwebtoken::Algorithm::ES256 => (super::EC, super::EC_PUBLIC),
            jsonwebtoken::Algorithm::EdDSA => (super::ED, super::ED_PUBLIC),
            _ => (SECRET, SECRET),
        };
        let tokens = ask(&json!({
            "make": { "algorithm": algorithm.to_string(), "private": private, "public": public,
                      "issuer": super::ISSUER, "audience": "orders-health" },
        }));
        let tokens = tokens.as_array().expect("tokens");
        assert!(tokens.len() > 8);
        for token in tokens {
            let accepted = service.accepts(token["token"].as_str().expect("a token")).await;
            assert_eq!(Value::from(accepted), token["accepted"], "{algorithm}: {}", token["what"]);
        }
    }
}

#[tokio::test]
#[ignore = "needs PyJWT: scripts/peers"]
async fn other_library_accepts_issued_tokens() {
    let people = basic("health", [User::new("ada", "correct horse")]);
    let tokens = Tokens::new(SECRET, people.clone());
    let service = Service::with(Access::new().levels(Levels::ALL, people).tokens(tokens)).await;
    let address = service.address;
    let answer = health_tests::send(
        address,
        &format!("POST /health/token HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Basic YWRhOmNvcnJlY3QgaG9yc2U=\r\nContent-Length: 0\r\n\r\n"),
    )
    .await;
    let token = answer.json()["token"].clone();
    let read = |secret: &str, audience: &str| {
        ask(&json!({ "read": { "token": token, "secret": secret, "audience": audience } }))
    };
    let claims = read(SECRET, "health-runtime");
    assert_eq!((&claims["sub"], &claims["health_levels"]), (&json!("ada"), &json!([1, 2, 3, 4, 5])));
    assert_eq!(read(SECRET, "another"), json!({ "error": "InvalidAudienceError" }));
    assert_eq!(
        read("another-0123456789abcdef0123456789abcdef", "health-runtime"),
        json!({ "error": "InvalidSignatureError" })
    );
}

#[tokio::test]
#[ignore = "needs authlib: scripts/peers"]
async fn authlib_gets_a_token_and_uses_it() {
    let people = basic("health", [User::new("ada", "correct horse")]);
    let tokens = Tokens::new(SECRET, people.clone());
    let limits = Limits::new().failures(2, Duration::from_mins(1));
    let access = Access::new().levels(Levels::ALL, any_of([people, tokens.policy()])).tokens(tokens).limits(limits);
    let service = Service::with(access).await;
    let base = format!("http://{}/health", service.address);
    let ask = async |password: &str| {
        let question = json!({ "base": base, "client_id": "ada", "client_secret": password });
        tokio::task::spawn_blocking(move || ask_python("oauth.py", &question)).await.expect("an answer")
    };
    let answer = ask("correct horse").await;
    assert_eq!((&answer["status"], &answer["token"]["token_type"]), (&json!(200), &json!("Bearer")), "{answer}");
    assert_eq!(answer["checks"]["level_1"]["checks"]["deep"]["status"], "warn", "{answer}");
    for error in ["invalid_client", "invalid_client", "temporarily_unavailable"] {
        assert_eq!(ask("wrong").await, json!({ "error": error }));
    }
}
