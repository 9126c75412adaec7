//! A check that a test turns.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use health_runtime::{Check, Level, Outcome};

/// The next result of a check.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<AtomicU8>);

impl Switch {
    pub(crate) fn pass(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    pub(crate) fn warn(&self) {
        self.0.store(1, Ordering::SeqCst);
    }

    pub(crate) fn fail(&self) {
        self.0.store(2, Ordering::SeqCst);
    }

    /// A readiness check that says it, freshly each time.
    pub(crate) fn check(&self, name: &str) -> Check {
        let state = Arc::clone(&self.0);
        Check::new(name, Level::L1, move || {
            let said = match state.load(Ordering::SeqCst) {
                0 => Outcome::pass(),
                1 => Outcome::warn("slowly"),
                _ => Outcome::fail("postgres://user:secret@db is gone"),
            };
            async { said }
        })
        .readiness()
        .max_age(std::time::Duration::ZERO)
    }
}
