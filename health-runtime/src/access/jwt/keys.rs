use std::{fmt, path::PathBuf};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

const MAX_KEYS: usize = 32;

/// Maximum number of keys that are tried on one token, because each attempt takes time on the thread that serves.
const MAX_CANDIDATES: usize = 4;

/// The length of the hash (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// 2048 bits (RFC 7518, section 3.3).
const MIN_MODULUS_BYTES: usize = 256;

/// The signature algorithm of tokens. It is configured, and a token's own statement is not trusted (RFC 8725, section
/// 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256: whoever can verify a token can issue one.
    Hs256,
    /// RSA, PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl JwtAlgorithm {
    pub(super) const fn inner(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HS256,
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// Writes the name in a token's header (RFC 7518, section 3.1).
impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        })
    }
}

/// The keys that verify tokens.
///
/// A PEM holds one public key. A JWKS (RFC 7517) holds several, and those that fit the algorithm are used. A token that
/// names its key by `kid` is verified with that key; a token that names none is tried with all of them if they are at
/// most four, else refused. Unusable keys are left out, as long as one is usable.
#[derive(Debug)]
#[must_use]
pub struct JwtKeys {
    pub(super) source: KeySource,
}

#[derive(Debug)]
pub(super) enum KeySource {
    Secret(SecretString),
    Text(KeyFormat, SecretString),
    File(KeyFormat, PathBuf),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum KeyFormat {
    Pem,
    Jwks,
}

impl JwtKeys {
    /// Creates the secret of HS256, 32 bytes or more.
    pub fn secret(secret: impl Into<String>) -> Self {
        Self { source: KeySource::Secret(secret.into().into()) }
    }

    /// Takes a public key in PEM (`BEGIN PUBLIC KEY`).
    pub fn pem(text: impl Into<String>) -> Self {
        Self { source: KeySource::Text(KeyFormat::Pem, text.into().into()) }
    }

    /// Takes a file with a public key in PEM, which is read again when it changes.
    pub fn pem_file(path: impl Into<PathBuf>) -> Self {
        Self { source: KeySource::File(KeyFormat::Pem, path.into()) }
    }

    /// Takes a set of keys in JSON: `{ "keys": [ … ] }`.
    pub fn jwks(text: impl Into<String>) -> Self {
        Self { source: KeySource::Text(KeyFormat::Jwks, text.into().into()) }
    }

