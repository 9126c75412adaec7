use std::sync::Arc;

use crate::{
    access::{
        address_ranges::{AddressRanges, WarnOnce},
        caller::Caller,
        decision::Decision,
        policy::{AnyPolicy, Decide, VARY_ANY},
    },
    maybe_ready::MaybeReady,
};

/// Asks for an address within one of these ranges, such as `["10.0.0.0/8", "::1"]`; else 403.
///
/// It is the address of the connection, which axum provides if the service is served with
/// `router.into_make_service_with_connect_info::<SocketAddr>()`. Without it, this policy and its negation by
/// [`not`](super::not()) refuse everybody, which is logged once. Behind proxies, [declare
/// them](crate::access::Access::behind).
pub fn address(ranges: impl IntoIterator<Item = impl Into<String>>) -> AnyPolicy {
    AnyPolicy::new(ByAddress { ranges: AddressRanges::new(ranges), unknown_address: WarnOnce::new() })
}

struct ByAddress {
    ranges: AddressRanges,
    unknown_address: WarnOnce,
}

impl Decide for ByAddress {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        MaybeReady::ready(match caller.address() {
            Some(address) if self.ranges.contains(address) => Decision::allow(),
            Some(_) => Decision::forbidden().because("the address is in no range"),
            None if caller.peer().is_some() => {
                Decision::forbidden().undecided().because("the proxies do not report the address")
            }
            None => {
                self.unknown_address.warn("nobody passes `address`");
                Decision::forbidden().undecided().because("the address is not known")
            }
        })
    }

    fn faults(&self) -> Vec<String> {
        self.ranges.faults("address")
    }

    fn headers(&self) -> Vec<&'static str> {
        vec![VARY_ANY]
    }
}
