//! SQLite.

use sqlx::{Connection, Error, SqliteConnection, SqlitePool};

use super::database::{Db, Finding};
use crate::probes::{
    Probe,
    patience::{Patience, chain},
};

// SQLite's result codes, see https://sqlite.org/rescode.html. The low byte is the primary one.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const READONLY_DBMOVED: u32 = 1_032;

/// A read alone, and one that must open the file: `SELECT 1` would not.
const READ: &str = "SELECT COUNT(*) FROM sqlite_schema";

/// Another's table of that name would only take a row that is rolled back.
const WRITE: &str = "CREATE TABLE IF NOT EXISTS health_runtime_probe (written INTEGER); \
    INSERT INTO health_runtime_probe VALUES (1)";

/// Whether a SQLite database answers and takes writes.
///
/// Name `db`, level 1, data `{ "is_db_online": true, "is_db_writeable": true }`. The pool is the user's own;
/// a run takes one of its connections and gives it back.
///
/// The write is real and leaves nothing: `BEGIN IMMEDIATE`, a table with a row, `ROLLBACK`. It shows that the
/// lock is granted and that SQLite may write; a full disk shows at the commit, which there is none of.
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | the write goes through | yes | yes | pass |
/// | read-only by its mode, its file or `query_only` | yes | no | fail, or as of [`with_read_only_as`](Probe::with_read_only_as) |
/// | another holds the lock for writing, for longer than the connection's `busy_timeout` | yes | no | warn: it reads, and writers wait for each other in SQLite |
/// | the file was moved or deleted, an I/O error, no room for the journal | yes | no | fail |
/// | no free connection, no database, locked also for reading | no | no | fail |
///
/// Give the pool a `busy_timeout` shorter than the check's timeout; sqlx's own 5 s are, at level 1.
///
/// ```
/// use health_runtime::{Outcome, probes};
/// use sqlx::SqlitePool;
///
/// // With `#[health_check(level = 1)]` above it; or hand `probes::sqlite(pool)` to the registry.
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
pub fn sqlite(pool: SqlitePool) -> Probe<Db> {
    Probe::database(move |acquire, patience| look(pool.clone(), acquire, patience))
}

async fn look(pool: SqlitePool, acquire: Patience, patience: Patience) -> Finding {
    let mut connection = match acquire.wait("no connection of the pool was free", pool.acquire()).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Finding::Offline(format!("the pool hands out no connection: {}", chain(&error))),
        Err(late) => return Finding::Offline(late),
    };
    match patience.wait("a read was not done", sqlx::raw_sql(READ).execute(&mut *connection)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Finding::Offline(format!("a read fails: {}", chain(&error))),
        Err(late) => return Finding::Offline(late),
    }
    match patience.wait("a write was not done", write(&mut connection)).await {
        Ok(Ok(())) => Finding::Writeable,
        Ok(Err(error)) => unwritten(&error),
        Err(late) => Finding::Unwriteable(late),
    }
}

/// The transaction rolls back on every way out, also when this future is dropped.
async fn write(connection: &mut SqliteConnection) -> Result<(), Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(WRITE).execute(&mut *transaction).await?;
    transaction.rollback().await
}

fn unwritten(error: &Error) -> Finding {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    let text = chain(error);
    match code.map(|code| (code, code & 0xff)) {
        Some((_, BUSY | LOCKED)) => Finding::Busy(format!("another connection is writing: {text}")),
        Some((code, READONLY)) if code != READONLY_DBMOVED => Finding::ReadOnly(format!("it is read-only: {text}")),
        _ => Finding::Unwriteable(format!("a write fails: {text}")),
    }
}
