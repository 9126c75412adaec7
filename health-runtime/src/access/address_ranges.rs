//! Ranges of client addresses, and the warning where addresses are unavailable.

use std::{net::IpAddr, sync::Once};

use ipnet::{IpNet, Ipv4Net};

use super::refusal::AUDIT_TARGET;
use crate::log::{self, Topic};

/// Ranges of addresses, with the texts that are not valid.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressRanges {
    ranges: Vec<IpNet>,
    unreadable: Vec<String>,
}

impl AddressRanges {
    /// Parses ranges such as `10.0.0.0/8`, and single addresses.
    pub(super) fn new(ranges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut parsed = Self::default();
        for range in ranges {
            let range: String = range.into();
            let read = range.parse().ok().or_else(|| range.parse::<IpAddr>().ok().map(IpNet::from));
            match read {
                Some(range) => parsed.ranges.push(canonical(range)),
                None => parsed.unreadable.push(range),
            }
        }
        parsed
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
    }

    pub(super) fn faults(&self, whose: &str) -> Vec<String> {
        let is_empty = self.ranges.is_empty() && self.unreadable.is_empty();
        let none = is_empty.then(|| format!("`{whose}` has no range of addresses"));
        let unreadable = self.unreadable.iter().map(|range| {
            format!(
                "`{whose}`: {range:?} is not a valid range of addresses; write for example `10.0.0.0/8`, `2001:db8::/32` or `::1`"
            )
        });
        none.into_iter().chain(unreadable).collect()
    }
}

/// Turns a range of mapped IPv4 addresses into one of IPv4, the form in which addresses are compared.
fn canonical(range: IpNet) -> IpNet {
    let of_ipv4 = match range {
        IpNet::V6(range) => range
            .addr()
            .to_ipv4_mapped()
            .and_then(|address| Ipv4Net::new(address, range.prefix_len().checked_sub(96)?).ok()),
        IpNet::V4(_) => None,
    };
    of_ipv4.map_or(range, IpNet::V4)
}

/// Logs once that client addresses are unavailable.
pub(super) struct WarnOnce(Once);

impl WarnOnce {
    pub(super) const fn new() -> Self {
        Self(Once::new())
    }

    pub(super) fn warn(&self, consequence: &'static str) {
        self.0.call_once(|| {
            log::write(Topic::Access, move || {
                tracing::warn!(
                    target: AUDIT_TARGET,
                    "the client address is unknown, so {consequence}; serve the router with \
                     `into_make_service_with_connect_info::<SocketAddr>()`; on a Unix socket, declare the proxy with \
                     `Proxies::over_unix_sockets`"
                );
            });
        });
    }
}
