use std::sync::Arc;

use crate::sync::{Mutex, lock};

/// The part of a client that an [`Ask`](super::Ask) keeps from one statement to the next.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Kept<T>(Arc<Mutex<Option<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Kept<T> {
    /// Returns what is kept.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        lock(&self.0).clone()
    }

    /// Takes what is kept out, so that nothing is unless it is set again.
    #[must_use]
    pub fn take(&self) -> Option<T> {
        lock(&self.0).take()
    }

    /// Keeps this one, and drops the last one.
    pub fn set(&self, kept: T) {
        let last = lock(&self.0).replace(kept);
        drop(last);
    }
}
