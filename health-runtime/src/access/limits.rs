use std::{fmt, net::IpAddr, num::NonZeroU32, ops::RangeBounds, time::Duration};

use governor::{Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware};

use super::{
    complaint::Complaint,
    network::network,
    policy::NO_LEVELS,
    visitors::{Account, Payer, SinceStart, Visitors},
};
use crate::model::Levels;

/// Limits for each address: on failed attempts, and on how often levels are run. Beyond them, 429 with `Retry-After`.
///
/// ```
/// use std::time::Duration;
/// use health_runtime::access::Limits;
///
/// let limits = Limits::new().failures(5, Duration::from_secs(60)).levels(1..=2, 30, Duration::from_secs(60));
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

    /// Limits how often one address may have these levels run, such as `1..=2`. What shows one of them counts: the
    /// overview, all levels, one check. Default: no limit.
    pub fn levels(mut self, levels: impl RangeBounds<u8>, number: u32, per: Duration) -> Self {
        let quota = self.quota(number, per);
        match Levels::from_range(&levels) {
            Some(levels) => self.levels.extend(quota.map(|quota| (levels, quota))),
            None => self.faults.push(format!("`Limits`: {NO_LEVELS}")),
        }
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

type Rate = RateLimiter<Account, Visitors, SinceStart, NoOpMiddleware<Duration>>;

/// The limits, with what is used up of them.
pub(super) struct Limiter {
    clock: SinceStart,
    failures: Option<Rate>,
    levels: Vec<(Levels, Rate)>,
    complaint: Complaint,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        let clock = SinceStart::new();
        let rate = |quota| RateLimiter::new(quota, Visitors::new(clock), clock);
        Self {
            clock,
            failures: limits.failures.map(rate),
            levels: limits.levels.into_iter().map(|(levels, quota)| (levels, rate(quota))).collect(),
            complaint: Complaint::new(),
        }
    }

    /// Whether it may ever refuse who asks for these levels, with credentials or without any.
    #[cfg(feature = "openapi")]
    pub(super) fn may_refuse(&self, with_credentials: bool, levels: Levels) -> bool {
        let is_limited = |(limited, _): &(Levels, Rate)| !limited.and(levels).is_empty();
        (with_credentials && self.failures.is_some()) || self.levels.iter().any(is_limited)
    }

    /// Whether an address has failed too often, and for how long it has to wait.
    pub(super) fn admits(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        let account = Account { payer: self.payer(address), is_only_asked: true };
        self.failures.iter().try_for_each(|rate| self.check(rate, account))
    }

    pub(super) fn note_failure(&self, address: Option<IpAddr>) {
        let account = Account { payer: self.payer(address), is_only_asked: false };
        if let Some(rate) = &self.failures {
            let _ = self.check(rate, account);
        }
    }

    /// Whether an address may have these levels run once more.
    pub(super) fn admits_levels(&self, address: Option<IpAddr>, levels: Levels) -> Result<(), Duration> {
        let account = Account { payer: self.payer(address), is_only_asked: false };
        let mut relevant = self.levels.iter().filter(|(limited, _)| !limited.and(levels).is_empty());
        relevant.try_for_each(|(_, rate)| self.check(rate, account))
    }

    fn check(&self, rate: &Rate, account: Account) -> Result<(), Duration> {
        rate.check_key(&account).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    fn payer(&self, address: Option<IpAddr>) -> Payer {
        if address.is_none() {
            self.complaint.tell("all such callers share their limits");
        }
        address.map(network)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").finish_non_exhaustive()
    }
}
