//! Levels and groups that a transport without credentials of its own offers, such as gRPC.

use super::{paths::RouteScope, service::Service};
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
    /// Offers everything that is open to every caller, and the levels that a decision grants.
    pub(super) fn new(service: &Service, scope: RouteScope, granted: Option<&Decision>) -> Self {
        let granted = granted.map_or(Levels::NONE, Decision::levels);
        let is_open = |level: &Level| {
            let shown = Levels::one(*level);
            let route = "level";
            let request = AccessRequest::Levels { route, shown, needed: Some(*level), with_info: false, is_run: true };
            service.is_open(request)
        };
        let levels = scope.levels.iter().filter(|level| granted.contains(*level) || is_open(level)).collect();
        let is_offered =
            |group: &Group| scope.has_groups && (!granted.is_empty() || service.is_open(AccessRequest::Group(*group)));
        Self { levels, groups: Group::ALL.into_iter().filter(is_offered).collect() }
    }
}
