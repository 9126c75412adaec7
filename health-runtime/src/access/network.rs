//! Networks that count as one caller.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network that an address stands for: itself, or the /64 of IPv6, because whoever has one address of it has all.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    prefix(address, 32, 64)
}

/// The first bits of an address, by its family.
pub(super) fn prefix(address: IpAddr, of_ipv4: u32, of_ipv6: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - of_ipv4))).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - of_ipv6))).into(),
    }
}
