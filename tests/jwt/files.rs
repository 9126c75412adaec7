//! Keys in files, which change.

use std::{fs, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use health_runtime::access::{Jwt, JwtAlgorithm, JwtKeys};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};

use super::{EC, EC_PUBLIC, ED_PUBLIC, RSA_PUBLIC, Service, claims};

fn oct(kid: &str, secret: &str) -> Value {
    json!({ "kty": "oct", "kid": kid, "k": BASE64.encode(secret), "alg": "HS256", "use": "sig" })
}

fn token(kid: Option<&str>, secret: &str) -> String {
    let header = Header { kid: kid.map(ToOwned::to_owned), ..Header::new(Algorithm::HS256) };
    encode(&header, &claims(), &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
}

fn store(path: &Path, keys: &[Value]) {
    fs::write(path, json!({ "keys": keys }).to_string()).expect("a file");
}

const OLD: &str = "old-0123456789abcdef0123456789abcdef";
const NEW: &str = "new-0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn keys_are_rotated_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    store(&path, &[oct("old", OLD)]);
    let tokens = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::jwks_file(&path)).audience("orders-health");
    let service = Service::behind(tokens.reload_interval(Duration::ZERO)).await;
    assert!(service.accepts(&token(Some("old"), OLD)).await);
    assert!(!service.accepts(&token(Some("new"), NEW)).await);

    store(&path, &[oct("old", OLD), oct("new", NEW)]);
    assert!(service.accepts(&token(Some("old"), OLD)).await && service.accepts(&token(Some("new"), NEW)).await);
    assert!(service.accepts(&token(None, NEW)).await, "without a `kid` each key is tried");
    assert!(!service.accepts(&token(Some("old"), NEW)).await, "the key that is named is the one that counts");
    assert!(!service.accepts(&token(Some("unknown"), NEW)).await);

    // A half-written or missing file changes nothing.
    fs::write(&path, "{\"keys\": [").expect("a file");
    assert!(service.accepts(&token(Some("new"), NEW)).await);
    fs::remove_file(&path).expect("a file to remove");
    assert!(service.accepts(&token(Some("new"), NEW)).await);

    store(&path, &[oct("new", NEW)]);
    assert!(service.accepts(&token(Some("new"), NEW)).await);
    assert!(!service.accepts(&token(Some("old"), OLD)).await, "the old key is gone");
}

#[tokio::test]
async fn a_pem_is_read_again_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key.pem");
    fs::write(&path, include_str!("keys/ec.pub.pem")).expect("a file");
    let tokens = Jwt::new(JwtAlgorithm::Es256, JwtKeys::pem_file(&path)).audience("orders-health");
    let service = Service::behind(tokens.reload_interval(Duration::ZERO)).await;
    let key = EncodingKey::from_ec_pem(EC.as_bytes()).expect("a key");
    let token = encode(&Header::new(Algorithm::ES256), &claims(), &key).expect("a token");
    assert!(service.accepts(&token).await);
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").public_key_pem();
    fs::write(&path, other).expect("a file");
    assert!(!service.accepts(&token).await);
}

#[tokio::test]
async fn a_set_of_all_kinds_is_searched_for_those_that_fit() {
    let jwk = |key: DecodingKey, algorithm, kid: &str| {
        let mut jwk = Jwk::from_decoding_key(&key, algorithm).expect("a key");
        jwk.common.key_id = Some(kid.to_owned());
        json!(jwk)
    };
    let key = "a key for tests";
    let rsa = jwk(DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).expect(key), Some(Algorithm::RS256), "rsa");
    let ec = jwk(DecodingKey::from_ec_pem(EC_PUBLIC.as_bytes()).expect(key), Some(Algorithm::ES256), "ec");
    let ed = jwk(DecodingKey::from_ed_pem(ED_PUBLIC.as_bytes()).expect(key), Some(Algorithm::EdDSA), "ed");
    let encrypting = json!({ "kty": "oct", "kid": "enc", "k": BASE64.encode(OLD), "use": "enc" });
    let unknown = json!({ "kty": "future", "kid": "future", "x": "y" });
    let set = json!({ "keys": [rsa, ec, ed, oct("oct", super::SECRET), encrypting, unknown] }).to_string();
    for (algorithm, inner, key, _) in super::algorithms() {
        let tokens = Jwt::new(algorithm, JwtKeys::jwks(set.as_str())).audience("orders-health");
        let service = Service::behind(tokens).await;
        assert!(service.accepts(&encode(&Header::new(inner), &claims(), &key).expect("a token")).await, "{algorithm}");
        assert!(!service.accepts(&token(Some("enc"), OLD)).await, "a key to encrypt with signs nothing");
    }
}

/// Each try takes its time on the thread that serves.
#[tokio::test]
async fn token_without_kid_is_tried_with_few_keys() {
    let secret = |number: usize| format!("{number:02}-0123456789abcdef0123456789abcdef");
    let named = |number: usize| oct(&number.to_string(), &secret(number));
    for (count, is_tried) in [(1, true), (4, true), (5, false), (32, false)] {
        let set = json!({ "keys": (0..count).map(named).collect::<Vec<_>>() }).to_string();
        let tokens = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::jwks(set)).audience("orders-health");
        let service = Service::behind(tokens).await;
        let last = count - 1;
        assert_eq!(service.accepts(&token(None, &secret(last))).await, is_tried, "{count} keys");
        assert!(service.accepts(&token(Some(&last.to_string()), &secret(last))).await, "{count} keys");
    }
}

/// RFC 7517, section 5: unusable keys of an issuer must not break its usable ones.
#[tokio::test]
async fn unusable_key_does_not_affect_others() {
    for other in [
        json!({ "kty": "oct", "kid": "short", "k": "AAAA" }),
        json!({ "kty": "oct", "kid": "broken", "k": "!" }),
        json!({ "kty": "oct", "kid": 7, "k": BASE64.encode(NEW) }),
        json!({ "kid": "of no kind" }),
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA" }),
        json!("no key at all"),
    ] {
        let set = json!({ "keys": [other, oct("old", OLD)] }).to_string();
        let tokens = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::jwks(set)).audience("orders-health");
        let service = Service::behind(tokens).await;
        assert!(service.accepts(&token(Some("old"), OLD)).await, "{other}");
        assert!(!service.accepts(&token(None, NEW)).await, "{other}");
    }
}

/// A disk that hangs costs one thread, and no tokens: opening a pipe without a writer never returns.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_hangs_costs_one_thread() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, pipe) = (folder.path().join("jwks.json"), folder.path().join("pipe"));
    store(&path, &[oct("old", OLD)]);
    let tokens = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::jwks_file(&path)).audience("orders-health");
    let service = Service::behind(tokens.reload_interval(Duration::ZERO)).await;
    let is_made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success();
    assert!(is_made);
    fs::rename(&pipe, &path).expect("a file");
    let token = token(Some("old"), OLD);
    let asked = futures_util::future::join_all((0..20).map(|_| service.with_token("/health/levels/1", &token)));
    let statuses: Vec<_> = asked.await.iter().map(|answer| answer.status).collect();
    let names =
        fs::read_dir("/proc/self/task").into_iter().flatten().map(|task| task.expect("a task").path().join("comm"));
    // The threads of other tests end in a moment.
    let readers = names.filter(|name| fs::read_to_string(name).is_ok_and(|name| name.contains("jwt-keys"))).count();
    // The waiting callers are released.
    fs::write(&path, "{}").expect("somebody reads");
    assert_eq!(statuses, [200; 20]);
    assert!(readers < 10, "{readers} threads");
}
