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
    /// What all of these answer, as an OpenAPI document.
    #[cfg(feature = "openapi")]
    OpenApi,
    /// The numbers, for a scraper.
    #[cfg(feature = "metrics")]
    Metrics,
    /// The line that `HAProxy` reads from an agent.
    #[cfg(feature = "agent")]
    Agent,
}
