use std::{collections::BTreeSet, time::Duration};

use crate::model::{CheckSpec, Group, Level, Levels, Status};

/// How long a level report may take.
const LEVEL_DEADLINE: Duration = Duration::from_secs(10);

/// How long a group's report may take: under the second that a kubelet waits by default.
const GROUP_DEADLINE: Duration = Duration::from_millis(900);

/// Which checks a report is about, and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    scope: Scope,
    tags: Vec<String>,
    excluded: BTreeSet<String>,
    deadline: Duration,
    #[cfg(feature = "page")]
    has_group_verdicts: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    Levels(Vec<Level>),
    Group(Group),
    Check { name: String, within: Levels },
}

impl Selection {
    /// Every check of every level: the whole ship.
    #[must_use]
    pub fn everything() -> Self {
        Self::down_to(Level::L1)
    }

    /// The checks of this level and of every shallower one.
    #[must_use]
    pub fn down_to(level: Level) -> Self {
        Self::levels(Level::ALL.into_iter().filter(|other| *other >= level).collect())
    }

    /// The checks of this level alone.
    #[must_use]
    pub fn level(level: Level) -> Self {
        Self::levels(vec![level])
    }

    /// The checks of these levels, the deepest first.
    pub(crate) fn levels(levels: Vec<Level>) -> Self {
        Self::of(Scope::Levels(levels), LEVEL_DEADLINE)
    }

    /// The checks of this group.
    #[must_use]
    pub fn group(group: Group) -> Self {
        Self::of(Scope::Group(group), GROUP_DEADLINE)
    }

    /// One check.
    #[must_use]
    pub fn check(name: impl Into<String>) -> Self {
        Self::of(Scope::Check { name: name.into(), within: Levels::ALL }, LEVEL_DEADLINE)
    }

    const fn of(scope: Scope, deadline: Duration) -> Self {
        Self {
            scope,
            tags: Vec::new(),
            excluded: BTreeSet::new(),
            deadline,
            #[cfg(feature = "page")]
            has_group_verdicts: false,
        }
    }

    /// Leaves out the checks that have none of these tags. Default: no tag is asked for.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Leaves out the checks of these names. Default: none.
    #[must_use]
    pub fn without_checks<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.excluded.extend(names.into_iter().map(Into::into));
        self
    }

    /// Shortens the time that the report may take; a longer time than the default changes nothing. Default:
    /// 10 s, and 900 ms for a group.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = self.deadline.min(deadline);
        self
    }

    /// Leaves out the checks of all other levels, and the levels themselves. A group stays whole: an orchestrator asks for
    /// all of it or for nothing.
    pub(crate) fn within(mut self, allowed: Levels) -> Self {
        match &mut self.scope {
            Scope::Levels(levels) => levels.retain(|level| allowed.contains(*level)),
            Scope::Check { within, .. } => *within = within.and(allowed),
            Scope::Group(_) => {}
        }
        self
    }

    /// Asks for the verdict of each group whose checks all are selected, too. Runs no more than without it.
    #[cfg(feature = "page")]
    pub(crate) fn with_group_verdicts(mut self, has_group_verdicts: bool) -> Self {
        self.has_group_verdicts = has_group_verdicts;
        self
    }

    #[cfg(feature = "page")]
    pub(super) const fn has_group_verdicts(&self) -> bool {
        self.has_group_verdicts
    }

    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The levels that the report shows, even those without a check; none for a group or one check.
    pub(super) fn shown_levels(&self) -> &[Level] {
        match &self.scope {
            Scope::Levels(levels) => levels,
            Scope::Group(_) | Scope::Check { .. } => &[],
        }
    }

    pub(super) fn is_of(&self, group: Group) -> bool {
        matches!(self.scope, Scope::Group(own) if own == group)
    }

    /// What a background check without a result counts as. Readiness and startup wait for it, liveness does not restart
    /// a process that is just starting.
    pub(super) const fn pending(&self) -> Status {
        match self.scope {
            Scope::Group(Group::Readiness | Group::Startup) => Status::Fail,
            Scope::Group(Group::Liveness) => Status::Pass,
            Scope::Levels(_) | Scope::Check { .. } => Status::Warn,
        }
    }

    pub(crate) fn selects(&self, spec: &CheckSpec) -> bool {
        let in_scope = match &self.scope {
            Scope::Levels(levels) => levels.contains(&spec.level()),
            Scope::Group(group) => spec.is_in(*group),
            Scope::Check { name, within } => spec.name() == name && within.contains(spec.level()),
        };
        in_scope
            && (self.tags.is_empty() || spec.tags().iter().any(|tag| self.tags.contains(tag)))
            && !self.excluded.contains(spec.name())
    }
}
