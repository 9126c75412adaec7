//! The rights of one caller.

use crate::model::{Level, Levels};

/// The extent of what a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DetailLevel {
    /// Names, also those for people, levels, groups, tags, statuses, causes, times, and data that is public.
    Outline,
    /// Details, too: messages, data, descriptions, owners, runbooks, names of blocking checks.
    Details,
}

/// The rights of a caller by level, and for build information; decided before any check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Visibility {
    /// The levels that the caller may run.
    pub(crate) run: Levels,
    /// The levels among them whose details the caller sees.
    pub(crate) details: Levels,
    /// The levels among them whose checks the caller may operate.
    pub(crate) operate: Levels,
    /// Access to build information; `None` without any.
    pub(crate) info: Option<DetailLevel>,
    /// Whether the caller may learn of checks outside of a report, such as a check that blocks another.
    pub(crate) knows_every_check: bool,
}

impl Visibility {
    /// The rights of every caller where every caller may run every level.
    pub(crate) const OUTLINE: Self = Self {
        run: Levels::ALL,
        details: Levels::NONE,
        operate: Levels::NONE,
        info: Some(DetailLevel::Outline),
        knows_every_check: true,
    };

    /// Adds the details of all levels that the caller may run.
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

/// The callers who see the details of checks: messages, data, error text, descriptions, owners, runbooks, names of blocking
/// checks.
///
/// The policies of [`Access`](crate::access::Access) decide about details unless this is set. Set, it takes precedence for every
/// caller that they admit.
///
/// The log has the full text of a failure in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShowDetails {
    /// No caller: the endpoint shows only names, statuses, causes and times. The default, because a health endpoint is often
    /// open to the world, and error text is not written for it.
    #[default]
    Never,
    /// Every caller who can reach the endpoint.
    Always,
}

/// A value of the key `details`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a valid value for `details`",
    label = "has to be a `ShowDetails`",
    note = "for a condition write `if condition {{ public }} else {{ hidden }}`"
)]
pub trait DetailsValue {
    /// Returns the value.
    fn into_show_details(self) -> ShowDetails;
}

impl DetailsValue for ShowDetails {
    fn into_show_details(self) -> ShowDetails {
        self
    }
}

impl ShowDetails {
    pub(crate) fn apply(self, visibility: Visibility) -> Visibility {
        match self {
            Self::Never => visibility.without_details(),
            Self::Always => visibility.with_details(),
        }
    }
}
