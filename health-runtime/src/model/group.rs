use std::fmt;

#[cfg(feature = "page")]
use super::{Cause, Status};

/// A question of an orchestrator. A check is in a group only if its declaration says so.
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

    /// Returns the name on the wire: `liveness`, `readiness` or `startup`.
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

/// The answer about a group that an orchestrator would get.
#[cfg(feature = "page")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupVerdict {
    pub(crate) group: Group,
    pub(crate) status: Status,
    /// The reason why the group fails as a whole, whatever its checks say.
    pub(crate) cause: Option<Cause>,
}
