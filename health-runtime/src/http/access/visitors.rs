//! What is remembered of each address.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{clock::Clock, nanos::Nanos, state::StateStore};
use tokio::time::Instant;

/// How many addresses are remembered at most; beyond that, those that come new share one account.
const MOST: usize = 10_000;

/// Tokio's clock, from its making on.
#[derive(Clone, Copy, Debug)]
pub(super) struct SinceStart(Instant);

impl SinceStart {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SinceStart {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// An account that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account<K> {
    pub(super) key: K,
    /// Looked at, and left as it is.
    pub(super) is_only_asked: bool,
}

/// A store for governor whose memory is bounded, and which can be asked without being changed.
#[derive(Debug)]
pub(super) struct Visitors<K> {
    clock: SinceStart,
    accounts: Mutex<Accounts<K>>,
}

#[derive(Debug)]
struct Accounts<K> {
    /// `None` is the account that is shared. The times are governor's own: from which on an account is as good as new.
    settled_at: HashMap<Option<K>, Nanos>,
    pruned_at: Duration,
}

impl<K: Copy + Eq + Hash> Visitors<K> {
    pub(super) fn new(clock: SinceStart) -> Self {
        let accounts = Accounts { settled_at: HashMap::new(), pruned_at: Duration::ZERO };
        Self { clock, accounts: Mutex::new(accounts) }
    }
}

impl<K: Copy + Eq + Hash> Accounts<K> {
    /// Where an address that is not known yet is written down.
    fn place(&mut self, key: K, now: Duration) -> Option<K> {
        if self.settled_at.contains_key(&Some(key)) || self.settled_at.len() < MOST {
            return Some(key);
        }
        // At most once a second, because it looks at all of them.
        if now.saturating_sub(self.pruned_at) >= Duration::from_secs(1) {
            self.pruned_at = now;
            self.settled_at.retain(|_, settled_at| Duration::from(*settled_at) > now);
        }
        (self.settled_at.len() < MOST).then_some(key)
    }
}

impl<K: Copy + Eq + Hash> StateStore for Visitors<K> {
    type Key = Account<K>;

    fn measure_and_replace<T, F, E>(&self, account: &Account<K>, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = accounts.place(account.key, self.clock.now());
        let (outcome, settled_at) = decide(accounts.settled_at.get(&place).copied())?;
        if !account.is_only_asked {
            accounts.settled_at.insert(place, settled_at);
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::{Quota, RateLimiter, middleware::NoOpMiddleware};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_comes_back() {
        let clock = SinceStart::new();
        let once_a_minute = Quota::per_minute(NonZeroU32::MIN);
        let limiter: RateLimiter<_, _, _, NoOpMiddleware<Duration>> =
            RateLimiter::new(once_a_minute, Visitors::new(clock), clock);
        let take = |key: usize| limiter.check_key(&Account { key, is_only_asked: false }).is_ok();
        let ask = |key: usize| limiter.check_key(&Account { key, is_only_asked: true }).is_ok();
        for key in 0..MOST {
            assert!(ask(key) && ask(key) && take(key) && !ask(key) && !take(key));
        }
        assert!(take(MOST), "the first of those that share an account");
        assert!(!take(MOST + 1));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(take(MOST + 1));
        assert!(take(7));
        assert!(!take(7));
        assert!(limiter.into_state_store().accounts.lock().unwrap().settled_at.len() <= MOST + 1);
    }
}
