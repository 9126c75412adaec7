//! A store in memory, links to it that a test cuts, and its books about leases and results.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{FleetStore, StoreFuture, probes::AskError};
use serde_json::Value;
use tokio::time::{Instant, sleep};

#[derive(Default)]
pub(crate) struct Store {
    entries: Mutex<HashMap<String, String>>,
    /// Times at which runs with a result were leased, and at which their result came.
    results: Mutex<Vec<(Instant, Instant)>>,
    leased: Mutex<Option<Instant>>,
    is_read_only: AtomicBool,
    requests: AtomicU64,
}

/// The connection of one instance to the store.
#[derive(Clone)]
pub(crate) struct Link {
    store: Arc<Store>,
    is_cut: Arc<AtomicBool>,
    /// Time of each answer on its way, in milliseconds.
    delay: Arc<AtomicU64>,
    /// A partition swallows requests; a refused connection is an error at once.
    is_silent: bool,
}

impl Store {
    pub(crate) fn link(self: &Arc<Self>) -> Link {
        Link { store: Arc::clone(self), is_cut: Arc::default(), delay: Arc::default(), is_silent: false }
    }

    pub(crate) fn results(&self) -> Vec<(Instant, Instant)> {
        self.results.lock().expect("no panic").clone()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn lose_memory(&self) {
        self.entries.lock().expect("no panic").clear();
    }

    pub(crate) fn refuse_writes(&self) {
        self.is_read_only.store(true, Ordering::Relaxed);
    }

    /// Writes this text into every entry.
    pub(crate) fn poison(&self, text: &str) {
        self.entries.lock().expect("no panic").values_mut().for_each(|entry| text.clone_into(entry));
    }

    /// Returns the text of the only entry.
    pub(crate) fn text(&self) -> String {
        self.entries.lock().expect("no panic").values().next().cloned().unwrap_or_default()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.entries.lock().expect("no panic").keys().cloned().collect()
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> bool {
        let mut entries = self.entries.lock().expect("no panic");
        let is_swapped = entries.get(key).map(String::as_str) == expected && !self.is_read_only.load(Ordering::Relaxed);
        if is_swapped {
            entries.insert(key.to_owned(), value.to_owned());
            let entry: Value = serde_json::from_str(value).expect("JSON");
            let mut leased = self.leased.lock().expect("no panic");
            if entry["running"].is_null() {
                let leased = leased.take().expect("no result without a lease");
                self.results.lock().expect("no panic").push((leased, Instant::now()));
            } else {
                *leased = Some(Instant::now());
            }
        }
        is_swapped
    }
}

impl Link {
    pub(crate) fn silent(self) -> Self {
        Self { is_silent: true, ..self }
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::Relaxed);
    }

    pub(crate) fn delay(&self, millis: u64) {
        self.delay.store(millis, Ordering::Relaxed);
    }

    fn answer<T: Send + 'static>(&self, answer: impl FnOnce() -> T) -> StoreFuture<T> {
        self.store.requests.fetch_add(1, Ordering::Relaxed);
        if !self.is_cut.load(Ordering::Relaxed) {
            let (answer, delay) = (answer(), self.delay.load(Ordering::Relaxed));
            return Box::pin(async move {
                if delay > 0 {
                    sleep(Duration::from_millis(delay)).await;
                }
                Ok(answer)
            });
        }
        if self.is_silent {
            return Box::pin(std::future::pending());
        }
        Box::pin(async { Err(AskError::new("connection refused, password=hunter2")) })
    }
}

impl FleetStore for Link {
    fn read(&self, key: &str) -> StoreFuture<Option<String>> {
        self.answer(|| self.store.entries.lock().expect("no panic").get(key).cloned())
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        self.answer(|| self.store.swap(key, expected, value))
    }
}
