//! Answers that are still true: rendered once for each change of what they show, then shared.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use super::{
    answer::Answer,
    query::Shape,
    target::{Reach, Target},
};
use crate::{
    monitor::{Monitor, Validity},
    render::{FormatId, Visibility},
};

/// What an answer was made for. There are but a few of these for each check, whatever the world asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) target: Target,
    pub(super) shape: Shape,
    pub(super) format: FormatId,
    /// What the caller may see, and not who it is.
    pub(super) visibility: Visibility,
    /// The place, whose pages link only to what is there.
    pub(super) reach: Reach,
    /// How deep it stands, for a page, whose links depend on that.
    pub(super) depth: usize,
}

#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Not a hash map: to hash a key takes longer than to find it among so few.
    answers: RwLock<BTreeMap<Key, (Validity, Answer)>>,
}

impl Cache {
    pub(super) fn get(&self, key: &Key, monitor: &Monitor) -> Option<Answer> {
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        answers.get(key).filter(|(validity, _)| monitor.is_valid(*validity)).map(|(_, answer)| answer.clone())
    }

    pub(super) fn put(&self, key: Key, validity: Validity, answer: Answer) {
        self.answers.write().unwrap_or_else(PoisonError::into_inner).insert(key, (validity, answer));
    }
}
