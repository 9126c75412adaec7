use super::status_code::ValidStatusCodes;
use crate::model::{Group, Level, Levels};

/// What a route answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
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
    /// What all of these answer, as an OpenAPI document.
    #[cfg(feature = "openapi")]
    OpenApi,
    /// Changes as they happen.
    #[cfg(feature = "events")]
    Events,
    /// The numbers, for a scraper.
    #[cfg(feature = "metrics")]
    Metrics,
    /// The line that `HAProxy` reads from an agent.
    #[cfg(feature = "haproxy-agent")]
    Agent,
}

/// What of an endpoint is served at one place: everything that is not in it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reach {
    pub(crate) levels: Levels,
    pub(crate) has_groups: bool,
    /// `None` for those of the endpoint.
    pub(crate) status_codes: Option<ValidStatusCodes>,
}

impl Reach {
    pub(crate) const EVERYTHING: Self = Self { levels: Levels::ALL, has_groups: true, status_codes: None };

    pub(crate) fn has_every_level(self) -> bool {
        self.levels == Levels::ALL
    }

    pub(crate) const fn covers(self, target: &Target) -> bool {
        match target {
            Target::Overview | Target::Levels | Target::Check(_) => !self.levels.is_empty(),
            Target::Level(level) => self.levels.contains(*level),
            #[cfg(feature = "events")]
            Target::Events => !self.levels.is_empty(),
            #[cfg(feature = "metrics")]
            Target::Metrics => !self.levels.is_empty(),
            // It describes everything, with the endpoint's own status codes.
            #[cfg(feature = "openapi")]
            Target::OpenApi => self.levels.others().is_empty() && self.has_groups && self.status_codes.is_none(),
            #[cfg(feature = "haproxy-agent")]
            Target::Agent => self.has_groups,
            Target::Group(_) => self.has_groups,
            Target::Info => true,
        }
    }
}
