use std::pin::Pin;

use crate::probes::AskError;

/// The answer of a store, as it comes. Any error of std becomes an [`AskError`] by `?`.
pub type StoreFuture<T> = Pin<Box<dyn Future<Output = Result<T, AskError>> + Send>>;

/// A store that the instances of a [`Fleet`](crate::Fleet) share: texts under keys, which are compared and replaced in one step.
///
/// Entries are ASCII, and 64 KiB long at most. A store may cut a longer text that another program has written, one byte behind
/// that length, if both operations see the cut text. It may come back without its memory. A replica that lags is not suitable, and neither is a cache that
/// evicts keys at will: each lost entry costs one more run.
///
/// An instance waits two seconds for a read, and for a swap one. A read that is late goes on for five seconds altogether, so that its client
/// may connect; a swap is dropped. A read whose answer is an error is repeated once, within a second.
///
/// ```
/// use std::{
///     collections::HashMap,
///     sync::{Arc, Mutex},
/// };
///
/// use health_runtime::{Fleet, FleetStore, StoreFuture};
///
/// #[derive(Default)]
/// struct Memory(Arc<Mutex<HashMap<String, String>>>);
///
/// impl FleetStore for Memory {
///     fn read(&self, key: &str) -> StoreFuture<Option<String>> {
///         let found = self.0.lock().expect("no panic").get(key).cloned();
///         Box::pin(async move { Ok(found) })
///     }
///
///     fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
///         let mut entries = self.0.lock().expect("no panic");
///         let is_expected = entries.get(key).map(String::as_str) == expected;
///         if is_expected {
///             entries.insert(key.to_owned(), value.to_owned());
///         }
///         Box::pin(async move { Ok(is_expected) })
///     }
/// }
///
/// let fleet = Fleet::new("orders", Memory::default());
/// # let _ = fleet;
/// ```
pub trait FleetStore: Send + Sync + 'static {
    /// Returns the text under a key; `None` if there is none. The answer must not be older than the latest write that was
    /// acknowledged.
    fn read(&self, key: &str) -> StoreFuture<Option<String>>;

    /// Writes a text under a key, if the present text is the expected one (`None`: if there is none). Returns whether it was.
    /// The comparison and the write are one step: of two that expect the same, one at most succeeds.
    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool>;
}

/// Returns the text in an answer. A mark stands before it, because `ask!` has one word for an empty text and for none.
pub(super) fn marked_text(answer: &str) -> Option<String> {
    answer.strip_prefix('=').map(str::to_owned)
}

/// Returns the values of a statement that swaps: the key, the expected text if there is one, and the new text.
pub(super) fn swap_values(key: &str, expected: Option<&str>, value: &str) -> Vec<String> {
    [key].into_iter().chain(expected).chain([value]).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{entry::MAX_ENTRY_BYTES, postgres, redis};

    #[test]
    fn statements_cut_an_entry_behind_its_limit() {
        assert!(redis::READ.contains(&format!("0, {MAX_ENTRY_BYTES})")));
        assert!(redis::SWAP.contains(&format!("0, {MAX_ENTRY_BYTES})")));
        let cut = format!("left(value, {})", MAX_ENTRY_BYTES + 1);
        assert!(postgres::READ.contains(&cut) && postgres::REPLACE.contains(&cut));
    }
}
