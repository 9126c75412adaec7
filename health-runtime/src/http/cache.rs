//! Stored responses: rendered once for each change of their content, then shared.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use super::{cached_response::CachedResponse, paths::RouteScope, query::ViewOptions};
use crate::{
    monitor::{Monitor, Validity},
    render::{Format, Visibility},
};

/// The identity of a resource: its name, and the check that it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceId {
    pub(super) name: &'static str,
    pub(super) check: Option<String>,
}

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

/// Responses of one generation: those of an older one are never valid again. So none is left of a removed check.
#[derive(Debug, Default)]
struct StoredResponses {
    generation: u64,
    /// Not a hash map: hashing a key takes longer than finding it among so few.
    by_key: BTreeMap<CacheKey, (Validity, CachedResponse)>,
}

impl Cache {
    pub(super) fn get(&self, key: &CacheKey, monitor: &Monitor) -> Option<CachedResponse> {
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner);
        stored.by_key.get(key).filter(|(validity, _)| monitor.is_valid(*validity)).map(|(_, response)| response.clone())
    }

    pub(super) fn put(&self, key: CacheKey, validity: Validity, response: CachedResponse) {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        let mut outdated = BTreeMap::new();
        if stored.generation < validity.generation {
            stored.generation = validity.generation;
            outdated = std::mem::take(&mut stored.by_key);
        }
        if stored.generation == validity.generation {
            stored.by_key.insert(key, (validity, response));
        }
        drop(stored);
        // After the lock is released, because there may be many.
        drop(outdated);
    }
}
