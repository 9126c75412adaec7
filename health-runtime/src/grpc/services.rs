//! What can be asked for, by name.

use std::collections::BTreeMap;

use crate::{
    model::{CheckSpec, Group, Level},
    monitor::{Monitor, Selection},
};

/// What the empty name stands for: may this instance be sent requests?
const WHOLE_SERVER: Group = Group::Readiness;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One check, which is of this level.
    Check(Level),
    Group(Group),
    Level(Level),
}

/// Everything that a client can name.
#[derive(Clone, Debug)]
pub(super) struct Services {
    subjects: BTreeMap<String, Subject>,
    deepest: Level,
}

impl Services {
    pub(super) fn of(monitor: &Monitor) -> Self {
        let check = |check: &CheckSpec| (check.name().to_owned(), Subject::Check(check.level()));
        let mut subjects: BTreeMap<_, _> = monitor.checks().map(check).collect();
        // Behind the checks, one of which may have such a name: an orchestrator that asks for `readiness` gets just that.
        subjects.insert(String::new(), Subject::Group(WHOLE_SERVER));
        subjects.extend(Group::ALL.map(|group| (group.to_string(), Subject::Group(group))));
        subjects.extend(Level::ALL.map(|level| (format!("level/{level}"), Subject::Level(level))));
        Self { subjects, deepest: Level::L1 }
    }

    /// Without the levels that are deeper than this one, and their checks.
    pub(super) fn down_to(&mut self, deepest: Level) {
        self.deepest = self.deepest.max(deepest);
        self.subjects.retain(|_, subject| match subject {
            Subject::Check(level) | Subject::Level(level) => *level >= deepest,
            Subject::Group(_) => true,
        });
    }

    /// The subject of a name, and the checks that it is about.
    pub(super) fn find(&self, name: &str) -> Option<(Subject, Selection)> {
        let subject = *self.subjects.get(name)?;
        let selection = match subject {
            Subject::Check(_) => Selection::check(name),
            Subject::Group(group) => Selection::group(group),
            // The whole ship, as over HTTP.
            Subject::Level(Level::L1) => Selection::everything(),
            Subject::Level(level) => Selection::level(level),
        };
        Some((subject, selection))
    }

    /// Every name with its subject.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Subject)> {
        self.subjects.iter().map(|(name, subject)| (name.as_str(), *subject))
    }

    /// The checks of all levels that can be asked for.
    pub(super) fn levels(&self) -> Selection {
        Selection::down_to(self.deepest)
    }
}
