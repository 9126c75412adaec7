use crate::model::{Group, Level};

/// What a route answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// The status of everything, and where to ask further.
    Overview,
    /// Every level.
    Levels,
    /// One level, or with it the shallower ones.
    Level(Level),
    /// One check.
    Check(String),
    /// What an orchestrator asks.
    Group(Group),
    /// What is running.
    Info,
    /// Changes as they happen.
    #[cfg(feature = "events")]
    Events,
    /// The numbers, for a scraper.
    #[cfg(feature = "metrics")]
    Metrics,
}
