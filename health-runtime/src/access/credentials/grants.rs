use crate::{
    access::{decision::Decision, schemes::Scheme},
    model::Levels,
};

/// The levels and details that one user or key is granted.
#[derive(Clone, Copy, Debug)]
pub(in crate::access) struct Grants {
    levels: Levels,
    has_details: bool,
}

impl Default for Grants {
    fn default() -> Self {
        Self { levels: Levels::ALL, has_details: true }
    }
}

impl Grants {
    pub(in crate::access) const fn set_levels(&mut self, levels: Levels) {
        self.levels = levels;
    }

    pub(in crate::access) const fn hide_details(&mut self) {
        self.has_details = false;
    }

    /// Returns the fault of a user or key that no level is granted to.
    pub(in crate::access) fn fault(self) -> Option<&'static str> {
        self.levels.is_empty().then_some("`levels` has no level; name at least one, or leave `levels` out to grant all")
    }

    /// Decides for a caller that has proved its identity.
    pub(in crate::access) fn decision(self, caller: &str, scheme: &'static Scheme) -> Decision {
        let decision = Decision::allow().only_levels(self.levels).by(caller).with_scheme(scheme);
        if self.has_details { decision } else { decision.without_details() }
    }
}

/// Returns the faults in the names of users or the ids of keys.
pub(in crate::access) fn faults_of_names<'a>(
    kind: &str,
    policy: &str,
    names: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut faults = Vec::new();
    if names.is_empty() {
        faults.push(format!("`{policy}` has no {kind}s, so it admits nobody; if that is intended, use `closed()`"));
    }
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() || name.contains(|letter: char| letter == ':' || letter.is_control()) {
            faults.push(format!(
                "`{policy}`: {name:?} is not a valid {kind}; use at least one character, no `:` and no control characters"
            ));
        }
        if names[..at].contains(name) {
            faults.push(format!("`{policy}` has the {kind} {name:?} twice"));
        }
    }
    faults
}
