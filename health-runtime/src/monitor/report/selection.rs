use std::{sync::Arc, time::Duration};

use crate::{
    health_path::RequestOrigin,
    model::{CheckName, CheckSpec, Group, Level, Levels, Status},
    overrides::OverrideLayers,
};

/// Deadline of a report on levels or one check.
const LEVEL_DEADLINE: Duration = Duration::from_secs(10);

/// Deadline of a group's report: less than the second that a kubelet waits by default.
const GROUP_DEADLINE: Duration = Duration::from_millis(900);

/// The checks of a report, and its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    scope: Scope,
    tags: Vec<String>,
    excluded: Vec<CheckName>,
    /// Time that the report has at most; `None` if only its kind decides.
    deadline: Option<Duration>,
    /// Origin of the request; `None` if it says nothing.
    origin: Option<Arc<RequestOrigin>>,
    is_anew: bool,
    #[cfg(feature = "page")]
    has_group_verdicts: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    Levels(Vec<Level>),
    Group(Group),
    Check { name: CheckName, within: Levels },
}

impl Selection {
    /// Selects every check of every level: the whole ship.
    #[must_use]
    pub fn everything() -> Self {
        Self::down_to(Level::L1)
    }

    /// Selects the checks of this level and of every shallower one.
    #[must_use]
    pub fn down_to(level: Level) -> Self {
        Self::levels(Level::ALL.into_iter().filter(|other| *other >= level).collect())
    }

    /// Selects the checks of this level alone.
    #[must_use]
    pub fn level(level: Level) -> Self {
        Self::levels(vec![level])
    }

    /// Selects the checks of these levels, the deepest first.
    pub(crate) fn levels(levels: Vec<Level>) -> Self {
        Self::new(Scope::Levels(levels))
    }

    /// Selects the checks of this group.
    #[must_use]
    pub fn group(group: Group) -> Self {
        Self::new(Scope::Group(group))
    }

    /// Selects one check.
    #[must_use]
    pub fn check(check: impl Into<CheckName>) -> Self {
        Self::new(Scope::Check { name: check.into(), within: Levels::ALL })
    }

    const fn new(scope: Scope) -> Self {
        Self {
            scope,
            tags: Vec::new(),
            excluded: Vec::new(),
            deadline: None,
            origin: None,
            is_anew: false,
            #[cfg(feature = "page")]
            has_group_verdicts: false,
        }
    }

    /// Leaves out the checks without any of these tags. Default: tags do not matter.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Leaves out these checks. Default: none.
    #[must_use]
    pub fn without_checks<N: Into<CheckName>>(mut self, checks: impl IntoIterator<Item = N>) -> Self {
        self.excluded.extend(checks.into_iter().map(Into::into));
        self
    }

    /// Shortens the deadline of the report. A deadline beyond the default changes nothing. Default: 10 s, and 900 ms
    /// for a group; [`Overrides`](crate::Overrides) may set others.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |shorter| shorter.min(deadline)));
        self
    }

    /// Sets the origin of the request: it decides what the report starts and waits for, its budget shortens the deadline,
    /// and the runs inherit it that the report starts.
    pub(crate) fn asked_from(mut self, origin: Option<Arc<RequestOrigin>>) -> Self {
        let budget = origin.as_ref().and_then(|origin| origin.budget);
        self.origin = origin;
        match budget {
            Some(budget) => self.with_deadline(budget),
            None => self,
        }
    }

    /// Selects a check that is run, however young its result is.
    pub(in crate::monitor) const fn anew(mut self) -> Self {
        self.is_anew = true;
        self
    }

    /// Returns the check that is run, however young its result is.
    pub(super) fn check_to_run(&self) -> Option<&CheckName> {
        match &self.scope {
            Scope::Check { name, .. } if self.is_anew => Some(name),
            _ => None,
        }
    }

    pub(super) const fn origin(&self) -> Option<&Arc<RequestOrigin>> {
        self.origin.as_ref()
    }

    /// Leaves out all other levels and their checks. A group stays whole: an orchestrator gets all of it or nothing.
    pub(crate) fn within(mut self, allowed: Levels) -> Self {
        match &mut self.scope {
            Scope::Levels(levels) => levels.retain(|level| allowed.contains(*level)),
            Scope::Check { within, .. } => *within = within.and(allowed),
            Scope::Group(_) => {}
        }
        self
    }

    /// Adds the verdict of each group whose checks are all selected. No further check is run for it.
    #[cfg(feature = "page")]
    pub(crate) fn with_group_verdicts(mut self, has_group_verdicts: bool) -> Self {
        self.has_group_verdicts = has_group_verdicts;
        self
    }

    #[cfg(feature = "page")]
    pub(super) const fn has_group_verdicts(&self) -> bool {
        self.has_group_verdicts
    }

    /// Returns the time that the report has, with these settings at deploy time.
    pub(in crate::monitor) fn deadline(&self, overrides: &OverrideLayers) -> Duration {
        let longest = match self.scope {
            Scope::Group(_) => overrides.group_deadline().unwrap_or(GROUP_DEADLINE),
            Scope::Levels(_) | Scope::Check { .. } => overrides.level_deadline().unwrap_or(LEVEL_DEADLINE),
        };
        self.deadline.map_or(longest, |deadline| deadline.min(longest))
    }

    /// Returns the levels that the report shows, even those without a check; none for a group or one check.
    pub(in crate::monitor) fn shown_levels(&self) -> &[Level] {
        match &self.scope {
            Scope::Levels(levels) => levels,
            Scope::Group(_) | Scope::Check { .. } => &[],
        }
    }

    pub(in crate::monitor) fn selects_group(&self, group: Group) -> bool {
        matches!(self.scope, Scope::Group(own) if own == group)
    }

    /// Returns the status of a background check without a result. Readiness and startup wait for it; liveness does not
    /// restart a process that is just starting.
    pub(super) const fn pending(&self) -> Status {
        match self.scope {
            Scope::Group(Group::Readiness | Group::Startup) => Status::Fail,
            Scope::Group(Group::Liveness) => Status::Pass,
            Scope::Levels(_) | Scope::Check { .. } => Status::Warn,
        }
    }

    /// Returns the status of a check about which nothing is known, because the request waits for nothing. It is not a
    /// failure.
    pub(super) const fn unknown(&self) -> Status {
        match self.scope {
            Scope::Group(Group::Liveness) => Status::Pass,
            _ => Status::Warn,
        }
    }

    pub(crate) fn selects(&self, spec: &CheckSpec) -> bool {
        let in_scope = match &self.scope {
            Scope::Levels(levels) => levels.contains(&spec.level()),
            Scope::Group(group) => spec.is_in(*group),
            Scope::Check { name, within } => spec.is_named(name) && within.contains(spec.level()),
        };
        in_scope
            && (self.tags.is_empty() || spec.tags().iter().any(|tag| self.tags.contains(tag)))
            && !self.excluded.iter().any(|name| spec.is_named(name))
    }
}
