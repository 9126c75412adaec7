//! What can be asked for, by name.

use std::collections::BTreeMap;

use crate::{
    http::Offer,
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
}

impl Services {
    pub(super) fn of(monitor: &Monitor) -> Self {
        let check = |check: &CheckSpec| (check.name().to_owned(), Subject::Check(check.level()));
        let mut subjects: BTreeMap<_, _> = monitor.checks().map(check).collect();
        // Behind the checks, one of which may have such a name: an orchestrator that asks for `readiness` gets just that.
        subjects.insert(String::new(), Subject::Group(WHOLE_SERVER));
        subjects.extend(Group::ALL.map(|group| (group.to_string(), Subject::Group(group))));
        subjects.extend(Level::ALL.map(|level| (format!("level/{level}"), Subject::Level(level))));
        Self { subjects }
    }

    /// The subject of a name, if the caller is offered it, and the checks that it is about.
    pub(super) fn find(&self, name: &str, offer: &Offer) -> Option<(Subject, Selection)> {
        let subject = *self.subjects.get(name).filter(|subject| subject.is_among(offer))?;
        let selection = match subject {
            Subject::Check(_) => Selection::check(name),
            Subject::Group(group) => Selection::group(group),
            // The whole ship, as over HTTP.
            Subject::Level(Level::L1) => Selection::everything().within(offer.levels),
            Subject::Level(level) => Selection::level(level),
        };
        Some((subject, selection))
    }

    /// Every name that the caller is offered, with its subject.
    pub(super) fn all(&self, offer: &Offer) -> impl Iterator<Item = (&str, Subject)> {
        let offered = self.subjects.iter().filter(|(_, subject)| subject.is_among(offer));
        offered.map(|(name, subject)| (name.as_str(), *subject))
    }
}

impl Subject {
    fn is_among(self, offer: &Offer) -> bool {
        match self {
            Self::Check(level) | Self::Level(level) => offer.levels.contains(level),
            Self::Group(group) => offer.groups.contains(&group),
        }
    }
}
