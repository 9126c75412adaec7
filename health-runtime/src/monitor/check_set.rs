//! The checks of a monitor at one moment.

use std::{ops::Index, sync::Arc};

use super::{monitored::Monitored, muting::Muted};
#[cfg(any(feature = "events", feature = "grpc", feature = "openapi"))]
use crate::model::Levels;
use crate::{
    model::{Cause, CheckName, CheckResult, Level},
    overrides::OverrideLayers,
};

/// An immutable set of checks. Everything that looks at more than one check, such as a report, takes the set once and
/// keeps to it, so that it never mixes two.
#[derive(Clone, Debug)]
pub(super) struct CheckSet {
    /// By level and name.
    members: Vec<Member>,
    /// Indices of `members`, each behind the checks that it depends on.
    order: Vec<usize>,
    updates: UpdateCounts,
    overrides: Arc<OverrideLayers>,
}

/// Numbers of updates that concern a level.
pub(super) type UpdateCounts = [u64; Level::ALL.len()];

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) check: Arc<Monitored>,
    /// Indices of the members that it depends on.
    pub(super) dependencies: Vec<usize>,
}

impl Member {
    /// A disabled check depends on nothing, because it is not run.
    pub(super) fn new(check: Arc<Monitored>, dependencies: Vec<usize>) -> Self {
        let dependencies = if check.spec.is_enabled() { dependencies } else { Vec::new() };
        Self { check, dependencies }
    }
}

impl Index<usize> for CheckSet {
    type Output = Arc<Monitored>;

    fn index(&self, index: usize) -> &Arc<Monitored> {
        &self.members[index].check
    }
}

impl CheckSet {
    pub(super) const fn new(
        members: Vec<Member>,
        order: Vec<usize>,
        updates: UpdateCounts,
        overrides: Arc<OverrideLayers>,
    ) -> Self {
        Self { members, order, updates, overrides }
    }

    /// Returns this set with another check of the same declaration in place of one.
    pub(super) fn with(mut self, index: usize, check: Arc<Monitored>) -> Self {
        self.members[index].check = check;
        self
    }

    /// Returns whether a check is in a drill.
    pub(super) fn has_drills(&self) -> bool {
        self.iter().any(|check| check.drilling.is_some())
    }

    /// Returns the settings at deploy time, which the checks obey already.
    pub(super) const fn overrides(&self) -> &Arc<OverrideLayers> {
        &self.overrides
    }

    pub(super) const fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Arc<Monitored>> {
        self.members.get(index).map(|member| &member.check)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Monitored>> {
        self.members.iter().map(|member| &member.check)
    }

    /// Returns the indices of all checks, each behind the checks that it depends on.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Returns the indices of the checks that one depends on.
    pub(super) fn dependencies(&self, index: usize) -> &[usize] {
        &self.members[index].dependencies
    }

    pub(super) const fn updates(&self) -> UpdateCounts {
        self.updates
    }

    /// Returns the number of updates that concern these levels. The number reveals nothing about other levels.
    #[cfg(any(feature = "events", feature = "grpc", feature = "openapi"))]
    pub(super) fn version(&self, levels: Levels) -> u64 {
        levels.iter().map(|level| self.updates[level.index()]).sum()
    }

    /// Returns the index of the check of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        Level::ALL.into_iter().find_map(|level| self.find_at(name, level))
    }

    /// Returns the index of the check of this name, if it is one of this level.
    pub(super) fn find_at(&self, name: &str, level: Level) -> Option<usize> {
        let key = &(level, name);
        self.members.binary_search_by_key(key, |Member { check, .. }| (check.spec.level(), check.spec.name())).ok()
    }

    /// Returns the index of the check that code means by a name.
    pub(super) fn find_named(&self, name: &CheckName) -> Option<usize> {
        match name.declared_in() {
            Some(_) => self.members.iter().position(|member| member.check.spec.is_named(name)),
            None => self.find(name.as_str()),
        }
    }

    /// Returns the index of this very check; `None` once it was removed or replaced.
    pub(super) fn position(&self, check: &Arc<Monitored>) -> Option<usize> {
        self.find(check.spec.name()).filter(|index| Arc::ptr_eq(&self[*index], check))
    }

    /// Returns the mute by which a result counts for nothing: the check's own, or the excuse of a blocked check.
    /// `latest` yields the results of the checks that it depends on.
    pub(super) fn mute_of(
        &self,
        index: usize,
        result: &CheckResult,
        latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
    ) -> Option<Muted> {
        let check = &self[index];
        check.muting.current(check.spec.name()).or_else(|| self.excuse(self.blockers(index, result)?, latest))
    }

    /// Returns the mute that ends first among those of the root causes of a blocked check, if all of these are muted:
    /// a check that only muted checks block is part of the same maintenance.
    pub(super) fn excuse(
        &self,
        mut to_visit: Vec<usize>,
        latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
    ) -> Option<Muted> {
        let mut is_visited = vec![false; self.len()];
        let mut first: Option<Muted> = None;
        while let Some(index) = to_visit.pop() {
            if std::mem::replace(&mut is_visited[index], true) {
                continue;
            }
            let check = &self[index];
            match check.muting.current(check.spec.name()) {
                Some(muted) => first = Some(first.map_or_else(|| muted.clone(), |first| first.sooner(muted.clone()))),
                None => to_visit.extend(self.blockers(index, &*latest(index)?)?),
            }
        }
        first.map(Muted::for_dependent)
    }

    /// Returns the checks at which the blocking of one begins: failed ones that no other check blocks. None for a check that
    /// is not blocked.
    #[cfg(feature = "metrics")]
    pub(super) fn root_causes(
        &self,
        index: usize,
        result: &CheckResult,
        latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
    ) -> Vec<usize> {
        let Some(mut to_visit) = self.blockers(index, result) else { return Vec::new() };
        let mut is_visited = vec![false; self.len()];
        let mut roots = Vec::new();
        while let Some(index) = to_visit.pop() {
            if std::mem::replace(&mut is_visited[index], true) {
                continue;
            }
            match latest(index).and_then(|result| self.blockers(index, &result)) {
                Some(blockers) => to_visit.extend(blockers),
                None => roots.push(index),
            }
        }
        roots.sort_unstable();
        roots
    }

    /// Returns the checks that block one; `None` if the check failed by itself.
    fn blockers(&self, index: usize, result: &CheckResult) -> Option<Vec<usize>> {
        let Some(Cause::Blocked { by }) = &result.cause else { return None };
        let dependencies = self.dependencies(index).iter().copied();
        Some(dependencies.filter(|dependency| by.iter().any(|name| name == self[*dependency].spec.name())).collect())
    }
}
