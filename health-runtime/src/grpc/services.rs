//! The services that clients can ask for, by name.

use std::collections::BTreeMap;

use crate::{
    http::Offer,
    model::{CheckSpec, Group, Level, Levels},
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

/// Returns the service of this name with its checks, if it exists and the caller may see it.
pub(super) fn find(monitor: &Monitor, name: &str, offer: &Offer) -> Option<(ServiceKind, Selection)> {
    // Before the checks: an orchestrator that asks for `readiness` must get the group.
    let fixed = fixed().find(|(fixed, _)| fixed == name).map(|(_, kind)| kind);
    let kind = fixed.or_else(|| Some(ServiceKind::Check(monitor.spec(name)?.level())));
    let kind = kind.filter(|kind| kind.is_in(offer))?;
    let selection = match kind {
        // At this level, which the offer is about, even if the check is replaced by one of another level.
        ServiceKind::Check(level) => Selection::check(name).within(Levels::one(level)),
        ServiceKind::Group(group) => Selection::group(group),
        // Every level, as over HTTP.
        ServiceKind::Level(Level::L1) => Selection::everything().within(offer.levels),
        ServiceKind::Level(level) => Selection::level(level),
    };
    Some((kind, selection))
}

/// Returns all services that the caller may see, those of these checks among them.
pub(super) fn all<'a>(checks: impl IntoIterator<Item = &'a CheckSpec>, offer: &Offer) -> BTreeMap<String, ServiceKind> {
    let checks = checks.into_iter().map(|check| (check.name().to_owned(), ServiceKind::Check(check.level())));
    checks.chain(fixed()).filter(|(_, kind)| kind.is_in(offer)).collect()
}

/// Returns the services that do not depend on the checks. They hide a check of such a name.
fn fixed() -> impl Iterator<Item = (String, ServiceKind)> {
    let groups = Group::ALL.map(|group| (group.to_string(), ServiceKind::Group(group)));
    let levels = Level::ALL.map(|level| (format!("level/{level}"), ServiceKind::Level(level)));
    [(String::new(), ServiceKind::Group(WHOLE_SERVER_GROUP))].into_iter().chain(groups).chain(levels)
}

impl ServiceKind {
    fn is_in(self, offer: &Offer) -> bool {
        match self {
            Self::Check(level) | Self::Level(level) => offer.levels.contains(level),
            Self::Group(group) => offer.groups.contains(&group),
        }
    }
}
