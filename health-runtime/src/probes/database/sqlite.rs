//! Probe of a SQLite database.

use super::{DatabaseKind, DatabaseProbe, DatabaseState, database};
use crate::probes::ask::{AskError, Asking, IntoAsk};

/// A read that opens the file, which `SELECT 1` would not.
const READ_STATEMENT: &str = "SELECT CAST(COUNT(*) AS TEXT) FROM sqlite_schema";

/// Writes a table with a row, and then overflows: SQLite itself takes the whole statement back. `random()` keeps it from computing
/// the overflow before the write.
const WRITE_STATEMENT: &str = "CREATE TABLE health_runtime_probe AS \
    SELECT 1 AS written UNION ALL SELECT abs(-9223372036854775807 - 1 + 0 * random())";

/// Checks that a SQLite database answers and takes writes.
///
/// Name `db`, level 1, data `{ "is_db_online": true, "is_db_writeable": true }`. It is asked through the program's own pool or
/// connection, see [`ask!`](crate::ask!).
///
/// ```ignore
/// let db = probes::sqlite(health_runtime::ask!(sqlx: pool)).readiness();
/// ```
///
/// The write is real and leaves nothing behind: a single statement, outside of a transaction, writes a table with a row and
/// then fails by an integer overflow, so that SQLite takes it back, also if the run is dropped. It shows that the lock is granted
/// and that SQLite may write. It does not detect a full disk, which shows at a commit. The database must not have a
/// table `health_runtime_probe`.
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | the write succeeds | yes | yes | pass |
/// | read-only by its mode, its file or `query_only` | yes | no | fail, or the status of [`read_only_as`](DatabaseProbe::read_only_as) |
/// | another connection holds the lock for writing, for longer than the connection's `busy_timeout` | yes | no | warn: it reads, and writers wait for each other in SQLite |
/// | the file was moved or deleted, an I/O error, no room for the journal | yes | no | fail |
/// | no database, no connection, locked for reading as well | no | no | fail |
/// | the pool is exhausted | unknown | unknown | warn, see [`exhausted_as`](DatabaseProbe::exhausted_as) |
///
/// Give the client a `busy_timeout` shorter than the check's timeout; sqlx's default of 5 s is shorter at level 1.
#[track_caller]
pub fn sqlite(ask: impl IntoAsk) -> DatabaseProbe {
    DatabaseProbe { kind: DatabaseKind::Sqlite, ..database(ask, examine) }
}

async fn examine(db: Asking) -> Result<DatabaseState, AskError> {
    db.ask(READ_STATEMENT).await.map_err(|error| error.with_step("a read fails"))?;
    match db.ask(WRITE_STATEMENT).await {
        Ok(answer) => Err(AskError::new(format!("a write that has to overflow answered `{answer}`"))),
        Err(error) if error.is_exhausted() => Err(error),
        Err(error) => Ok(state_after(error.text())),
    }
}

/// Returns the state after the write, which fails in any case. Texts are SQLite's own, from `sqlite3_errmsg`.
fn state_after(error: &str) -> DatabaseState {
    let has = |text: &str| error.contains(text);
    if has("integer overflow") {
        DatabaseState::Writeable
    } else if has("is locked") {
        DatabaseState::Busy(format!("another connection is writing: {error}"))
    // 1032 is the code of a file that was moved or deleted.
    } else if has("readonly database") && !has("1032") {
        DatabaseState::ReadOnly(format!("it is read-only: {error}"))
    } else {
        DatabaseState::Unwriteable(format!("a write fails: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_write_become_states() {
        assert_eq!(state_after("(code: 1) integer overflow"), DatabaseState::Writeable);
        let is = |text: &str, expected: fn(&DatabaseState) -> bool| assert!(expected(&state_after(text)), "{text}");
        for text in ["database is locked", "(code: 5) database is locked", "database table is locked"] {
            is(text, |state| matches!(state, DatabaseState::Busy(_)));
        }
        is("(code: 8) attempt to write a readonly database", |state| matches!(state, DatabaseState::ReadOnly(_)));
        for text in ["(code: 1032) attempt to write a readonly database", "disk I/O error", "table already exists"] {
            is(text, |state| matches!(state, DatabaseState::Unwriteable(_)));
        }
    }
}
