use std::{fmt, net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware};

use super::{
    address_ranges::WarnOnce,
    bounded_store::{BoundedStore, ElapsedClock, LimitKey},
    caller::network,
};
use crate::model::Levels;

/// Limits for each address, on failed attempts and on how often levels are run. Beyond them, the response is 429 with
/// `Retry-After`.
///
/// ```
/// use std::time::Duration;
/// use health_runtime::{Level, access::Limits};
///
/// let limits = Limits::new().failures(5, Duration::from_secs(60)).levels(Level::L1..=Level::L2, 30, Duration::from_secs(60));
/// # let _ = limits;
/// ```
///
/// The whole number may be used at once and then returns evenly: with `10` in a minute, one every six seconds. The
/// address is the client's, see [`Access::behind`](super::Access::behind); an IPv6 /64 counts as one address, and all
/// callers with an unknown address count as one. Up to 10,000 addresses are remembered. Beyond that, new ones share
/// 4,096 entries by their networks (/48 and /32, in IPv4 /24 and /16), so that a flood from many addresses locks out
/// its own networks only.
///
/// Groups are never limited. [`public`](super::public()) levels are not limited by failed attempts.
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
    /// Creates limits of ten failed attempts a minute, without a limit on levels.
    pub fn new() -> Self {
        let mut limits = Self { failures: None, levels: Vec::new(), faults: Vec::new() };
        limits.failures = limits.quota(10, Duration::from_secs(60));
        limits
    }

    /// Sets the number of failed attempts for one address. Beyond it, the response is 429 wherever credentials could be
    /// guessed, and credentials are not checked. An attempt whose client disconnects before the decision counts as
    /// failed. Default: 10 a minute.
    pub fn failures(mut self, number: u32, per: Duration) -> Self {
        self.failures = self.quota(number, per);
        self
    }

    /// Limits how often one address may run these levels, such as `Level::L1..=Level::L2`. Every response that
    /// shows one of them counts: the overview, all levels, one check. Default: no limit.
    pub fn levels(mut self, levels: impl Into<Levels>, number: u32, per: Duration) -> Self {
        let (levels, quota) = (levels.into(), self.quota(number, per));
        if levels.is_empty() {
            self.faults.push("`Limits::levels` has no level, so it limits nothing; name at least one".to_owned());
        }
        self.levels.extend(quota.map(|quota| (levels, quota)));
        self
    }

    fn quota(&mut self, number: u32, per: Duration) -> Option<Quota> {
        let quota = NonZeroU32::new(number)
            .and_then(|number| Some(Quota::with_period(per.checked_div(number.get())?)?.allow_burst(number)));
        if quota.is_none() {
            self.faults.push(format!("`Limits`: {number} in {per:?} is not a valid rate; make both more than zero"));
        }
        quota
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.faults.clone()
    }
}

type Rate = RateLimiter<LimitKey, BoundedStore, ElapsedClock, NoOpMiddleware<Duration>>;

/// The limits with their present use.
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

    /// Returns whether requests for these levels can be refused, depending on whether they carry credentials.
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes refusals"))]
    pub(super) fn may_refuse(&self, with_credentials: bool, levels: Levels) -> bool {
        let is_limited = |(limited, _): &(Levels, Rate)| !limited.and(levels).is_empty();
        (with_credentials && self.failures.is_some()) || self.levels.iter().any(is_limited)
    }

    /// Refuses an address that failed too often, with the time to wait.
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

    /// Counts another run of these levels, or refuses it with the time to wait.
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
            self.unknown_address.warn("all callers without an address share their limits");
        }
        LimitKey { network: address.map(network), is_peek }
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").finish_non_exhaustive()
    }
}
