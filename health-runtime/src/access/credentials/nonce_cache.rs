use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::access_key::AccessKey;
use crate::sync::lock;

/// Maximum number of remembered requests of one key; only requests with a right signature are remembered.
const MAX_NONCES_PER_KEY: usize = 10_000;

/// The used nonces of one key, until their signatures expire. All policies of the process with the same key share them.
#[derive(Debug, Default)]
pub(in crate::access) struct NonceCache {
    used: Mutex<UsedNonces>,
}

#[derive(Debug, Default)]
struct UsedNonces {
    by_hash: HashMap<[u8; 32], NonceUse>,
    /// Seconds from its timestamp for which a nonce is remembered: the longest window of a policy.
    window: u64,
    /// Time of the last removal of old nonces, in seconds since 1970.
    pruned_at: u64,
}

#[derive(Debug)]
struct NonceUse {
    timestamp: u64,
    /// Several policies may ask about the same request.
    request: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::access) enum ReplayCheck {
    New,
    Replayed,
    /// The cache is full, so the request cannot be accepted.
    Unknown,
}

impl NonceCache {
    /// Returns the nonces of a key, remembered for at least `window` seconds. They outlive the policy, because the
    /// request may be replayed to the next one.
    pub(in crate::access) fn for_key(key: &AccessKey, window: u64) -> Arc<Self> {
        static BY_KEY: LazyLock<Mutex<HashMap<[u8; 32], Arc<NonceCache>>>> = LazyLock::new(Mutex::default);
        let secret = Sha256::digest(key.secret.expose_secret());
        let hash = Sha256::new().chain_update(&key.id).chain_update([0]).chain_update(secret).finalize().into();
        let mut by_key = lock(&BY_KEY);
        let nonces = Arc::clone(by_key.entry(hash).or_default());
        drop(by_key);
        let mut used = lock(&nonces.used);
        used.window = used.window.max(window);
        drop(used);
        nonces
    }

    /// Marks a request as used. Times are in seconds since 1970.
    pub(in crate::access) fn note(&self, nonce: &str, request: u64, now: u64, timestamp: u64) -> ReplayCheck {
        let hash = Sha256::digest(nonce).into();
        let mut used = lock(&self.used);
        if let Some(earlier) = used.by_hash.get(&hash) {
            return if earlier.request == request { ReplayCheck::New } else { ReplayCheck::Replayed };
        }
        if used.by_hash.len() >= MAX_NONCES_PER_KEY && used.pruned_at != now {
            let window = used.window;
            used.by_hash.retain(|_, earlier| earlier.timestamp.saturating_add(window) >= now);
            used.pruned_at = now;
        }
        if used.by_hash.len() >= MAX_NONCES_PER_KEY {
            return ReplayCheck::Unknown;
        }
        used.by_hash.insert(hash, NonceUse { timestamp, request });
        ReplayCheck::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> AccessKey {
        AccessKey::new(id, format!("secret of {id}, long enough"))
    }

    #[test]
    fn nonce_counts_once_for_each_key() {
        let (a, b) = (NonceCache::for_key(&key("once-a"), 100), NonceCache::for_key(&key("once-b"), 100));
        assert_eq!(a.note("n", 1, 100, 100), ReplayCheck::New);
        assert_eq!(a.note("n", 1, 100, 100), ReplayCheck::New, "the same request");
        assert_eq!(a.note("n", 2, 100, 100), ReplayCheck::Replayed);
        assert_eq!(b.note("n", 2, 100, 100), ReplayCheck::New);
        assert_eq!(
            NonceCache::for_key(&key("once-a"), 100).note("n", 3, 100, 100),
            ReplayCheck::Replayed,
            "another policy"
        );
    }

    #[test]
    fn full_store_of_a_key_affects_no_other_key() {
        let (greedy, honest) = (NonceCache::for_key(&key("greedy"), 100), NonceCache::for_key(&key("honest"), 100));
        for request in 0..MAX_NONCES_PER_KEY as u64 {
            assert_eq!(greedy.note(&request.to_string(), request, 100, 100), ReplayCheck::New);
        }
        assert_eq!(greedy.note("one more", 1, 200, 200), ReplayCheck::Unknown);
        assert_eq!(greedy.note("0", 1, 200, 100), ReplayCheck::Replayed, "nothing was forgotten for it");
        assert_eq!(honest.note("one more", 1, 200, 200), ReplayCheck::New);
        assert_eq!(greedy.note("one more", 1, 201, 201), ReplayCheck::New);
        assert_eq!(lock(&greedy.used).by_hash.len(), 1);
    }
}
