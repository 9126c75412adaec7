use super::store::{FleetStore, StoreFuture, marked_text};
use crate::probes::Ask;

const READ: &str = "local text = redis.call('GET', KEYS[1]) if text then return '=' .. text end return ''";

/// An expected text has the mark as well. An entry lives for 30 days, so that those of removed checks vanish.
const SWAP: &str = "local text = redis.call('GET', KEYS[1]) \
    if (text and '=' .. text or '') ~= ARGV[1] then return 'no' end \
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
        Box::pin(async move { Ok(marked_text(&answer.await?)) })
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        let expected = expected.map_or_else(String::new, |text| format!("={text}"));
        let values = vec![SWAP.to_owned(), "1".to_owned(), key.to_owned(), expected, value.to_owned()];
        let answer = self.0.with("EVAL", values);
        Box::pin(async move { Ok(answer.await? == "yes") })
    }
}
