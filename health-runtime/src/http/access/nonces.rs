use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

/// How many signed requests are remembered; only those with a right signature are.
const MOST: usize = 10_000;

/// Which nonces were used, until their signatures are too old to count anyhow.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// By a hash of key and nonce, so that each takes the same room.
    by_hash: HashMap<[u8; 32], Use>,
    /// When the old ones were taken out, in seconds since 1970.
    pruned_at: u64,
}

#[derive(Debug)]
struct Use {
    /// The last second in which the signature counts.
    until: u64,
    /// One request may be asked about by several policies.
    request: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    New,
    Replayed,
    /// There is no room to remember it, so it cannot be let through.
    Unknown,
}

impl Nonces {
    /// Times are in seconds since 1970.
    pub(super) fn note(&self, key: &str, nonce: &str, request: u64, now: u64, until: u64) -> Novelty {
        let hash = Sha256::new().chain_update(key).chain_update([0]).chain_update(nonce).finalize().into();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = used.by_hash.get(&hash) {
            return if earlier.request == request { Novelty::New } else { Novelty::Replayed };
        }
        if used.by_hash.len() >= MOST && used.pruned_at != now {
            used.by_hash.retain(|_, earlier| earlier.until >= now);
            used.pruned_at = now;
        }
        if used.by_hash.len() >= MOST {
            return Novelty::Unknown;
        }
        used.by_hash.insert(hash, Use { until, request });
        Novelty::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_once_for_each_key() {
        let nonces = Nonces::default();
        assert_eq!(nonces.note("a", "n", 1, 100, 200), Novelty::New);
        assert_eq!(nonces.note("a", "n", 1, 100, 200), Novelty::New, "the same request");
        assert_eq!(nonces.note("a", "n", 2, 100, 200), Novelty::Replayed);
        assert_eq!(nonces.note("b", "n", 2, 100, 200), Novelty::New);
    }

    #[test]
    fn as_many_are_remembered_as_there_is_room_for_and_old_ones_make_room() {
        let nonces = Nonces::default();
        for request in 0..MOST as u64 {
            assert_eq!(nonces.note("a", &request.to_string(), request, 100, 200), Novelty::New);
        }
        assert_eq!(nonces.note("a", "one more", 1, 200, 300), Novelty::Unknown);
        assert_eq!(nonces.note("a", "0", 1, 200, 300), Novelty::Replayed, "nothing was forgotten for it");
        assert_eq!(nonces.note("a", "one more", 1, 201, 300), Novelty::New);
        assert_eq!(nonces.used.lock().unwrap().by_hash.len(), 1);
    }
}
