use secrecy::{ExposeSecret, SecretString};

use super::grants::{Grants, faults_of_names};
use crate::{
    access::{
        caller::is_visible,
        schemes::{Carrier, SchemePart},
    },
    model::Levels,
};

pub(in crate::access) const KEY_HEADER: &str = "x-access-key";
/// Marks a signed request, whose access key comes without a secret.
pub(in crate::access) const SIGNATURE_HEADER: &str = "x-signature";

/// Minimum that withstands offline guessing from a signature.
const MIN_SECRET_BYTES: usize = 16;

/// The header with the key's id, also in signed requests.
pub(in crate::access) const KEY_PART: SchemePart = SchemePart {
    name: "accessKey",
    carrier: Carrier::Header { name: "X-Access-Key", meaning: "The id of an access key." },
};

/// The key of a program: a public id and a secret.
///
/// A policy takes several keys, each with its own levels. To rotate a key, add the new one, move the callers to it, and
/// remove the old one.
#[derive(Debug)]
#[must_use]
pub struct AccessKey {
    pub(in crate::access) id: String,
    pub(in crate::access) secret: SecretString,
    pub(in crate::access) grants: Grants,
}

impl AccessKey {
    /// Creates a key that may run every level and sees details. The secret has 16 bytes or more.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: secret.into().into(), grants: Grants::default() }
    }

    /// Sets the levels that the key may run, such as `Level::L3..=Level::L5`. Default: all.
    pub fn levels(mut self, levels: impl Into<Levels>) -> Self {
        self.grants.set_levels(levels.into());
        self
    }

    /// Hides details from the key.
    pub const fn without_details(mut self) -> Self {
        self.grants.hide_details();
        self
    }
}

/// Returns the faults in the keys of a policy.
pub(in crate::access) fn faults_of_keys<'a>(
    policy: &str,
    keys: impl Iterator<Item = &'a AccessKey> + Clone,
) -> Vec<String> {
    let mut faults = faults_of_names("key", policy, keys.clone().map(|key| key.id.as_str()));
    for key in keys {
        let whose = format!("`{policy}`: key {:?}", key.id);
        if !is_sendable(&key.id) {
            faults.push(format!("{whose} {NOT_SENDABLE}"));
        }
        let secret = key.secret.expose_secret();
        if secret.len() < MIN_SECRET_BYTES {
            faults.push(format!("{whose}: the secret is shorter than {MIN_SECRET_BYTES} bytes"));
        } else if secret.ends_with(['\n', '\r']) {
            // The line break probably comes from a file; no caller sends it.
            faults.push(format!("{whose}: the secret ends with a line break"));
        }
        faults.extend(key.grants.fault().map(|fault| format!("{whose}: {fault}")));
    }
    faults
}

pub(in crate::access) const NOT_SENDABLE: &str =
    "is not visible ASCII without space at its ends, so no header can hold it";

/// Returns whether a header can carry the text unchanged.
pub(in crate::access) fn is_sendable(text: &str) -> bool {
    text.trim() == text && is_visible(text.as_bytes())
}
