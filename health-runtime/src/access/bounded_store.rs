//! A bounded store for the limits of each address.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::Mutex,
    time::Duration,
};

use governor::{clock::Clock, nanos::Nanos, state::StateStore};
use tokio::time::Instant;

use super::caller::prefix;
use crate::sync::lock;

/// Maximum number of networks with an entry of their own; further networks share entries.
const MAX_OWN_ENTRIES: usize = 10_000;

/// Number of shared entries for sites, and as many for providers.
const SHARED_ENTRIES: usize = 4_096;

/// Prefix lengths in IPv4 and IPv6, of a site and of a provider of many sites.
const NETWORKS: [(u32, u32); 2] = [(24, 48), (16, 32)];

/// Tokio's clock, as the time since it was created.
#[derive(Clone, Copy, Debug)]
pub(super) struct ElapsedClock(Instant);

impl ElapsedClock {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for ElapsedClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The network that a request is counted for, and the kind of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LimitKey {
    /// `None` for all callers whose address is unknown.
    pub(super) network: Option<IpAddr>,
    /// Reads the entry without changing it.
    pub(super) is_peek: bool,
}

/// A store for governor with bounded memory, which can also be read without a change.
///
/// A network without an entry of its own has two shared ones, chosen by the hashes of its site and of its provider. It
/// is refused only if both are used up, so a flood from many addresses locks out its own networks and hardly ever
/// another one.
#[derive(Debug)]
pub(super) struct BoundedStore {
    clock: ElapsedClock,
    accounts: Mutex<Accounts>,
}

/// The times are governor's: the moment at which an entry is unused again.
#[derive(Debug)]
struct Accounts {
    own: HashMap<Option<IpAddr>, Nanos>,
    /// Empty until the first network has to share.
    shared: [Vec<Option<Nanos>>; NETWORKS.len()],
    hasher: RandomState,
    pruned_at: Duration,
}

impl BoundedStore {
    pub(super) fn new(clock: ElapsedClock) -> Self {
        let (own, shared, hasher) = (HashMap::new(), Default::default(), RandomState::new());
        Self { clock, accounts: Mutex::new(Accounts { own, shared, hasher, pruned_at: Duration::ZERO }) }
    }
}

impl Accounts {
    /// Returns whether this network has an entry of its own, or room for one.
    fn has_own(&mut self, network: Option<IpAddr>, now: Duration) -> bool {
        let has_room = |own: &HashMap<_, _>| own.len() < MAX_OWN_ENTRIES || own.contains_key(&network);
        // At most once a second, because it visits every entry.
        if !has_room(&self.own) && now.saturating_sub(self.pruned_at) >= Duration::from_secs(1) {
            self.pruned_at = now;
            self.own.retain(|_, settled_at| Duration::from(*settled_at) > now);
        }
        has_room(&self.own)
    }

    /// Returns the shared entries of a network.
    fn shared_by(&mut self, network: Option<IpAddr>) -> impl Iterator<Item = &mut Option<Nanos>> {
        let hasher = &self.hasher;
        self.shared.iter_mut().zip(NETWORKS).map(move |(accounts, (of_ipv4, of_ipv6))| {
            accounts.resize(SHARED_ENTRIES, None);
            let shared = network.map(|address| prefix(address, of_ipv4, of_ipv6));
            let at = hasher.hash_one(shared) % SHARED_ENTRIES as u64;
            &mut accounts[usize::try_from(at).unwrap_or_default()]
        })
    }
}

impl StateStore for BoundedStore {
    type Key = LimitKey;

    fn measure_and_replace<T, F, E>(&self, key: &LimitKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let LimitKey { network, is_peek } = *key;
        let mut accounts = lock(&self.accounts);
        if accounts.has_own(network, self.clock.now()) {
            let (outcome, settled_at) = decide(accounts.own.get(&network).copied())?;
            if !is_peek {
                accounts.own.insert(network, settled_at);
            }
            return Ok(outcome);
        }
        let charge = |account: &mut Option<Nanos>| {
            let (outcome, settled_at) = decide(*account)?;
            if !is_peek {
                *account = Some(settled_at);
            }
            Ok(outcome)
        };
        // Each shared entry is charged, and one that is not used up suffices.
        let outcomes: Vec<Result<T, E>> = accounts.shared_by(network).map(charge).collect();
        outcomes.into_iter().reduce(Result::or).unwrap_or_else(|| decide(None).map(|(outcome, _)| outcome))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, Ipv6Addr},
        num::NonZeroU32,
    };

    use governor::{Quota, RateLimiter, middleware::NoOpMiddleware};

    use super::*;

    fn once_a_minute() -> RateLimiter<LimitKey, BoundedStore, ElapsedClock, NoOpMiddleware<Duration>> {
        let clock = ElapsedClock::new();
        RateLimiter::new(Quota::per_minute(NonZeroU32::MIN), BoundedStore::new(clock), clock)
    }

    #[tokio::test(start_paused = true)]
    async fn provider_with_many_sites_locks_out_no_other_provider() {
        let limiter = once_a_minute();
        let take = |provider: u128, site: u128| {
            let network = Some(Ipv6Addr::from_bits(provider << 96 | site << 80).into());
            limiter.check_key(&LimitKey { network, is_peek: false }).is_ok()
        };
        let admitted = (0..65_536).filter(|site| take(0x2001_0db8, *site)).count();
        assert!(admitted <= MAX_OWN_ENTRIES + SHARED_ENTRIES + 1, "{admitted}");
        // One hash in thousands collides.
        let honest = (0..20).filter(|provider| take(0x2a01_0000 + provider, 1)).count();
        assert!(honest >= 18, "{honest}");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_comes_back() {
        let limiter = once_a_minute();
        let check = |number: usize, is_peek| {
            let network = Some(Ipv4Addr::from_bits(u32::try_from(number).unwrap()).into());
            limiter.check_key(&LimitKey { network, is_peek }).is_ok()
        };
        let (take, ask) = (|number| check(number, false), |number| check(number, true));
        for number in 0..MAX_OWN_ENTRIES {
            assert!(ask(number) && ask(number) && take(number) && !ask(number) && !take(number));
        }
        assert!(take(MAX_OWN_ENTRIES), "the first of its network without an account of its own");
        assert!(!take(MAX_OWN_ENTRIES + 1), "the second one");
        assert!(take(1 << 30), "one of another network");
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(take(MAX_OWN_ENTRIES + 1));
        assert!(take(7));
        assert!(!take(7));
        assert!(limiter.into_state_store().accounts.lock().unwrap().own.len() <= MAX_OWN_ENTRIES);
    }
}
