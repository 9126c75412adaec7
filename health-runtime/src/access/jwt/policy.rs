use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, crypto, decode, decode_header, errors::ErrorKind};

use super::{
    claims::{Claims, DETAILS, LEVELS, Malformed},
    key_ring::KeyRing,
    keys::{JwtAlgorithm, JwtKeys, KeySet},
};
#[cfg(feature = "mcp")]
use crate::access::accepted_tokens::AcceptedTokens;
use crate::{
    access::{
        caller::Caller,
        credentials::{SchemeCredentials, of_scheme},
        decision::Decision,
        policy::{AnyPolicy, Decide, Operating},
        requirement::Requirement,
        schemes::{Carrier, Scheme, SchemePart},
    },
    maybe_ready::MaybeReady,
    model::Levels,
    runner::catch,
};

/// Length to which a logged subject is cut.
const MAX_LOGGED_SUBJECT_CHARS: usize = 64;

const BEARER: &Scheme =
    &Scheme::new("bearer", &[SchemePart { name: "bearer", carrier: Carrier::Bearer { format: "JWT" } }])
        // RFC 6750, section 3.
        .with_forbidden_challenge(r#"Bearer realm="health", error="insufficient_scope""#);

/// Asks for a JSON Web Token, see [`Jwt`].
pub fn jwt(tokens: Jwt) -> AnyPolicy {
    AnyPolicy::new(ByToken::new(tokens))
}

/// The accepted JSON Web Tokens in `Authorization: Bearer …` (RFC 6750, RFC 7519, RFC 8725), and the levels that they
/// grant.
///
/// ```
/// use health_runtime::{Level, Levels, access::{Access, Jwt, JwtAlgorithm, JwtKeys, jwt, public}};
///
/// # fn access() -> Access {
/// let tokens = Jwt::new(JwtAlgorithm::Rs256, JwtKeys::jwks_file("/etc/keys/issuer.json"))
///     .issuer("https://login.example.com")
///     .audience("orders-health")
///     .scope("health:deep", Levels::ALL);
/// Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, jwt(tokens))
/// # }
/// ```
///
/// A token has to be signed with the configured algorithm and to have an `exp` that has not passed; `nbf` and `iat`, if
/// present, have to be past. `iss` and `aud` have to be configured values. A token with an `aud` is refused if no
/// audience is configured, and so is one with critical extensions.
///
/// | claim | grants |
/// |---|---|
/// | `health_levels: [3, 4, 5]` | these levels; another name by [`levels_claim`](Self::levels_claim) |
/// | `scope: "health:deep …"`, or `scp` | the levels that [`scope`](Self::scope) gives that word |
/// | none of these | [`levels_by_default`](Self::levels_by_default), else nothing: 403 |
///
/// A token shows details on all of these levels, or on those in the claim `health_details: [5]`.
#[derive(Debug)]
#[must_use]
pub struct Jwt {
    algorithm: JwtAlgorithm,
    keys: JwtKeys,
    issuers: Vec<String>,
    audiences: Vec<String>,
    leeway: Duration,
    levels_claim: String,
    scopes: Vec<(String, Levels)>,
    by_default: Levels,
    reload_interval: Duration,
}

impl Jwt {
    /// Accepts tokens signed with this algorithm and one of these keys.
    pub fn new(algorithm: JwtAlgorithm, keys: JwtKeys) -> Self {
        Self {
            algorithm,
            keys,
            issuers: Vec::new(),
            audiences: Vec::new(),
            leeway: Duration::from_secs(30),
            levels_claim: LEVELS.to_owned(),
            scopes: Vec::new(),
            by_default: Levels::NONE,
            reload_interval: Duration::from_secs(10),
        }
    }

    /// Accepts tokens of this issuer (`iss`); further calls add issuers. Default: any issuer that has the key.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Accepts tokens for this audience (`aud`); further calls add audiences. Default: tokens without an audience.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Sets the maximum difference between clocks, in whole seconds, up to five minutes. Default: 30 s.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the claim that lists levels. Default: `health_levels`.
    pub fn levels_claim(mut self, claim: impl Into<String>) -> Self {
        self.levels_claim = claim.into();
        self
    }

    /// Gives levels to a scope, such as `Levels::ALL`.
    pub fn scope(mut self, scope: impl Into<String>, levels: impl Into<Levels>) -> Self {
        self.scopes.push((scope.into(), levels.into()));
        self
    }

    /// Sets the levels of a token that does not mention levels. Default: none.
    pub fn levels_by_default(mut self, levels: impl Into<Levels>) -> Self {
        self.by_default = levels.into();
        self
    }

    /// Sets the minimum time between two reads of a key file. The next token after that triggers the read. Default: 10
    /// s.
    pub const fn reload_interval(mut self, interval: Duration) -> Self {
        self.reload_interval = interval;
        self
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(self.algorithm.inner());
        let mut required = vec!["exp"];
        validation.leeway = self.leeway.as_secs();
        validation.validate_nbf = true;
        if !self.issuers.is_empty() {
            validation.set_issuer(&self.issuers);
            required.push("iss");
        }
        if !self.audiences.is_empty() {
            validation.set_audience(&self.audiences);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

struct ByToken {
    ring: Arc<KeyRing>,
    validation: Validation,
    levels_claim: String,
    scopes: Vec<(String, Levels)>,
    by_default: Levels,
    leeway: Duration,
    #[cfg(feature = "mcp")]
    issuers: Vec<String>,
    #[cfg(feature = "mcp")]
    audiences: Vec<String>,
}

const MISSING: &str = r#"Bearer realm="health""#;
const INVALID: &str = r#"Bearer realm="health", error="invalid_token""#;

impl ByToken {
    fn new(tokens: Jwt) -> Self {
        Self {
            validation: tokens.validation(),
            ring: Arc::new(KeyRing::load(tokens.keys, tokens.algorithm, tokens.reload_interval)),
            levels_claim: tokens.levels_claim,
            scopes: tokens.scopes,
            by_default: tokens.by_default,
            leeway: tokens.leeway,
            #[cfg(feature = "mcp")]
            issuers: tokens.issuers,
            #[cfg(feature = "mcp")]
            audiences: tokens.audiences,
        }
    }

    fn judge(&self, token: &str) -> Decision {
        let Some(keys) = self.ring.keys() else {
            return Decision::unavailable().because("the keys could not be read");
        };
        match verify(token, &keys, &self.validation) {
            Ok(claims) => self.grant(&claims).unwrap_or_else(|Malformed| rejected("malformed claims")),
            Err(explanation) => rejected(explanation),
        }
    }

    fn grant(&self, claims: &Claims) -> Result<Decision, Malformed> {
        let of_claim = claims.levels(&self.levels_claim)?;
        let details = claims.levels(DETAILS)?;
        let of_scopes: Vec<Levels> =
            self.scopes.iter().filter(|(scope, _)| claims.has_scope(scope)).map(|(_, levels)| *levels).collect();
        let says_nothing = of_claim.is_none() && of_scopes.is_empty();
        let by_default = says_nothing.then_some(self.by_default);
        let levels = of_claim.into_iter().chain(of_scopes).chain(by_default).fold(Levels::NONE, Levels::or);
        let decision = if levels.is_empty() {
            Decision::forbidden().because("the token grants no levels").known_by(BEARER)
        } else {
            Decision::allow().only_levels(levels).details_only(details.unwrap_or(Levels::ALL)).with_scheme(BEARER)
        };
        Ok(match claims.subject() {
            Some(subject) => decision.by(loggable(subject)),
            None => decision,
        })
    }
}

/// Makes one short line of a text that somebody else wrote.
fn loggable(subject: &str) -> String {
    subject.chars().take(MAX_LOGGED_SUBJECT_CHARS).flat_map(char::escape_debug).collect()
}

fn rejected(explanation: &'static str) -> Decision {
    Decision::rejected(INVALID).because(explanation).with_scheme(BEARER)
}

/// # Errors
/// Returns the reason for a rejection, without any part of the token.
fn verify(token: &str, keys: &KeySet, validation: &Validation) -> Result<Claims, &'static str> {
    let header = decode_header(token).map_err(|_| "malformed")?;
    if !validation.algorithms.contains(&header.alg) {
        return Err("another algorithm");
    }
    // An unknown critical extension must not be ignored (RFC 7515, section 4.1.11).
    if header.crit.is_some() {
        return Err("an unknown critical extension");
    }
    let mut explanation = "no such key";
    for key in keys.candidates(header.kid.as_deref()).ok_or("the token names no key, and there are too many to try")? {
        match decode(token, key, validation) {
            Ok(token) => return examined(Claims(token.claims), validation),
            Err(error) => {
                explanation = match error.kind() {
                    // Another key may have signed it.
                    ErrorKind::InvalidSignature => {
                        explanation = "wrong signature";
                        continue;
                    }
                    ErrorKind::ExpiredSignature => "expired",
                    ErrorKind::ImmatureSignature => "not valid yet",
                    ErrorKind::InvalidIssuer => "another issuer",
                    ErrorKind::InvalidAudience => "another audience",
                    ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
                    _ => "malformed",
                };
                break;
            }
        }
    }
    Err(explanation)
}

/// Checks the claims that `jsonwebtoken` does not check.
///
/// # Errors
/// As [`verify`].
fn examined(claims: Claims, validation: &Validation) -> Result<Claims, &'static str> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let latest = now.as_secs_f64() + Duration::from_secs(validation.leeway).as_secs_f64();
    if !claims.are_well_formed() {
        Err("malformed claims")
    } else if claims.made_at().is_some_and(|made_at| made_at > latest) {
        Err("made in the future")
    } else if validation.aud.is_none() && claims.has_audience() {
        // Includes an audience that `jsonwebtoken` cannot read.
        Err("another audience")
    } else {
        Ok(claims)
    }
}

impl Decide for ByToken {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let token = match of_scheme(caller, "bearer") {
            SchemeCredentials::Nothing => {
                return MaybeReady::ready(Decision::unauthenticated(MISSING).because("no token"));
            }
            SchemeCredentials::Malformed => return MaybeReady::ready(rejected("malformed")),
            SchemeCredentials::Credentials(token) => token,
        };
        let Some(reading) = self.ring.read_if_due() else { return MaybeReady::ready(self.judge(token)) };
        let token = token.to_owned();
        MaybeReady::boxed(async move {
            reading.wait().await;
            self.judge(&token)
        })
    }

    #[cfg(feature = "mcp")]
    fn accepted_tokens(&self) -> AcceptedTokens {
        AcceptedTokens { issuers: self.issuers.clone(), audiences: self.audiences.clone(), scopes: self.scopes.clone() }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.ring.fault().into_iter().collect();
        let scopes: BTreeSet<&str> = self.scopes.iter().map(|(scope, _)| scope.as_str()).collect();
        if scopes.len() < self.scopes.len() {
            faults.push("a scope has levels twice".to_owned());
        }
        if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            faults.push("a scope has to be one word".to_owned());
        }
        if self.leeway > Duration::from_secs(5 * 60) {
            faults.push(format!("a leeway of {:?} is longer than five minutes", self.leeway));
        }
        let key = DecodingKey::from_secret(&[]);
        if catch(|| crypto::verify("", &[], &key, Algorithm::HS256)).is_err() {
            faults.push(
                "the program has both kinds of cryptography of the crate jsonwebtoken; choose one before, with \
                 `jsonwebtoken::crypto::CryptoProvider::install_default`"
                    .to_owned(),
            );
        }
        faults.into_iter().map(|fault| format!("`jwt`: {fault}")).collect()
    }

    fn headers(&self) -> Vec<&'static str> {
        vec!["authorization"]
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::for_scheme(BEARER)
    }

    fn operating(&self) -> Operating {
        Operating::Grantable
    }
}
