use std::sync::Arc;

use secrecy::ExposeSecret;

use crate::{
    access::{
        caller::Caller,
        credentials::{
            AccessKey, KEY_HEADER, KEY_PART, NOT_SENDABLE, SIGNATURE_HEADER, SecretDigest, faults_of_keys, is_sendable,
        },
        decision::Decision,
        policy::{AnyPolicy, Decide, Operating},
        requirement::Requirement,
        schemes::{Carrier, Scheme, SchemePart},
    },
    maybe_ready::MaybeReady,
    model::Levels,
};

const SECRET_HEADER: &str = "x-secret-key";

const ACCESS_KEY: &Scheme = &Scheme::new(
    "access key",
    &[
        KEY_PART,
        SchemePart {
            name: "secretKey",
            carrier: Carrier::Header { name: "X-Secret-Key", meaning: "The secret of the access key." },
        },
    ],
);

/// Asks for one of these keys, in the headers `X-Access-Key` (the id) and `X-Secret-Key`.
///
/// The secret travels with every request: serve over TLS, or ask for [`signed`](super::signed()) requests.
pub fn access_key(keys: impl IntoIterator<Item = AccessKey>) -> AnyPolicy {
    let with_digest = |key: AccessKey| (SecretDigest::new(key.secret.expose_secret()), key);
    AnyPolicy::new(ByKey { keys: keys.into_iter().map(with_digest).collect() })
}

struct ByKey {
    keys: Vec<(SecretDigest, AccessKey)>,
}

const CHALLENGE: &str = r#"AccessKey realm="health""#;

impl Decide for ByKey {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let rejected = |explanation| Decision::rejected(CHALLENGE).because(explanation).with_scheme(ACCESS_KEY);
        let has = |header| caller.header_values(header).next().is_some();
        let is_missing = !has(SECRET_HEADER) && (!has(KEY_HEADER) || has(SIGNATURE_HEADER));
        if is_missing {
            return MaybeReady::ready(Decision::unauthenticated(CHALLENGE).because("no access key"));
        }
        let (Some(id), Some(secret)) = (caller.header(KEY_HEADER), caller.header(SECRET_HEADER)) else {
            return MaybeReady::ready(rejected("malformed"));
        };
        let found = self.keys.iter().find(|(_, key)| key.id == id);
        // Also compares for an unknown id, so that the time does not reveal ids.
        let is_right = found.or_else(|| self.keys.first()).is_some_and(|(right, _)| right.matches(secret));
        MaybeReady::ready(match found {
            Some((_, key)) if is_right => key.grants.decision(&key.id, ACCESS_KEY),
            Some((_, key)) => rejected("wrong secret").by(&key.id),
            None => rejected("no such key"),
        })
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = faults_of_keys("access_key", self.keys.iter().map(|(_, key)| key));
        for (_, key) in &self.keys {
            let secret = key.secret.expose_secret();
            if !is_sendable(secret.trim_end_matches(['\n', '\r'])) {
                faults.push(format!("`access_key`: key {:?}: the secret {NOT_SENDABLE}", key.id));
            }
        }
        faults
    }

    fn headers(&self) -> Vec<&'static str> {
        vec![KEY_HEADER, SECRET_HEADER, SIGNATURE_HEADER]
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::for_scheme(ACCESS_KEY)
    }

    fn operating(&self) -> Operating {
        Operating::Grantable
    }
}
