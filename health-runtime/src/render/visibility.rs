//! The rights of one caller.

use crate::model::{Level, Levels};

/// What a caller may see, decided before any check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DetailLevel {
    /// Names, levels, groups, tags, statuses, causes, times, and data that is public.
    Outline,
    /// Details, too: messages, data, descriptions, what blocks a check.
    Details,
}

/// What a caller may see of each level, and of what is running; decided before any check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Visibility {
    /// The levels that it may have run.
    pub(crate) run: Levels,
    /// Those of them whose details it sees.
    pub(crate) details: Levels,
    /// `None` if it may not see what is running.
    pub(crate) info: Option<DetailLevel>,
    /// Whether it may hear of checks that are not in a report, as one that blocks another may be.
    pub(crate) knows_every_check: bool,
}

impl Visibility {
    /// What everybody sees of levels that everybody may have run.
    pub(crate) const OUTLINE: Self =
        Self { run: Levels::ALL, details: Levels::NONE, info: Some(DetailLevel::Outline), knows_every_check: true };

    /// With the details of all that it may have run.
    pub(crate) fn with_details(self) -> Self {
        Self { details: self.run, info: self.info.map(|_| DetailLevel::Details), ..self }
    }

    pub(crate) fn without_details(self) -> Self {
        Self { details: Levels::NONE, info: self.info.map(|_| DetailLevel::Outline), ..self }
    }

    pub(super) const fn at(self, level: Level) -> DetailLevel {
        if self.details.contains(level) { DetailLevel::Details } else { DetailLevel::Outline }
    }
}

/// To whom the details of checks are shown: messages, data, error text, what blocks a check.
///
/// Together with [`Access`](crate::access::Access), which says who may have which levels run: if this is not set, its
/// policies say who sees details; set, it outweighs them, for all whom they let in.
///
/// Whatever is shown here, the full text of a failure is in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShowDetails {
    /// To nobody: names, statuses, causes and times are all that the endpoint tells. The default, because a
    /// health endpoint is often open to the world and error text is not written for it.
    #[default]
    Never,
    /// To everybody who can reach the endpoint.
    Always,
}

impl ShowDetails {
    pub(crate) fn apply(self, visibility: Visibility) -> Visibility {
        match self {
            Self::Never => visibility.without_details(),
            Self::Always => visibility.with_details(),
        }
    }
}
