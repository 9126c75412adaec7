//! The load on a store, by its own counters, and the results that it has accepted.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use health_drivers::Server;
use tokio::{task::JoinHandle, time::sleep};

use crate::client::Client;

/// Returns the number of requests that a store has served: scripts of Redis, messages to NATS, transactions of PostgreSQL.
pub(crate) async fn requests(server: &Server, client: &Client) -> Option<u64> {
    match client.clone() {
        Client::Redis(mut manager) => {
            let text: String = redis::cmd("INFO").arg("commandstats").query_async(&mut manager).await.ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls="));
            Some(line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or_default())
        }
        Client::Nats(_) => Some(server.nats_messages()),
        Client::Postgres(pool) => {
            let query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'postgres'";
            let count: i64 = sqlx::query_scalar(query).fetch_one(&pool).await.ok()?;
            u64::try_from(count).ok()
        }
    }
}

/// Reads the entry and the counters all the time, through a client of its own.
pub(crate) struct Watch {
    books: Arc<Mutex<WatchBooks>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct WatchBooks {
    /// When a result was first seen, by the token of its run.
    accepted: HashMap<u64, Instant>,
    /// Requests of this watch itself.
    own: u64,
}

impl WatchBooks {
    fn note(&mut self, entry: &str, own_requests: u64) {
        self.own += own_requests;
        if let Some(token) = done_token(entry) {
            self.accepted.entry(token).or_insert_with(Instant::now);
        }
    }
}

impl Watch {
    pub(crate) fn start(client: Client) -> Self {
        let books = Arc::<Mutex<WatchBooks>>::default();
        let all = Arc::clone(&books);
        // The store object of NATS is opened each time.
        let requests_per_read = match client {
            Client::Redis(_) => 0,
            Client::Nats(_) => 2,
            Client::Postgres(_) => 1,
        };
        let task = tokio::spawn(async move {
            loop {
                let entry = client.entry().await.unwrap_or_default();
                all.lock().expect("no panic").note(&entry, requests_per_read);
                sleep(Duration::from_millis(200)).await;
            }
        });
        Self { books, task }
    }

    pub(crate) fn own_requests(&self) -> u64 {
        self.books.lock().expect("no panic").own
    }

    /// Returns the number of results that the store has accepted from a time on.
    pub(crate) fn accepted_since(&self, began: Instant) -> usize {
        self.books.lock().expect("no panic").accepted.values().filter(|at| **at >= began).count()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the token of the run that the result in an entry is of.
fn done_token(entry: &str) -> Option<u64> {
    entry.split(r#""done":{"token":"#).nth(1)?.split(',').next()?.parse().ok()
}
