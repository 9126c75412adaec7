//! Tokens that must not be accepted.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use health_runtime::access::{Jwt, JwtKeys};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    EC_PUBLIC, ED_PUBLIC, ISSUER, RSA_PUBLIC, SECRET, Service, algorithms, claims, claims_but, hs256, now, signed,
};

/// A token made by hand, whatever its header says.
fn by_hand(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn each_algorithm_accepts_its_own_tokens_and_no_others() {
    for (at, (algorithm, _, _, keys)) in algorithms().into_iter().enumerate() {
        let service = Service::behind(Jwt::new(algorithm, keys).audience("orders-health")).await;
        for (other_at, (_, other, key, _)) in algorithms().into_iter().enumerate() {
            let token = encode(&Header::new(other), &claims(), &key).expect("a token");
            assert_eq!(service.accepts(&token).await, at == other_at, "{other:?} for {algorithm}");
        }
    }
}

/// An attacker signs with the public key, as if it were a secret.
#[tokio::test]
async fn public_key_does_not_verify_hmac() {
    for (algorithm, inner, _, keys) in algorithms().into_iter().skip(1) {
        let service = Service::behind(Jwt::new(algorithm, keys).audience("orders-health")).await;
        let name = format!("{inner:?}");
        for public in [RSA_PUBLIC, EC_PUBLIC, ED_PUBLIC] {
            for alg in ["HS256", "HS384", "HS512", &name] {
                let token = by_hand(&json!({ "alg": alg, "typ": "JWT" }), &claims(), public.as_bytes());
                assert!(!service.accepts(&token).await, "{alg} for {algorithm}");
            }
        }
    }
}

#[tokio::test]
async fn unsigned_token_is_rejected() {
    for (algorithm, _, _, keys) in algorithms() {
        let service = Service::behind(Jwt::new(algorithm, keys).audience("orders-health")).await;
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let (header, claims) = (json!({ "alg": alg, "typ": "JWT" }), claims());
            let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
            for token in [format!("{signed}."), signed.clone(), by_hand(&header, &claims, SECRET.as_bytes())] {
                assert!(!service.accepts(&token).await, "{alg:?} for {algorithm}");
            }
        }
    }
}

#[tokio::test]
async fn headers_do_not_say_how_to_verify() {
    let service = Service::behind(hs256()).await;
    let sign = |header: Value, secret: &str| by_hand(&header, &claims(), secret.as_bytes());
    assert!(service.accepts(&sign(json!({ "alg": "HS256" }), SECRET)).await, "the control");
    let mine = "0123456789abcdef0123456789abcdef";
    let jwk = json!({ "kty": "oct", "k": BASE64.encode(mine), "alg": "HS256" });
    for header in [
        json!({ "alg": "HS256", "jwk": jwk }),
        json!({ "alg": "HS256", "jku": "https://evil.example.com/jwks.json" }),
        json!({ "alg": "HS256", "kid": "../../dev/null" }),
    ] {
        assert!(!service.accepts(&sign(header.clone(), mine)).await, "{header}");
        assert!(!service.accepts(&sign(header.clone(), "")).await, "{header}");
    }
    // An unknown critical extension must not be ignored.
    for crit in [json!(["exp"]), json!(["b64"]), json!([])] {
        let header = json!({ "alg": "HS256", "crit": crit, "b64": false });
        assert!(!service.accepts(&sign(header.clone(), SECRET)).await, "{header}");
    }
    for alg in ["HS384", "HS512", "RS256", "hs256", "HS256 "] {
        assert!(!service.accepts(&sign(json!({ "alg": alg }), SECRET)).await, "{alg}");
    }
    assert!(!service.accepts(&sign(json!({ "typ": "JWT" }), SECRET)).await, "no algorithm");
}

