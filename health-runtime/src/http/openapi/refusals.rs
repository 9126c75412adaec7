//! The credentials that a route asks for, and the status codes of its refusals.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use super::super::target::Target;
#[cfg(feature = "haproxy-agent")]
use crate::model::Group;
use crate::{
    access::{AccessRequest, Authorizer, Requirement},
    model::{Level, Levels},
};

pub(super) fn of(target: &Target, authorizer: Option<&Authorizer>) -> BTreeSet<StatusCode> {
    authorizer.map(|authorizer| authorizer.possible_refusals(ask(target))).unwrap_or_default()
}

/// The credentials that admit a caller.
pub(super) fn requirement(target: &Target, authorizer: Option<&Authorizer>) -> Requirement {
    authorizer.map_or_else(Requirement::open, |authorizer| authorizer.requirement(ask(target)))
}

/// The level with the shallower ones, which a query may add.
fn shown_by(level: Level) -> Levels {
    Level::ALL.into_iter().filter(|other| *other >= level).collect()
}

/// The most that may be asked for there, whatever the query says.
fn ask(target: &Target) -> AccessRequest {
    let levels =
        |shown, needed, with_info, is_run| AccessRequest::Levels { route: "", shown, needed, with_info, is_run };
    match target {
        Target::Overview => levels(Levels::ALL, None, true, true),
        Target::Levels => levels(Levels::ALL, None, false, true),
        Target::Level(level) => levels(shown_by(*level), Some(*level), false, true),
        // Any check, of whatever level.
        Target::Check(_) => AccessRequest::Check(None),
        Target::Group(group) => AccessRequest::Group(*group),
        Target::Info => AccessRequest::Info,
        Target::OpenApi => AccessRequest::Everything(""),
        #[cfg(feature = "events")]
        Target::Events => levels(Levels::ALL, None, false, false),
        #[cfg(feature = "metrics")]
        Target::Metrics => levels(Levels::ALL, None, true, false),
        #[cfg(feature = "haproxy-agent")]
        Target::Agent => AccessRequest::Group(Group::Readiness),
    }
}
