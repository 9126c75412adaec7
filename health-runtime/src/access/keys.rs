use std::{ops::RangeBounds, sync::Arc};

use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "openapi")]
use super::requirement::Requirement;
use super::{
    caller::Caller,
    decision::{Decision, Schemes},
    grants::{Grants, faults_of_names},
    policy::{AnyPolicy, Decide},
    secret::is_same,
    visible::is_visible,
};
use crate::maybe_ready::MaybeReady;
#[cfg(feature = "openapi")]
use crate::model::Levels;

pub(super) const KEY_HEADER: &str = "x-access-key";
const SECRET_HEADER: &str = "x-secret-key";
/// Its presence says that the request is signed, and the access key is not half of a pair.
pub(super) const SIGNATURE_HEADER: &str = "x-signature";

/// The shortest secret that is not to be guessed offline from a signature.
const SHORTEST_SECRET: usize = 16;

/// A key of a program: an id, which may be shown, and a secret.
///
/// A policy takes several, each with its own levels. To rotate one, add the new key, move the callers to it, and take the
/// old one away.
#[derive(Debug)]
#[must_use]
pub struct AccessKey {
    pub(super) id: String,
    pub(super) secret: SecretString,
    pub(super) grants: Grants,
}

impl AccessKey {
    /// A key that may have every level run and sees details. The secret has 16 bytes or more.
    pub fn new(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { id: id.into(), secret: secret.into(), grants: Grants::default() }
    }

    /// Sets the levels that the key may have run, such as `3..=5`. Default: all.
    pub fn levels(mut self, levels: impl RangeBounds<u8>) -> Self {
        self.grants.set_levels(&levels);
        self
    }

    /// Hides details from the key.
    pub const fn without_details(mut self) -> Self {
        self.grants.hide_details();
        self
    }
}

/// What is wrong with the keys of a policy.
pub(super) fn faults_of_keys<'a>(policy: &str, keys: impl Iterator<Item = &'a AccessKey> + Clone) -> Vec<String> {
    let mut faults = faults_of_names("key", policy, keys.clone().map(|key| key.id.as_str()));
    for key in keys {
        let whose = format!("`{policy}`: key {:?}", key.id);
        faults.extend(key.grants.faults(&whose));
        if !is_sendable(&key.id) {
            faults.push(format!("{whose} {NOT_SENDABLE}"));
        }
        let secret = key.secret.expose_secret();
        if secret.len() < SHORTEST_SECRET {
            faults.push(format!("{whose}: the secret is shorter than {SHORTEST_SECRET} bytes"));
        } else if secret.ends_with(['\n', '\r']) {
            // As of a file that it was read from: no caller has it like this.
            faults.push(format!("{whose}: the secret ends with a line break"));
        }
    }
    faults
}

const NOT_SENDABLE: &str = "is not visible ASCII without space at its ends, so no header can hold it";

/// Whether it arrives in a header as it is.
fn is_sendable(text: &str) -> bool {
    text.trim() == text && is_visible(text.as_bytes())
}

/// Asks for one of these keys, in the headers `X-Access-Key` (the id) and `X-Secret-Key`.
///
/// The secret travels with every request: serve it over TLS, or have requests [`signed`](super::signed()).
pub fn access_key(keys: impl IntoIterator<Item = AccessKey>) -> AnyPolicy {
    AnyPolicy::new(ByKey { keys: keys.into_iter().collect() })
}

struct ByKey {
    keys: Vec<AccessKey>,
}

const CHALLENGE: &str = r#"AccessKey realm="health""#;

impl Decide for ByKey {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let rejected = |why| Decision::rejected(CHALLENGE).because(why).of(Schemes::ACCESS_KEY);
        let has = |header| caller.header_values(header).next().is_some();
        let is_missing = !has(SECRET_HEADER) && (!has(KEY_HEADER) || has(SIGNATURE_HEADER));
        if is_missing {
            return MaybeReady::ready(Decision::unauthenticated(CHALLENGE).because("no access key"));
        }
        let (Some(id), Some(secret)) = (caller.header(KEY_HEADER), caller.header(SECRET_HEADER)) else {
            return MaybeReady::ready(rejected("malformed"));
        };
        let found = self.keys.iter().find(|key| key.id == id);
        // Something is compared for an id that no key has, too, so that ids cannot be told by the time it takes.
        let right = found.or_else(|| self.keys.first()).map_or("", |key| key.secret.expose_secret());
        let is_right = is_same(secret.as_bytes(), right.as_bytes());
        MaybeReady::ready(match found {
            Some(key) if is_right => key.grants.decision(&key.id, Schemes::ACCESS_KEY),
            Some(key) => rejected("wrong secret").by(&key.id),
            None => rejected("no such key"),
        })
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = faults_of_keys("access_key", self.keys.iter());
        for key in &self.keys {
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

    #[cfg(feature = "openapi")]
    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::of(Schemes::ACCESS_KEY)
    }
}
