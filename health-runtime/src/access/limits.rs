use std::{fmt, net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware};

use super::{
    address_ranges::WarnOnce,
    bounded_store::{BoundedStore, ElapsedClock, LimitKey},
    caller::network,
};
use crate::model::Levels;

/// Limits for each address: on failed attempts, and on how often levels are run. Beyond them, 429 with `Retry-After`.
///
/// ```
/// use std::time::Duration;
/// use health_runtime::{Level, access::Limits};
///
/// let limits = Limits::new().failures(5, Duration::from_secs(60)).levels(Level::L1..=Level::L2, 30, Duration::from_secs(60));
/// # let _ = limits;
/// ```
///
/// A number may come at once, and then comes back evenly over the time: of `10` in a minute, one every six seconds. An
/// address is that of the client, see [`Access::behind`](super::Access::behind); of IPv6, a /64 counts as one. Callers
/// without a known address count as one, together. Up to 10,000 addresses are remembered; beyond that, new ones share 4,096
/// accounts by their networks (/48 and /32, of IPv4 /24 and /16), so that a flood from many addresses of some networks locks
/// out those networks, and nobody else.
///
/// Groups are never limited. Nor are levels that are [`public`](super::public()), by failed attempts.
#[derive(Clone, Debug)]
#[must_use]
pub struct Limits {
    failures: Option<Quota>,
    levels: Vec<(Levels, Quota)>,
    faults: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// Ten failed attempts a minute, and no limit on levels.
    pub fn new() -> Self {
        let mut limits = Self { failures: None, levels: Vec::new(), faults: Vec::new() };
        limits.failures = limits.quota(10, Duration::from_secs(60));
        limits
    }

    /// Sets how many failed attempts one address has. From then on it is answered with 429 wherever there is something to
    /// guess, without a look at its credentials. An attempt whose caller hangs up before the verdict counts, too. Default: 10 a
    /// minute.
    pub fn failures(mut self, number: u32, per: Duration) -> Self {
        self.failures = self.quota(number, per);
        self
    }

    /// Limits how often one address may have these levels run, such as `Level::L1..=Level::L2`. What shows one of them counts: the
    /// overview, all levels, one check. Default: no limit.
    pub fn levels(mut self, levels: impl Into<Levels>, number: u32, per: Duration) -> Self {
        let (levels, quota) = (levels.into(), self.quota(number, per));
        self.levels.extend(quota.map(|quota| (levels, quota)));
        self
    }

    fn quota(&mut self, number: u32, per: Duration) -> Option<Quota> {
        let quota = NonZeroU32::new(number)
            .and_then(|number| Some(Quota::with_period(per.checked_div(number.get())?)?.allow_burst(number)));
        if quota.is_none() {
            self.faults.push(format!("`Limits`: {number} in {per:?} is no rate; make both more than zero"));
        }
        quota
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.faults.clone()
    }
}

type Rate = RateLimiter<LimitKey, BoundedStore, ElapsedClock, NoOpMiddleware<Duration>>;

/// The limits, with what is used up of them.
pub(super) struct Limiter {
    clock: ElapsedClock,
    failures: Option<Rate>,
    levels: Vec<(Levels, Rate)>,
    unknown_address: WarnOnce,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        let clock = ElapsedClock::new();
        let rate = |quota| RateLimiter::new(quota, BoundedStore::new(clock), clock);
        Self {
            clock,
            failures: limits.failures.map(rate),
            levels: limits.levels.into_iter().map(|(levels, quota)| (levels, rate(quota))).collect(),
            unknown_address: WarnOnce::new(),
        }
    }

    /// Whether it may ever refuse who asks for these levels, with credentials or without any.
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes refusals"))]
    pub(super) fn may_refuse(&self, with_credentials: bool, levels: Levels) -> bool {
        let is_limited = |(limited, _): &(Levels, Rate)| !limited.and(levels).is_empty();
        (with_credentials && self.failures.is_some()) || self.levels.iter().any(is_limited)
    }

    /// Whether an address has failed too often, and for how long it has to wait.
    pub(super) fn admits(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        let key = self.key(address, true);
        self.failures.iter().try_for_each(|rate| self.check(rate, key))
    }

    pub(super) fn note_failure(&self, address: Option<IpAddr>) {
        let key = self.key(address, false);
        if let Some(rate) = &self.failures {
            let _ = self.check(rate, key);
        }
    }

    /// Whether an address may have these levels run once more.
    pub(super) fn admits_levels(&self, address: Option<IpAddr>, levels: Levels) -> Result<(), Duration> {
        let key = self.key(address, false);
        let mut relevant = self.levels.iter().filter(|(limited, _)| !limited.and(levels).is_empty());
        relevant.try_for_each(|(_, rate)| self.check(rate, key))
    }

    fn check(&self, rate: &Rate, key: LimitKey) -> Result<(), Duration> {
        rate.check_key(&key).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    fn key(&self, address: Option<IpAddr>, is_peek: bool) -> LimitKey {
        if address.is_none() {
            self.unknown_address.warn("all such callers share their limits");
        }
        LimitKey { network: address.map(network), is_peek }
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").finish_non_exhaustive()
    }
}
