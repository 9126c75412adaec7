//! What stands in the place of the limits where their feature is off: there never is one.

use std::{net::IpAddr, time::Duration};

use crate::model::Levels;

#[derive(Debug)]
pub(super) enum Limiter {}

impl Limiter {
    #[cfg(feature = "openapi")]
    pub(super) fn may_refuse(&self, _: bool, _: Levels) -> bool {
        match *self {}
    }

    pub(super) fn admits(&self, _: Option<IpAddr>) -> Result<(), Duration> {
        match *self {}
    }

    pub(super) fn note_failure(&self, _: Option<IpAddr>) {
        match *self {}
    }

    pub(super) fn admits_levels(&self, _: Option<IpAddr>, _: Levels) -> Result<(), Duration> {
        match *self {}
    }
}