#[tokio::test]
async fn claims_are_held_to() {
    let service = Service::behind(hs256()).await;
    for (changes, expected) in [
        (json!({}), true),
        // Clocks may be half a minute apart.
        (json!({ "exp": now() - 20 }), true),
        (json!({ "exp": now() - 40 }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": 0 }), false),
        (json!({ "exp": "9999999999" }), false),
        (json!({ "exp": -1 }), false),
        (json!({ "nbf": now() - 5 }), true),
        (json!({ "nbf": now() + 20 }), true),
        (json!({ "nbf": now() + 60 }), false),
        (json!({ "iss": null }), false),
        (json!({ "iss": "https://evil.example.com" }), false),
        (json!({ "aud": null }), false),
        (json!({ "aud": "other" }), false),
        (json!({ "aud": ["other", "orders-health"] }), true),
        (json!({ "aud": [] }), false),
        (json!({ "sub": null }), true),
        (json!({ "health_levels": "1" }), false),
        (json!({ "health_levels": [1, 9] }), false),
        (json!({ "health_details": 1 }), false),
        // Registered claims have the types of RFC 7519, section 4.1.
        (json!({ "iss": [ISSUER] }), false),
        (json!({ "iss": [ISSUER, "https://evil.example.com"] }), false),
        (json!({ "sub": 7 }), false),
        (json!({ "jti": 7 }), false),
        (json!({ "jti": "7" }), true),
        (json!({ "iat": now() - 5 }), true),
        (json!({ "iat": now() + 20 }), true),
        (json!({ "iat": now() + 60 }), false),
        (json!({ "iat": "yesterday" }), false),
        (json!({ "iat": [] }), false),
    ] {
        assert_eq!(service.accepts(&signed(&claims_but(changes.clone()))).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn a_token_for_somebody_in_particular_is_not_for_everybody() {
    let service = Service::behind(Jwt::new(health_runtime::access::JwtAlgorithm::Hs256, JwtKeys::secret(SECRET))).await;
    assert!(!service.accepts(&signed(&claims())).await);
    for audience in [json!([]), json!([7]), json!(7), json!({ "a": "b" }), json!(false), json!("")] {
        let token = signed(&claims_but(json!({ "aud": audience, "iss": null })));
        assert!(!service.accepts(&token).await, "{audience}");
    }
    assert!(service.accepts(&signed(&claims_but(json!({ "aud": null, "iss": null })))).await);
}

#[tokio::test]
async fn a_token_that_was_touched_is_refused() {
    let service = Service::behind(hs256()).await;
    let token = signed(&claims_but(json!({ "health_levels": [1] })));
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let richer = BASE64.encode(super::claims().to_string());
    for touched in [
        format!("{header}.{richer}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{}", &signature[1..]),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}..{signature}"),
        format!("{claims}.{header}.{signature}"),
        "..".to_owned(),
        ".".repeat(4_000),
        "a".repeat(8_000),
    ] {
        assert!(!service.accepts(&touched).await, "{touched}");
    }
    // Another key of the same length.
    let other = EncodingKey::from_secret(SECRET.to_uppercase().as_bytes());
    let other = encode(&Header::new(Algorithm::HS256), &super::claims(), &other).expect("a token");
    assert!(!service.accepts(&other).await);
}

#[tokio::test]
async fn one_header_and_one_scheme() {
    let service = Service::behind(hs256()).await;
    let token = signed(&claims());
    for (authorization, status) in [
        (format!("bearer   {token}  "), 200),
        (format!("Bearer {token}\r\nAuthorization: Bearer {token}"), 401),
        (format!("Bearer {token} {token}"), 401),
        ("Bearer".to_owned(), 401),
        (format!("Token {token}"), 401),
        (token.clone(), 401),
        (format!("Bearer \"{token}\""), 401),
    ] {
        assert_eq!(service.get("/health/levels/1", &authorization).await.status, status, "{authorization}");
    }
    let none = health_tests::get(service.address, &format!("/health/levels/1?access_token={token}")).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, r#"Bearer realm="health""#));
}
