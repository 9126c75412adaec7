use super::store::{FleetStore, StoreFuture};
use crate::probes::Ask;

/// Both scripts see a foreign entry alike: one byte over 64 KiB, and in ASCII, because clients replace what is not UTF-8.
pub(super) const READ: &str = "return (redis.call('GETRANGE', KEYS[1], 0, 65536):gsub('[\\128-\\255]', '?'))";

/// An empty entry is none. An entry lives for 30 days, so that those of removed checks vanish.
pub(super) const SWAP: &str = "if redis.call('GETRANGE', KEYS[1], 0, 65536):gsub('[\\128-\\255]', '?') ~= ARGV[1] then return 'no' end \
    redis.call('SET', KEYS[1], ARGV[2], 'PX', 2592000000) return 'yes'";

/// Redis, in which a script is one step.
pub(super) struct Redis(Ask);

impl Redis {
    pub(super) const fn new(ask: Ask) -> Self {
        Self(ask)
    }
}

impl FleetStore for Redis {
    fn read(&self, key: &str) -> StoreFuture<Option<String>> {
        let answer = self.0.with("EVAL", [READ, "1", key].map(str::to_owned).into());
        Box::pin(async move { Ok(Some(answer.await?).filter(|text| !text.is_empty())) })
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        let values = [SWAP, "1", key, expected.unwrap_or_default(), value].map(str::to_owned);
        let answer = self.0.with("EVAL", values.into());
        Box::pin(async move { Ok(answer.await? == "yes") })
    }
}
