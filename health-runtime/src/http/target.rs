use crate::model::{Group, Level, Levels};

/// What a route answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// The status of everything, and where to ask further.
    Overview,
    /// Every level.
    Levels,
    /// One level, or with it the shallower ones; level 1 holds all the others.
    Level(Level),
    /// One check.
    Check(String),
    /// What an orchestrator asks.
    Group(Group),
    /// What is running.
    Info,
}

/// What of an endpoint is served at one place: everything that is not in it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) levels: Levels,
    pub(super) has_groups: bool,
}

impl Reach {
    pub(super) const EVERYTHING: Self = Self { levels: Levels::ALL, has_groups: true };

    pub(super) const fn covers(self, target: &Target) -> bool {
        match target {
            Target::Overview | Target::Levels | Target::Check(_) => !self.levels.is_empty(),
            Target::Level(level) => self.levels.contains(*level),
            Target::Group(_) => self.has_groups,
            Target::Info => true,
        }
    }
}
