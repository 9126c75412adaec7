use std::net::IpAddr;

use super::audit::{AUDIT, Audit, Event};
#[cfg(feature = "access-limits")]
use super::limits::Limiter;
#[cfg(not(feature = "access-limits"))]
use super::unlimited::Limiter;
use crate::log::{self, Topic};

/// An attempt whose verdict takes time. Dropped before it is there, it counts as failed: the credentials were looked at,
/// and whoever hangs up each time would have that for nothing.
pub(super) struct Attempt<'a> {
    limiter: Option<&'a Limiter>,
    audit: &'a Audit,
    address: Option<IpAddr>,
}

impl<'a> Attempt<'a> {
    pub(super) const fn new(limiter: Option<&'a Limiter>, audit: &'a Audit, address: Option<IpAddr>) -> Self {
        Self { limiter, audit, address }
    }

    /// The verdict is there, and counts by itself.
    pub(super) fn end(mut self) {
        self.limiter = None;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(limiter) = self.limiter {
            let address = self.address;
            limiter.note_failure(address);
            if self.audit.admits(address, Event::Abandoned) {
                log::write(Topic::Access, move || {
                    let address = address.map(tracing::field::display);
                    tracing::info!(target: AUDIT, address, "over before access was decided, which counts as a failed attempt");
                });
            }
        }
    }
}
