//! Probe of a SQLite database.

use sqlx::{Connection, Error, SqliteConnection, SqlitePool};

use super::{
    database::{DatabaseProbe, Finding},
    deadline::Deadline,
    probe::text_with_sources,
};

// SQLite's result codes, see https://sqlite.org/rescode.html. The low byte is the primary one.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const READONLY_DBMOVED: u32 = 1_032;

/// A read that opens the file, which `SELECT 1` would not.
const READ_STATEMENT: &str = "SELECT COUNT(*) FROM sqlite_schema";

/// If the user has a table of that name, it gets a row that is rolled back.
const WRITE_STATEMENT: &str = "CREATE TABLE IF NOT EXISTS health_runtime_probe (written INTEGER); \
    INSERT INTO health_runtime_probe VALUES (1)";

/// Checks that a SQLite database answers and takes writes.
///
/// Name `db`, level 1, data `{ "is_db_online": true, "is_db_writeable": true }`. The pool is the user's own;
/// a run borrows one of its connections.
///
/// The write is real and leaves nothing behind: `BEGIN IMMEDIATE`, a table with a row, `ROLLBACK`. It shows that the
/// lock is granted and that SQLite may write. It does not detect a full disk, which shows at a commit.
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | the write succeeds | yes | yes | pass |
/// | read-only by its mode, its file or `query_only` | yes | no | fail, or the status of [`read_only_as`](DatabaseProbe::read_only_as) |
/// | another connection holds the lock for writing, for longer than the connection's `busy_timeout` | yes | no | warn: it reads, and writers wait for each other in SQLite |
/// | the file was moved or deleted, an I/O error, no room for the journal | yes | no | fail |
/// | no free connection, no database, locked for reading as well | no | no | fail |
///
/// Give the pool a `busy_timeout` shorter than the check's timeout; sqlx's default of 5 s is shorter at level 1.
///
/// ```
/// use health_runtime::{Outcome, probes};
/// use sqlx::SqlitePool;
///
/// // With `#[health_check(level = 1)]` above it; or register `probes::sqlite(pool)`.
/// async fn db(pool: &SqlitePool) -> Outcome {
///     probes::sqlite(pool.clone()).observe().await
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sqlx::Error> {
/// # let outcome = db(&SqlitePool::connect("sqlite::memory:").await?).await;
/// # assert_eq!(outcome.data().map(|data| &data["is_db_writeable"]), Some(&true.into()));
/// # Ok(()) }
/// ```
#[track_caller]
pub fn sqlite(pool: SqlitePool) -> DatabaseProbe {
    DatabaseProbe::new(move |acquire, run| examine(pool.clone(), acquire, run))
}

async fn examine(pool: SqlitePool, acquire: Deadline, run: Deadline) -> Finding {
    let mut connection = match acquire.wait("no connection of the pool was free", pool.acquire()).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            return Finding::Offline(format!("the pool has no connection: {}", text_with_sources(&error)));
        }
        Err(late) => return Finding::Offline(late),
    };
    match run.wait("a read did not finish", sqlx::raw_sql(READ_STATEMENT).execute(&mut *connection)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Finding::Offline(format!("a read fails: {}", text_with_sources(&error))),
        Err(late) => return Finding::Offline(late),
    }
    match run.wait("a write did not finish", write(&mut connection)).await {
        Ok(Ok(())) => Finding::Writeable,
        Ok(Err(error)) => classify(&error),
        Err(late) => Finding::Unwriteable(late),
    }
}

/// Writes and rolls back. The transaction rolls back after errors too, and when this future is dropped.
async fn write(connection: &mut SqliteConnection) -> Result<(), Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(WRITE_STATEMENT).execute(&mut *transaction).await?;
    transaction.rollback().await
}

/// Returns the finding for a failed write.
fn classify(error: &Error) -> Finding {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    let text = text_with_sources(error);
    match code.map(|code| (code, code & 0xff)) {
        Some((_, BUSY | LOCKED)) => Finding::Busy(format!("another connection is writing: {text}")),
        Some((code, READONLY)) if code != READONLY_DBMOVED => Finding::ReadOnly(format!("it is read-only: {text}")),
        _ => Finding::Unwriteable(format!("a write fails: {text}")),
    }
}
