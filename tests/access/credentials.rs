//! Credentials, as clients make them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub(crate) const PASSWORD: &str = "correct hörse: battery";
pub(crate) const SECRET: &str = "0123456789abcdef-secret";

/// Credentials as clients send them.
pub(crate) type Headers = Vec<(&'static str, String)>;

pub(crate) fn basic(name: &str, password: &str) -> Headers {
    vec![("Authorization", format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))]
}

pub(crate) fn key(id: &str, secret: &str) -> Headers {
    vec![("X-Access-Key", id.to_owned()), ("X-Secret-Key", secret.to_owned())]
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// A signature over a `GET` of this path and query, or over another method that stands before them.
pub(crate) fn signature(id: &str, secret: &str, target: &str, timestamp: u64, nonce: &str) -> Headers {
    let (method, target) = target.split_once(' ').unwrap_or(("GET", target));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let text = format!("HEALTH-HMAC-SHA256\n{id}\n{timestamp}\n{nonce}\n{method}\n{path}\n{query}");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    let signature: Vec<_> = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("X-Access-Key", id.to_owned()),
        ("X-Timestamp", timestamp.to_string()),
        ("X-Nonce", nonce.to_owned()),
        ("X-Signature", signature.concat()),
    ]
}

/// Another one each time.
pub(crate) fn nonce() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("nonce-{:08}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An argon2 hash, as cheap as they get.
pub(crate) fn hash(password: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("parameters"));
    argon2.hash_password_with_salt(password.as_bytes(), b"a salt of sixteen").expect("a hash").to_string()
}

pub(crate) fn borrowed(headers: &Headers) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
