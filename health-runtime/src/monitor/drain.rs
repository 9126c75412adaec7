use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the service is going away. There is no way back, so no method leads there.
#[derive(Debug, Default)]
pub(super) struct Drain {
    begun: AtomicBool,
}

impl Drain {
    /// Whether this call is the one that began it.
    pub(super) fn begin(&self) -> bool {
        !self.begun.swap(true, Ordering::AcqRel)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }
}
