//! Each optional part of access, or a stand-in without values if its feature is off, so that the rules need no
//! conditions.

#[cfg(not(feature = "access-address"))]
pub(super) use absent::Absent as Proxies;
#[cfg(not(feature = "access-jwt"))]
pub(super) use absent::Absent as Tokens;
#[cfg(not(feature = "access-limits"))]
pub(super) use absent::{Absent as Limiter, Absent as Limits};

#[cfg(feature = "access-jwt")]
pub(super) use super::jwt::Tokens;
#[cfg(feature = "access-limits")]
pub(super) use super::limits::{Limiter, Limits};
#[cfg(feature = "access-address")]
pub(super) use super::proxies::Proxies;

#[cfg(not(all(feature = "access-jwt", feature = "access-limits")))]
mod absent {
    #![allow(dead_code, reason = "each missing feature uses some of these methods")]
    #![allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref, reason = "signatures of the real types")]

    use std::{net::IpAddr, time::Duration};

    use http::HeaderMap;

    use crate::{access::caller::PeerSocket, model::Levels};

    #[derive(Clone, Copy, Debug)]
    pub(in crate::access) enum Absent {}

    impl Absent {
        pub(in crate::access) const fn new(limits: Self) -> Self {
            limits
        }

        pub(in crate::access) fn faults(&self) -> Vec<String> {
            match *self {}
        }

        pub(in crate::access) fn header(&self) -> &'static str {
            match *self {}
        }

        pub(in crate::access) fn client(&self, _: PeerSocket, _: &HeaderMap) -> Option<IpAddr> {
            match *self {}
        }

        pub(in crate::access) fn may_refuse(&self, _: bool, _: Levels) -> bool {
            match *self {}
        }

        pub(in crate::access) fn admits(&self, _: Option<IpAddr>) -> Result<(), Duration> {
            match *self {}
        }

        pub(in crate::access) fn note_failure(&self, _: Option<IpAddr>) {
            match *self {}
        }

        pub(in crate::access) fn admits_levels(&self, _: Option<IpAddr>, _: Levels) -> Result<(), Duration> {
            match *self {}
        }
    }
}
