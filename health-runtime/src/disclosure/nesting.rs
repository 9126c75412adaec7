//! Number of markers around the value that is being serialized.

use std::cell::Cell;

#[derive(Clone, Copy, Debug)]
pub(super) enum Marker {
    Public,
    Secret,
}

/// Number of markers of each kind around the value that this thread is serializing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nesting {
    public: usize,
    secret: usize,
}

thread_local! {
    static NESTING: Cell<Nesting> = const { Cell::new(Nesting { public: 0, secret: 0 }) };
}

/// Restores the previous nesting, also after a panic.
struct RestoreGuard(Nesting);

impl Drop for RestoreGuard {
    fn drop(&mut self) {
        NESTING.set(self.0);
    }
}

/// Serializes the content of a marker.
pub(super) fn inside<T>(marker: Marker, serialize: impl FnOnce() -> T) -> T {
    let before = RestoreGuard(NESTING.get());
    let Nesting { public, secret } = before.0;
    NESTING.set(match marker {
        Marker::Public => Nesting { public: public + 1, secret },
        Marker::Secret => Nesting { public, secret: secret + 1 },
    });
    serialize()
}

impl Nesting {
    pub(super) fn now() -> Self {
        NESTING.get()
    }

    /// Returns whether a `Public` has been opened since.
    pub(super) fn is_in_public(self) -> bool {
        Self::now().public > self.public
    }

    /// Returns whether a `Secret` has been opened since.
    pub(super) fn is_in_secret(self) -> bool {
        Self::now().secret > self.secret
    }
}
