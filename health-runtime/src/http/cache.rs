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
    /// Not a hash map: hashing a key takes longer than finding it among so few.
    responses: RwLock<BTreeMap<CacheKey, (Validity, CachedResponse)>>,
}

impl Cache {
    pub(super) fn get(&self, key: &CacheKey, monitor: &Monitor) -> Option<CachedResponse> {
        let responses = self.responses.read().unwrap_or_else(PoisonError::into_inner);
        responses.get(key).filter(|(validity, _)| monitor.is_valid(*validity)).map(|(_, response)| response.clone())
    }

    pub(super) fn put(&self, key: CacheKey, validity: Validity, response: CachedResponse) {
        self.responses.write().unwrap_or_else(PoisonError::into_inner).insert(key, (validity, response));
    }
}
