//! How long an answer stays true.

use tokio::time::Instant;

use super::shared::Shared;

/// An answer stays true until the first of its results is no longer young or the first of its mutes is over, or
/// until another result lands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(super) generation: u64,
    /// `None` for a report that does not age: one without checks, or of background checks that are stale.
    pub(super) until: Option<Instant>,
}

impl Validity {
    pub(super) fn holds(self, shared: &Shared) -> bool {
        self.generation == shared.generation() && self.until.is_none_or(|until| Instant::now() < until)
    }

    pub(super) fn no_longer_than(self, until: Instant) -> Self {
        Self { until: self.until.into_iter().chain([until]).min(), ..self }
    }
}
