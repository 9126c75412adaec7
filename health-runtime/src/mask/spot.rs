//! The input of a rule.

use std::{cell::Cell, ops::Range};

use super::letters::Letter;

/// A place in a text.
pub(super) struct Spot<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) letter: Letter,
    /// The name or word that begins here; empty at a sign.
    pub(super) run: Range<usize>,
    /// End of the latest mask: nothing in front of it counts any more.
    pub(super) floor: usize,
    pub(super) words: &'a Cell<Words>,
}

/// For each depth of encoding: the end of the word that was looked through last, and its last `@`.
pub(super) type Words = [(usize, Option<usize>); 4];
