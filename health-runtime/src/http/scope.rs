use super::load_balancers::ValidStatusCodes;
use crate::model::Levels;

/// The part of an endpoint that one place serves; routes outside of it do not exist there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RouteScope {
    pub(crate) levels: Levels,
    pub(crate) has_groups: bool,
    /// `None` for those of the endpoint.
    pub(crate) status_codes: Option<ValidStatusCodes>,
}

impl RouteScope {
    pub(crate) const EVERYTHING: Self = Self { levels: Levels::ALL, has_groups: true, status_codes: None };

    pub(crate) fn has_every_level(self) -> bool {
        self.levels == Levels::ALL
    }
}
