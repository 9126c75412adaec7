//! How many wrappers a value stands in.

use std::cell::Cell;

#[derive(Clone, Copy, Debug)]
pub(super) enum Wrapper {
    Public,
    Secret,
}

/// How many wrappers of each kind there are around what is serialized on this thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nesting {
    public: usize,
    secret: usize,
}

thread_local! {
    static NESTING: Cell<Nesting> = const { Cell::new(Nesting { public: 0, secret: 0 }) };
}

/// Puts back what was before, also after a panic.
struct Before(Nesting);

impl Drop for Before {
    fn drop(&mut self) {
        NESTING.set(self.0);
    }
}

/// Serializes what stands in a wrapper.
pub(super) fn inside<T>(wrapper: Wrapper, serialize: impl FnOnce() -> T) -> T {
    let before = Before(NESTING.get());
    let Nesting { public, secret } = before.0;
    NESTING.set(match wrapper {
        Wrapper::Public => Nesting { public: public + 1, secret },
        Wrapper::Secret => Nesting { public, secret: secret + 1 },
    });
    serialize()
}

impl Nesting {
    pub(super) fn now() -> Self {
        NESTING.get()
    }

    /// Whether a public wrapper has been opened since.
    pub(super) fn is_in_public(self) -> bool {
        Self::now().public > self.public
    }

    /// Whether a secret wrapper has been opened since.
    pub(super) fn is_in_secret(self) -> bool {
        Self::now().secret > self.secret
    }
}
