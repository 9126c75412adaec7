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

/// Maximum number of stored responses. The older half is dropped for one more.
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
    /// Number of responses that were stored so far.
    count: usize,
    /// Not a hash map: hashing a key takes longer than finding it among so few.
    by_key: BTreeMap<CacheKey, StoredResponse>,
}

#[derive(Debug)]
struct StoredResponse {
    gathered: Gathered,
    response: CachedResponse,
    /// Its number among all that were stored.
    number: usize,
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
        let dropped = if stored.epoch < gathered.epoch {
            stored.epoch = gathered.epoch;
            std::mem::take(&mut stored.by_key)
        } else if stored.by_key.len() >= MAX_STORED_RESPONSES && !stored.by_key.contains_key(&key) {
            stored.take_older_half()
        } else {
            BTreeMap::new()
        };
        let replaced = (stored.epoch == gathered.epoch).then(|| {
            stored.count += 1;
            let number = stored.count;
            stored.by_key.insert(key, StoredResponse { gathered, response, number })
        });
        drop(stored);
        // After the lock is released, because there may be many.
        drop((dropped, replaced));
    }
}

impl StoredResponses {
    /// Removes at least half of the responses: all but the latest ones.
    fn take_older_half(&mut self) -> BTreeMap<CacheKey, StoredResponse> {
        let last_old = self.count - MAX_STORED_RESPONSES / 2;
        let all = std::mem::take(&mut self.by_key).into_iter();
        let (old, kept) = all.partition(|(_, stored)| stored.number <= last_old);
        self.by_key = kept;
        old
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::{super::cached_response::JSON, *};
    use crate::{Check, Level, Registry, monitor::Selection};

    #[tokio::test(start_paused = true)]
    async fn latest_responses_survive_a_full_store() {
        let check = Check::new("db", Level::L1, || async {});
        let monitor = Monitor::new(Registry::builder().check(check).build().expect("a good check"));
        let cache = Cache::default();
        let key = |number: usize| CacheKey {
            resource: ResourceId { name: "check", check: Some(number.to_string()) },
            options: ViewOptions::default(),
            format: Format::JSON,
            visibility: Visibility::OUTLINE,
            scope: RouteScope::EVERYTHING,
            depth: 0,
        };
        let put = async |number| {
            let response = CachedResponse::new(StatusCode::OK, JSON, Vec::new());
            cache.put(key(number), monitor.gather(&Selection::everything()).await, response);
        };
        for number in 0..MAX_STORED_RESPONSES {
            put(number).await;
        }
        put(7).await;
        let is_stored = |number| cache.get(&key(number), &monitor).is_some();
        assert!((0..MAX_STORED_RESPONSES).all(is_stored), "a response that is stored again takes no place");
        put(MAX_STORED_RESPONSES).await;
        let stored: Vec<_> = (0..=MAX_STORED_RESPONSES).filter(|number| is_stored(*number)).collect();
        assert_eq!(stored.len(), MAX_STORED_RESPONSES / 2 + 1);
        assert_eq!(stored[..2], [7, MAX_STORED_RESPONSES / 2 + 1], "the oldest are gone");
    }
}
