use std::fmt;

#[cfg(feature = "page")]
use super::{Cause, Status};

/// What an orchestrator asks. A check is in a group only if it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Group {
    /// Should this process be restarted? Level 5 only: a liveness check that reaches outside the process
    /// restarts the whole fleet when a dependency fails.
    Liveness,
    /// Should this instance get traffic?
    Readiness,
    /// Has this instance finished starting?
    Startup,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 3] = [Self::Liveness, Self::Readiness, Self::Startup];

    /// The group's name: `liveness`, `readiness` or `startup`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Startup => "startup",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer that an orchestrator would get about a group.
#[cfg(feature = "page")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupVerdict {
    pub(crate) group: Group,
    pub(crate) status: Status,
    /// Why the group fails as a whole, whatever its checks say.
    pub(crate) cause: Option<Cause>,
}
