//! Stored responses: rendered once for each change of their content, then shared.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use super::{cached_response::CachedResponse, paths::RouteScope, query::ViewOptions};
use crate::{
    monitor::{Gathered, Monitor},
    render::{Format, Visibility},
};

/// The identity of a resource: its name, and the check that it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceId {
    pub(super) name: &'static str,
    pub(super) check: Option<String>,
}

/// Maximum number of stored responses. All of them are dropped for one more.
const MAX_STORED_RESPONSES: usize = 1024;

/// Everything that decides how a stored response looks. Each check has only a few keys, whatever clients send.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CacheKey {
    pub(super) resource: ResourceId,
    pub(super) options: ViewOptions,
    pub(super) format: &'static Format,
    /// The rights of the caller, and not its identity.
    pub(super) visibility: Visibility,
    /// The scope, because pages link only to routes in it.
    pub(super) scope: RouteScope,
    /// Depth of a page among the paths, for its links.
    pub(super) depth: usize,
}

#[derive(Debug, Default)]
pub(super) struct Cache {
    stored: RwLock<StoredResponses>,
}

/// Responses of one epoch: those from before a mute, a drain or an update are never true again. So none is left of a
/// removed check.
#[derive(Debug, Default)]
struct StoredResponses {
    epoch: u64,
    /// Not a hash map: hashing a key takes longer than finding it among so few.
    by_key: BTreeMap<CacheKey, StoredResponse>,
}

#[derive(Debug)]
struct StoredResponse {
    gathered: Gathered,
    response: CachedResponse,
}

impl Cache {
    /// Returns the response that is still true.
    pub(super) fn get(&self, key: &CacheKey, monitor: &Monitor) -> Option<CachedResponse> {
        self.find(key, |stored| monitor.is_valid(stored))
    }

    /// Returns a response for a request that has gathered its results: the one that another request has made from the same
    /// results, or one that is newer.
    pub(super) fn get_for(&self, key: &CacheKey, gathered: &Gathered, monitor: &Monitor) -> Option<CachedResponse> {
        self.find(key, |stored| stored.shows_same(gathered) || monitor.is_valid(stored))
    }

    fn find(&self, key: &CacheKey, is_right: impl FnOnce(&Gathered) -> bool) -> Option<CachedResponse> {
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner);
        stored.by_key.get(key).filter(|stored| is_right(&stored.gathered)).map(|stored| stored.response.clone())
    }

    /// Stores a response for as long as it is true, and for requests that waited for the same results.
    pub(super) fn put(&self, key: CacheKey, gathered: Gathered, response: CachedResponse) {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        let is_full = stored.by_key.len() >= MAX_STORED_RESPONSES && !stored.by_key.contains_key(&key);
        let outdated = (stored.epoch < gathered.epoch || is_full).then(|| std::mem::take(&mut stored.by_key));
        stored.epoch = stored.epoch.max(gathered.epoch);
        let replaced =
            (stored.epoch == gathered.epoch).then(|| stored.by_key.insert(key, StoredResponse { gathered, response }));
        drop(stored);
        // After the lock is released, because there may be many.
        drop((outdated, replaced));
    }
}
