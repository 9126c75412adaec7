//! The services that clients can ask for, by name.

use std::collections::BTreeMap;

use crate::{
    http::Offer,
    model::{CheckSpec, Group, Level},
    monitor::{Monitor, Selection},
};

/// Meaning of the empty name: whether this instance can be sent requests.
const WHOLE_SERVER_GROUP: Group = Group::Readiness;

/// Meaning of a service's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceKind {
    /// One check, at this level.
    Check(Level),
    Group(Group),
    Level(Level),
}

/// All services by their names.
#[derive(Clone, Debug)]
pub(super) struct ServiceTable {
    kinds: BTreeMap<String, ServiceKind>,
}

impl ServiceTable {
    pub(super) fn new(monitor: &Monitor) -> Self {
        let check = |check: &CheckSpec| (check.name().to_owned(), ServiceKind::Check(check.level()));
        let mut kinds: BTreeMap<_, _> = monitor.checks().map(check).collect();
        // After the checks, and replacing one of such a name: an orchestrator that asks for `readiness` must get the group.
        kinds.insert(String::new(), ServiceKind::Group(WHOLE_SERVER_GROUP));
        kinds.extend(Group::ALL.map(|group| (group.to_string(), ServiceKind::Group(group))));
        kinds.extend(Level::ALL.map(|level| (format!("level/{level}"), ServiceKind::Level(level))));
        Self { kinds }
    }

    /// Returns the service of this name with its checks, if the caller may see it.
    pub(super) fn find(&self, name: &str, offer: &Offer) -> Option<(ServiceKind, Selection)> {
        let kind = *self.kinds.get(name).filter(|kind| kind.is_in(offer))?;
        let selection = match kind {
            ServiceKind::Check(_) => Selection::check(name),
            ServiceKind::Group(group) => Selection::group(group),
            // Every level, as over HTTP.
            ServiceKind::Level(Level::L1) => Selection::everything().within(offer.levels),
            ServiceKind::Level(level) => Selection::level(level),
        };
        Some((kind, selection))
    }

    /// Returns all services that the caller may see.
    pub(super) fn all(&self, offer: &Offer) -> impl Iterator<Item = (&str, ServiceKind)> {
        let offered = self.kinds.iter().filter(|(_, kind)| kind.is_in(offer));
        offered.map(|(name, kind)| (name.as_str(), *kind))
    }
}

impl ServiceKind {
    fn is_in(self, offer: &Offer) -> bool {
        match self {
            Self::Check(level) | Self::Level(level) => offer.levels.contains(level),
            Self::Group(group) => offer.groups.contains(&group),
        }
    }
}
