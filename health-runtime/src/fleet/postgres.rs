use super::store::{FleetStore, StoreFuture, marked_text, swap_values};
use crate::probes::Ask;

/// One character over 64 KiB of a foreign entry is enough to see that it is not valid.
pub(super) const READ: &str =
    "SELECT coalesce((SELECT '=' || left(value, 65537) FROM health_fleet WHERE key = $1), '')";

const CREATE: &str = "WITH written AS (INSERT INTO health_fleet (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1) \
    SELECT count(*)::text FROM written";

pub(super) const REPLACE: &str = "WITH written AS (UPDATE health_fleet SET value = $3, written_at = now() \
    WHERE key = $1 AND left(value, 65537) = $2 RETURNING 1) SELECT count(*)::text FROM written";

/// A table of PostgreSQL. An update of a row waits for another one of it, and then compares again.
pub(super) struct Postgres(Ask);

impl Postgres {
    pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS health_fleet \
        (key text PRIMARY KEY, value text NOT NULL, written_at timestamptz NOT NULL DEFAULT now())";

    pub(super) const fn new(ask: Ask) -> Self {
        Self(ask)
    }
}

impl FleetStore for Postgres {
    fn read(&self, key: &str) -> StoreFuture<Option<String>> {
        let (ask, key) = (self.0.clone(), key.to_owned());
        Box::pin(async move {
            let answer = match ask.with(READ, vec![key.clone()]).await {
                // In the language of the server, with the name of the table.
                Err(error) if error.text().contains("health_fleet") => {
                    // It has no row to answer, and may not be allowed. The read tells.
                    let _ = ask.with(Self::TABLE, Vec::new()).await;
                    ask.with(READ, vec![key]).await?
                }
                answer => answer?,
            };
            Ok(marked_text(&answer))
        })
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        let statement = if expected.is_some() { REPLACE } else { CREATE };
        let answer = self.0.with(statement, swap_values(key, expected, value));
        Box::pin(async move { Ok(answer.await? == "1") })
    }
}
