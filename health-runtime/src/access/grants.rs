use std::ops::RangeBounds;

use super::{
    decision::{Decision, Schemes},
    policy::NO_LEVELS,
};
use crate::model::Levels;

/// What one user or key may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grants {
    /// `None` if what was given are no levels.
    levels: Option<Levels>,
    has_details: bool,
}

impl Default for Grants {
    fn default() -> Self {
        Self { levels: Some(Levels::ALL), has_details: true }
    }
}

impl Grants {
    pub(super) fn set_levels(&mut self, levels: &impl RangeBounds<u8>) {
        self.levels = Levels::from_range(levels);
    }

    pub(super) const fn hide_details(&mut self) {
        self.has_details = false;
    }

    pub(super) fn faults(self, whose: &str) -> Option<String> {
        self.levels.is_none().then(|| format!("{whose}: {NO_LEVELS}"))
    }

    /// The decision on somebody who has shown to be who it says.
    pub(super) fn decision(self, who: &str, scheme: Schemes) -> Decision {
        let decision = Decision::allow().only(self.levels.unwrap_or(Levels::NONE)).by(who).of(scheme);
        if self.has_details { decision } else { decision.without_details() }
    }
}

/// What is wrong with the names of users or the ids of keys.
pub(super) fn faults_of_names<'a>(kind: &str, policy: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut faults = Vec::new();
    if names.is_empty() {
        faults.push(format!("`{policy}` has no {kind}s, so nobody could be let in; say `closed()` if that is meant"));
    }
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() || name.contains(|letter: char| letter == ':' || letter.is_control()) {
            faults.push(format!(
                "`{policy}`: {name:?} is no {kind}; it needs a character, no `:` and no control characters"
            ));
        }
        if names[..at].contains(name) {
            faults.push(format!("`{policy}` has the {kind} {name:?} twice"));
        }
    }
    faults
}
