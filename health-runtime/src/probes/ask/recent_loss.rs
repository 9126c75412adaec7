use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::sync::{Mutex, lock};

/// Time that a client gets to restore its channels after it has connected again. On a busy machine lapin needs more than
/// two seconds, and nothing tells when it is done.
const RECOVERY: Duration = Duration::from_secs(5);

/// The last time at which a client was seen without its connection.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct RecentLoss(Arc<Mutex<Option<Instant>>>);

impl RecentLoss {
    /// Notes that the client has no connection.
    pub fn note(&self) {
        *lock(&self.0) = Some(Instant::now());
    }

    /// Returns whether the client may still be restoring its channels.
    #[must_use]
    pub fn is_recent(&self) -> bool {
        lock(&self.0).is_some_and(|lost| lost.elapsed() < RECOVERY)
    }
}
