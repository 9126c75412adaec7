//! JSON Web Tokens: their verification, the levels that they grant, and how they are issued; over a real socket.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod files;
mod forged;
mod grants;
mod issued;
mod peer;
mod start;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use health_runtime::{
    Check, Level, Outcome,
    access::{Access, Jwt, JwtAlgorithm, JwtKeys, jwt, public},
};
use health_tests::{Answer, builder, send, serve};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const SECRET: &str = "canary-0123456789abcdef0123456789abcdef";
const ISSUER: &str = "https://login.example.com";
const AUDIENCE: &str = "orders-health";

const RSA: &str = include_str!("keys/rsa.pem");
const RSA_PUBLIC: &str = include_str!("keys/rsa.pub.pem");
const EC: &str = include_str!("keys/ec.pem");
const EC_PUBLIC: &str = include_str!("keys/ec.pub.pem");
const ED: &str = include_str!("keys/ed.pem");
const ED_PUBLIC: &str = include_str!("keys/ed.pub.pem");

/// Every algorithm, with the keys that sign and verify its tokens.
fn algorithms() -> [(JwtAlgorithm, Algorithm, EncodingKey, JwtKeys); 4] {
    let key = "a key for tests";
    [
        (JwtAlgorithm::Hs256, Algorithm::HS256, EncodingKey::from_secret(SECRET.as_bytes()), JwtKeys::secret(SECRET)),
        (
            JwtAlgorithm::Rs256,
            Algorithm::RS256,
            EncodingKey::from_rsa_pem(RSA.as_bytes()).expect(key),
            JwtKeys::pem(RSA_PUBLIC),
        ),
        (
            JwtAlgorithm::Es256,
            Algorithm::ES256,
            EncodingKey::from_ec_pem(EC.as_bytes()).expect(key),
            JwtKeys::pem(EC_PUBLIC),
        ),
        (
            JwtAlgorithm::EdDsa,
            Algorithm::EdDSA,
            EncodingKey::from_ed_pem(ED.as_bytes()).expect(key),
            JwtKeys::pem(ED_PUBLIC),
        ),
    ]
}

fn hs256() -> Jwt {
    Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET)).issuer(ISSUER).audience(AUDIENCE)
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    now.as_secs().try_into().expect("a time of this century")
}

/// Claims that are accepted.
fn claims() -> Value {
    json!({ "sub": "ada", "iss": ISSUER, "aud": AUDIENCE, "exp": now() + 60, "health_levels": [1, 2, 3, 4, 5] })
}

/// The same with some of them changed; `null` takes one away.
fn claims_but(changes: Value) -> Value {
    let (Value::Object(mut claims), Value::Object(changes)) = (claims(), changes) else { panic!("objects") };
    for (claim, value) in changes {
        if value.is_null() {
            claims.remove(&claim)
        } else {
            claims.insert(claim, value)
        };
    }
    Value::Object(claims)
}

fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token")
}

/// A service behind tokens on levels 1 to 3, which counts how often it ran a check.
struct Service {
    address: SocketAddr,
    runs: Arc<AtomicUsize>,
}

impl Service {
    async fn behind(tokens: Jwt) -> Self {
        Self::with(Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, jwt(tokens)))
            .await
    }

    async fn with(access: Access) -> Self {
        let runs = Arc::new(AtomicUsize::new(0));
        let check = |name, level| {
            let runs = Arc::clone(&runs);
            Check::new(name, level, move || {
                runs.fetch_add(1, Ordering::Relaxed);
                async { Outcome::warn("a detail") }
            })
            .max_age(Duration::ZERO)
        };
        let endpoint = builder([check("deep", Level::L1), check("shallow", Level::L5)]).access(access).build();
        Self { address: serve(endpoint.expect("a good endpoint").router()).await, runs }
    }

    async fn get(&self, path: &str, authorization: &str) -> Answer {
        let address = self.address;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: {authorization}\r\n\r\n"
        );
        send(address, &request).await
    }

    async fn with_token(&self, path: &str, token: &str) -> Answer {
        self.get(path, &format!("Bearer {token}")).await
    }

    /// Whether the token lets its bearer at level 1; a refusal is looked at as a whole.
    async fn accepts(&self, token: &str) -> bool {
        let before = self.runs.load(Ordering::Relaxed);
        let answer = self.with_token("/health/levels/1", token).await;
        let ran = self.runs.load(Ordering::Relaxed) - before;
        match answer.status {
            200 => true,
            401 => {
                assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="health", error="invalid_token""#);
                assert_eq!(answer.header("content-type"), "application/problem+json");
                assert_eq!(answer.header("cache-control"), "no-store");
                assert_eq!(ran, 0, "a check ran for a token that is refused");
                assert!(!answer.body.contains(token) && !answer.body.contains("detail\":\"a detail"));
                false
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
}