    /// Takes a file with such a set, which is read again when it changes.
    pub fn jwks_file(path: impl Into<PathBuf>) -> Self {
        Self { source: KeySource::File(KeyFormat::Jwks, path.into()) }
    }
}

/// A JWKS, whose keys are parsed one by one.
#[derive(Deserialize)]
struct JwksDocument {
    keys: Vec<Value>,
}

/// The keys of one algorithm. `Debug` shows none of them.
pub(super) struct KeySet {
    keys: Vec<(Option<String>, DecodingKey)>,
    /// The faults of unusable keys (RFC 7517, section 5).
    pub(super) left_out: Vec<String>,
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl KeySet {
    pub(super) fn secret(secret: &SecretString, algorithm: JwtAlgorithm) -> Result<Self, String> {
        if algorithm != JwtAlgorithm::Hs256 {
            return Err(format!("{algorithm} needs a public key; a secret verifies HS256 only"));
        }
        let key = Self::hmac(secret.expose_secret().as_bytes()).map_err(|fault| format!("the secret {fault}"))?;
        Ok(Self { keys: vec![(None, key)], left_out: Vec::new() })
    }

    /// # Errors
    /// Returns the fault, without any part of the text, which may be a key.
    pub(super) fn parse(format: KeyFormat, text: &[u8], algorithm: JwtAlgorithm) -> Result<Self, String> {
        match format {
            KeyFormat::Pem => Self::pem(text, algorithm),
            KeyFormat::Jwks => Self::jwks(text, algorithm),
        }
    }

    fn pem(text: &[u8], algorithm: JwtAlgorithm) -> Result<Self, String> {
        let key = match algorithm {
            // Otherwise anybody with the public key could sign with it.
            JwtAlgorithm::Hs256 => return Err("HS256 needs a secret, not a PEM".to_owned()),
            JwtAlgorithm::Rs256 => DecodingKey::from_rsa_pem(text),
            JwtAlgorithm::Es256 => DecodingKey::from_ec_pem(text),
            JwtAlgorithm::EdDsa => DecodingKey::from_ed_pem(text),
        };
        let key = key.map_err(|_| format!("it holds no public key for {algorithm} in PEM"))?;
        let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
        // Some bytes of DER surround the modulus.
        if algorithm == JwtAlgorithm::Rs256 && length < MIN_MODULUS_BYTES + 10 {
            return Err("its RSA key is shorter than 2048 bits".to_owned());
        }
        // An uncompressed point: P-384 would be longer.
        if algorithm == JwtAlgorithm::Es256 && length != 65 {
            return Err("its key is on another curve than P-256".to_owned());
        }
        Ok(Self { keys: vec![(None, key)], left_out: Vec::new() })
    }

    fn jwks(text: &[u8], algorithm: JwtAlgorithm) -> Result<Self, String> {
        let set: JwksDocument = serde_json::from_slice(text).map_err(|error| {
            // The position, but not the content.
            format!("it is not a valid JWKS: line {}, column {}", error.line(), error.column())
        })?;
        let (mut keys, mut left_out) = (Vec::new(), Vec::new());
        for jwk in set.keys {
            let Ok(jwk) = Jwk::deserialize(jwk) else {
                left_out.push("one of its keys is not a valid JWK".to_owned());
                continue;
            };
            if is_for(&jwk, algorithm) {
                match Self::key_of(&jwk) {
                    Ok(key) => keys.push((jwk.common.key_id, key)),
                    Err(fault) => left_out.push(format!("its key {} {fault}", name(jwk.common.key_id.as_ref()))),
                }
            }
        }
        match keys.len() {
            0 if left_out.is_empty() => Err(format!("it holds no key for {algorithm}")),
            0 => Err(format!("it holds no key for {algorithm} that can be used: {}", left_out.join(", "))),
            1..=MAX_KEYS => {
                let set = Self { keys, left_out };
                let is_reachable =
                    set.keys.iter().all(|(kid, _)| set.candidates(Some(kid.as_deref().unwrap_or_default())).is_some());
                let fault = || {
                    format!(
                        "it holds more than {MAX_CANDIDATES} keys for {algorithm} that a token could mean by one `kid`; \
                         give each key a `kid` of its own"
                    )
                };
                is_reachable.then_some(set).ok_or_else(fault)
            }
            many => Err(format!("it holds {many} keys for {algorithm}, more than {MAX_KEYS}")),
        }
    }

    fn key_of(jwk: &Jwk) -> Result<DecodingKey, String> {
        let key = DecodingKey::from_jwk(jwk).map_err(|_| "cannot be read".to_owned())?;
        match &jwk.algorithm {
            AlgorithmParameters::OctetKey(_) => Self::hmac(key.try_get_as_bytes().unwrap_or_default()),
            // Base64 writes three bytes in four characters.
            AlgorithmParameters::RSA(rsa) if rsa.n.len() / 4 * 3 < MIN_MODULUS_BYTES - 2 => {
                Err("is shorter than 2048 bits".to_owned())
            }
            _ => Ok(key),
        }
    }

    fn hmac(secret: &[u8]) -> Result<DecodingKey, String> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(format!("is shorter than {MIN_SECRET_BYTES} bytes"));
        }
        Ok(DecodingKey::from_secret(secret))
    }

    /// Returns the keys that may have signed a token with this `kid`. `None` if they are too many to try.
    pub(super) fn candidates(&self, kid: Option<&str>) -> Option<Vec<&DecodingKey>> {
        let may_be = |own: Option<&str>| kid.is_none() || own.is_none() || kid == own;
        let keys = self.keys.iter().filter(|(own, _)| may_be(own.as_deref()));
        let keys: Vec<_> = keys.map(|(_, key)| key).collect();
        (keys.len() <= MAX_CANDIDATES).then_some(keys)
    }
}

/// Returns whether a key verifies signatures of this algorithm (RFC 7517, sections 4.1 to 4.4).
fn is_for(jwk: &Jwk, algorithm: JwtAlgorithm) -> bool {
    let common = &jwk.common;
    let is_to_sign = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let is_to_verify =
        common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let is_named = common
        .key_algorithm
        .is_none_or(|named| Algorithm::try_from(named).is_ok_and(|named| named == algorithm.inner()));
    let is_of_type = match (algorithm, &jwk.algorithm) {
        (JwtAlgorithm::Hs256, AlgorithmParameters::OctetKey(_))
        | (JwtAlgorithm::Rs256, AlgorithmParameters::RSA(_)) => true,
        (JwtAlgorithm::Es256, AlgorithmParameters::EllipticCurve(key)) => key.curve == EllipticCurve::P256,
        (JwtAlgorithm::EdDsa, AlgorithmParameters::OctetKeyPair(key)) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    is_to_sign && is_to_verify && is_named && is_of_type
}

fn name(kid: Option<&String>) -> String {
    kid.map_or_else(|| "without a `kid`".to_owned(), |kid| format!("{kid:?}"))
}
