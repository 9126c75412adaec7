//! The credentials that a route asks for, and the status codes of its refusals.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use super::super::{
    access::{Ask, Gate, Requirement, Schemes},
    target::Target,
};
#[cfg(feature = "agent")]
use crate::model::Group;
use crate::model::{Level, Levels};

pub(super) fn of(target: &Target, gate: Option<&Gate>) -> BTreeSet<StatusCode> {
    gate.map(|gate| gate.possible_refusals(ask(target))).unwrap_or_default()
}

/// The credentials that admit a caller.
pub(super) fn requirement(target: &Target, gate: Option<&Gate>) -> Requirement {
    gate.map_or_else(|| Requirement::of(Schemes::NONE), |gate| gate.requirement(ask(target)))
}

/// The level with the shallower ones, which a query may add.
fn shown_by(level: Level) -> Levels {
    Level::ALL.into_iter().filter(|other| *other >= level).collect()
}

/// The most that may be asked for there, whatever the query says.
fn ask(target: &Target) -> Ask {
    let levels = |shown, needed, with_info, is_run| Ask::Levels { route: "", shown, needed, with_info, is_run };
    match target {
        Target::Overview => levels(Levels::ALL, None, true, true),
        Target::Levels => levels(Levels::ALL, None, false, true),
        Target::Level(level) => levels(shown_by(*level), Some(*level), false, true),
        // Any check, of whatever level.
        Target::Check(_) => Ask::Check(None),
        Target::Group(group) => Ask::Group(*group),
        Target::Info => Ask::Info,
        Target::OpenApi => Ask::Everything(""),
        #[cfg(feature = "events")]
        Target::Events => levels(Levels::ALL, None, false, false),
        #[cfg(feature = "metrics")]
        Target::Metrics => levels(Levels::ALL, None, true, false),
        #[cfg(feature = "agent")]
        Target::Agent => Ask::Group(Group::Readiness),
    }
}
