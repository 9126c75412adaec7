//! Tokens issued by the endpoint: short-lived, for callers that proved their identity in another way.

use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    keys::{JwtAlgorithm, JwtKeys},
    policy::{Jwt, jwt},
};
use crate::{
    access::{decision::Decision, policy::AnyPolicy},
    model::{Level, Levels},
};

const ISSUER: &str = "health-runtime";

/// Tokens that `POST {base}/token` issues to callers that pass a policy, so that they need not send a password with
/// every request, or hand it on.
///
/// ```
/// use health_runtime::{Level, access::{Access, Tokens, User, any_of, basic, public}};
///
/// # fn access(secret: &str, password: &str) -> Access {
/// let people = basic("health", [User::new("ada", password)]);
/// let tokens = Tokens::new(secret, people.clone());
/// Access::new()
///     .levels(Level::L4..=Level::L5, public())
///     .levels(Level::L1..=Level::L3, any_of([people, tokens.policy()]))
///     .tokens(tokens)
/// # }
/// ```
///
/// ```sh
/// curl -s --user ada -X POST http://127.0.0.1:8080/health/token
/// {"access_token":"eyJ…","token_type":"Bearer","expires_in":900,"token":"eyJ…"}
/// curl -s -H "Authorization: Bearer eyJ…" http://127.0.0.1:8080/health/levels/1
/// ```
///
/// A token is a JSON Web Token, signed with HS256. It grants the levels that the policy granted its caller at that
/// time. If the rule of any level accepts the caller's credentials, too, the token grants no more than they do;
/// credentials that no rule accepts serve for tokens alone. A token cannot be revoked before it expires; another secret
/// revokes all of them. Instances with the same secret accept each other's tokens.
///
/// The request may have a body like `grant_type=client_credentials` (RFC 6749, section 4.4), so that libraries for
/// OAuth 2.0 can request tokens, with a `basic` policy as `client_secret_basic`. Errors are those of section 5.2; where
/// it has none (429, 503) they are problem details with the `error` `temporarily_unavailable`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tokens {
    secret: SecretString,
    pub(in crate::access) policy: AnyPolicy,
    lifetime: Duration,
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'static str,
    aud: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    iat: u64,
    exp: u64,
    health_levels: Vec<u8>,
    health_details: Vec<u8>,
}

impl Tokens {
    /// Creates tokens that live for 15 minutes. The secret has 32 bytes or more; `policy` decides which callers get
    /// one, and for which levels.
    pub fn new(secret: impl Into<String>, policy: impl Into<AnyPolicy>) -> Self {
        Self { secret: secret.into().into(), policy: policy.into(), lifetime: Duration::from_secs(15 * 60) }
    }

    /// Sets the lifetime of a token, one second to one day. Default: 15 minutes.
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Returns the policy that accepts these tokens and no others. A token never carries the right to operate checks.
    pub fn policy(&self) -> AnyPolicy {
        let keys = JwtKeys::secret(self.secret.expose_secret());
        let tokens = Jwt::new(JwtAlgorithm::Hs256, keys).issuer(ISSUER).audience(ISSUER).leeway(Duration::ZERO);
        jwt(tokens).without_operations()
    }

    pub(in crate::access) fn faults(&self) -> Vec<String> {
        let mut faults = self.policy.faults();
        faults.extend(self.policy().faults());
        if self.policy.fixed().is_some() {
            faults.push(
                "`Tokens`: its policy decides the same for everybody; use one that asks for credentials".to_owned(),
            );
        }
        if !(Duration::from_secs(1)..=Duration::from_secs(24 * 3600)).contains(&self.lifetime) {
            faults.push(format!("`Tokens`: a lifetime of {:?} is not between a second and a day", self.lifetime));
        }
        faults
    }

    /// Issues a token that grants a decision. `None` if it cannot be signed, which start rules out.
    pub(in crate::access) fn issue(&self, decision: &Decision) -> Option<Token> {
        let numbers = |levels: Levels| levels.iter().map(Level::number).collect();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let expires_in = self.lifetime.as_secs();
        let claims = IssuedClaims {
            iss: ISSUER,
            aud: ISSUER,
            sub: decision.caller.as_deref(),
            iat: now,
            exp: now.saturating_add(expires_in),
            health_levels: numbers(decision.run),
            health_details: numbers(decision.details),
        };
        let key = EncodingKey::from_secret(self.secret.expose_secret().as_bytes());
        let token = encode(&Header::new(Algorithm::HS256), &claims, &key).ok()?;
        Some(Token { token: token.into(), expires_in })
    }
}

/// An issued token.
#[derive(Debug)]
pub(crate) struct Token {
    token: SecretString,
    expires_in: u64,
}

impl Token {
    /// Writes it as in RFC 6749, section 5.1, and as `token` for simple clients.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            token_type: &'static str,
            expires_in: u64,
            token: &'a str,
        }
        let token = self.token.expose_secret();
        let body = Body { access_token: token, token_type: "Bearer", expires_in: self.expires_in, token };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}
