//! Levels and groups that a door without credentials of its own offers, such as gRPC.

use super::{handler::Service, target::Reach};
use crate::{
    access::{AccessRequest, Decision},
    model::{Group, Level, Levels},
};

/// The levels and groups that one caller may ask about.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) levels: Levels,
    pub(crate) groups: Vec<Group>,
}

impl Offer {
    /// Offers what is open to everybody, and what a decision grants besides.
    pub(super) fn new(service: &Service, reach: Reach, granted: Option<&Decision>) -> Self {
        let granted = granted.map_or(Levels::NONE, Decision::levels);
        let is_open = |level: &Level| {
            let shown = Levels::one(*level);
            service.is_open(AccessRequest::Levels {
                route: "level",
                shown,
                needed: Some(*level),
                with_info: false,
                is_run: true,
            })
        };
        let levels = reach.levels.iter().filter(|level| granted.contains(*level) || is_open(level)).collect();
        let is_offered =
            |group: &Group| reach.has_groups && (!granted.is_empty() || service.is_open(AccessRequest::Group(*group)));
        Self { levels, groups: Group::ALL.into_iter().filter(is_offered).collect() }
    }
}
