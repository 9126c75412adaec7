//! `probes::sqlite`, on real files.

use std::{future::poll_fn, path::Path, pin::pin, str::FromStr, task::Poll, time::Duration};

use health_runtime::{Check, Level, Outcome, Status, ask, probes};
use serde_json::json;
use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tempfile::TempDir;

use super::fault;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Options for the database in this folder, with a short timeout for locks.
fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join("test.db"))
        .create_if_missing(true)
        .busy_timeout(Duration::from_millis(50))
}

async fn pool(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new().max_connections(2).connect_with(options).await.expect("a pool")
}

/// A pool on a file that holds the table `orders`.
async fn orders(folder: &Path) -> SqlitePool {
    let pool = pool(options(folder)).await;
    sqlx::raw_sql("CREATE TABLE orders (id INTEGER)").execute(&pool).await.expect("a table");
    pool
}

fn assert_is(outcome: &Outcome, status: Status, online: bool, writeable: bool, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.data(), Some(&json!({ "is_db_online": online, "is_db_writeable": writeable })), "{message}");
    assert_eq!(outcome.status(), status, "{message}");
    assert!(message.contains(part), "{message}");
}

async fn tables(pool: &SqlitePool) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM sqlite_schema").fetch_all(pool).await.expect("the schema")
}

#[tokio::test]
async fn good_database_passes_and_is_unchanged() {
    for mode in [SqliteJournalMode::Delete, SqliteJournalMode::Wal, SqliteJournalMode::Memory] {
        let folder = folder();
        let pool = pool(options(folder.path()).journal_mode(mode)).await;
        sqlx::raw_sql("CREATE TABLE orders (id INTEGER)").execute(&pool).await.expect("a table");
        let file = || std::fs::read(folder.path().join("test.db")).expect("the file");
        let before = file();
        for _ in 0..3 {
            assert_is(&probes::sqlite(ask!(sqlx: pool)).observe().await, Status::Pass, true, true, "");
        }
        assert_eq!(file(), before, "{mode:?}");
        assert_eq!(tables(&pool).await, ["orders"]);
    }
    let memory = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a pool");
    assert_is(&probes::sqlite(ask!(sqlx: memory)).observe().await, Status::Pass, true, true, "");
}

#[tokio::test]
async fn users_table_of_that_name_is_unchanged() {
    let folder = folder();
    let pool = orders(folder.path()).await;
    let create = "CREATE TABLE health_runtime_probe (written INTEGER)";
    sqlx::raw_sql(create).execute(&pool).await.expect("a table");
    let outcome = probes::sqlite(ask!(sqlx: pool)).observe().await;
    assert_is(&outcome, Status::Fail, true, false, "health_runtime_probe already exists");
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM health_runtime_probe").fetch_one(&pool).await.expect("rows");
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn read_only_database_is_online_and_not_writeable() {
    let folder = folder();
    orders(folder.path()).await.close().await;
    let query_only = options(folder.path()).pragma("query_only", "1");
    for options in [options(folder.path()).read_only(true), options(folder.path()).immutable(true), query_only] {
        let probe = probes::sqlite(ask!(sqlx: pool(options).await));
        assert_is(&probe.observe().await, Status::Fail, true, false, "it is read-only: ");
        assert_is(&probe.clone().read_only_as(Status::Warn).observe().await, Status::Warn, true, false, "read-only");
        assert_is(&probe.read_only_as(Status::Pass).observe().await, Status::Pass, true, false, "");
    }
}

#[tokio::test]
async fn other_writer_is_a_warning() {
    for mode in [SqliteJournalMode::Delete, SqliteJournalMode::Wal] {
        let folder = folder();
        let options = options(folder.path()).journal_mode(mode);
        let pool = pool(options.clone()).await;
        let mut other = SqliteConnection::connect_with(&options).await.expect("a connection");
        let writing = other.begin_with("BEGIN IMMEDIATE").await.expect("the lock");
        assert_is(
            &probes::sqlite(ask!(sqlx: pool)).observe().await,
            Status::Warn,
            true,
            false,
            "another connection is writing",
        );
        writing.rollback().await.expect("the end");
        assert_is(&probes::sqlite(ask!(sqlx: pool)).observe().await, Status::Pass, true, true, "");
    }
}

#[tokio::test]
async fn unreadable_database_is_offline() {
    let folder = folder();
    let pool = orders(folder.path()).await;
    let mut other = SqliteConnection::connect_with(&options(folder.path())).await.expect("a connection");
    let _locked = other.begin_with("BEGIN EXCLUSIVE").await.expect("the lock");
    assert_is(&probes::sqlite(ask!(sqlx: pool)).observe().await, Status::Fail, false, false, "a read fails: ");
}

#[tokio::test]
async fn lock_fails_the_check_at_its_deadline() {
    let folder = folder();
    let patient = options(folder.path()).busy_timeout(Duration::from_secs(2));
    let pool = pool(patient).await;
    let mut other = SqliteConnection::connect_with(&options(folder.path())).await.expect("a connection");
    let writing = other.begin_with("BEGIN IMMEDIATE").await.expect("the lock");
    let probe = probes::sqlite(ask!(sqlx: pool)).timeout(Duration::from_millis(200));
    assert_is(&probe.observe().await, Status::Fail, true, false, "a write fails: no answer came within 180ms");
    writing.rollback().await.expect("the end");
    // The lock for which the run was waiting is released as well.
    let probe = probes::sqlite(ask!(sqlx: pool)).acquire_timeout(Duration::from_secs(8));
    assert_is(&probe.observe().await, Status::Pass, true, true, "");
    assert_eq!(tables(&pool).await.len(), 0);
}

#[tokio::test]
async fn exhausted_pool_is_a_warning_within_acquire_timeout() {
    let folder = folder();
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options(folder.path())).await.expect("a pool");
    let held = pool.acquire().await.expect("the only connection");
    let probe = probes::sqlite(ask!(sqlx: pool)).acquire_timeout(Duration::from_millis(50));
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Warn);
    assert_eq!(outcome.data(), Some(&json!({ "is_db_online": null, "is_db_writeable": null })));
    let text = "the pool is exhausted: its 1 connections are in use, and none was free within 50ms";
    assert_eq!(outcome.message(), Some(text));
    assert_eq!(probe.clone().exhausted_as(Status::Fail).observe().await.status(), Status::Fail);
    drop(held);
    let probe = probe.acquire_timeout(Duration::from_secs(8));
    assert_is(&probe.observe().await, Status::Pass, true, true, "");
}

#[tokio::test]
async fn missing_or_closed_database_is_offline() {
    let folder = folder();
    std::fs::write(folder.path().join("test.db"), "no database at all, ".repeat(100)).expect("a file");
    let lazy = SqlitePoolOptions::new().connect_lazy_with(options(folder.path()).create_if_missing(false));
    assert_is(&probes::sqlite(ask!(sqlx: lazy)).observe().await, Status::Fail, false, false, "");

    let missing = SqlitePoolOptions::new()
        .connect_lazy_with(SqliteConnectOptions::from_str("sqlite:///nowhere/test.db").expect("options"));
    assert_is(&probes::sqlite(ask!(sqlx: missing)).observe().await, Status::Fail, false, false, "a read fails: ");

    let closed = orders(self::folder().path()).await;
    closed.close().await;
    assert_is(&probes::sqlite(ask!(sqlx: closed)).observe().await, Status::Fail, false, false, "a read fails: ");
}

#[tokio::test]
async fn deleted_file_takes_no_writes() {
    let folder = folder();
    orders(folder.path()).await.close().await;
    // Only one connection: a second would create the file again.
    let options = options(folder.path());
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("a pool");
    std::fs::remove_file(folder.path().join("test.db")).expect("the file was there");
    let probe = probes::sqlite(ask!(sqlx: pool)).read_only_as(Status::Pass);
    assert_is(&probe.observe().await, Status::Fail, true, false, "a write fails: ");
}

#[tokio::test]
async fn dropped_run_releases_everything_at_any_point() {
    let folder = folder();
    let pool = orders(folder.path()).await;
    let probe = probes::sqlite(ask!(sqlx: pool)).acquire_timeout(Duration::from_secs(8));
    // The point depends on the speed of the database, so each round drops the run at another one.
    let mut dropped = 0;
    for _ in 0..20 {
        for steps in 1.. {
            let mut polls = 0;
            let mut run = pin!(probe.observe());
            // `None` if it still waits after this number of polls.
            let outcome = poll_fn(|context| {
                if polls == steps {
                    return Poll::Ready(None);
                }
                polls += 1;
                run.as_mut().poll(context).map(Some)
            })
            .await;
            if let Some(outcome) = outcome {
                assert_is(&outcome, Status::Pass, true, true, "");
                break;
            }
            dropped += 1;
        }
    }
    assert!(dropped > 0);
    // Every connection is usable, and none holds a lock.
    let mut writer = pool.begin_with("BEGIN IMMEDIATE").await.expect("the lock");
    sqlx::raw_sql("INSERT INTO orders VALUES (1)").execute(&mut *writer).await.expect("a write");
    writer.commit().await.expect("a commit");
    assert_is(&probe.observe().await, Status::Pass, true, true, "");
    assert_eq!(tables(&pool).await, ["orders"]);
}

#[tokio::test]
async fn aborted_run_releases_everything() {
    let folder = folder();
    let pool = orders(folder.path()).await;
    for spins in 0..100 {
        let probe = probes::sqlite(ask!(sqlx: pool));
        let run = tokio::spawn(async move { probe.observe().await });
        for _ in 0..spins {
            tokio::task::yield_now().await;
        }
        run.abort();
        let _ = run.await;
    }
    let probe = probes::sqlite(ask!(sqlx: pool)).acquire_timeout(Duration::from_secs(8));
    assert_is(&probe.observe().await, Status::Pass, true, true, "");
    assert_eq!(tables(&pool).await, ["orders"]);
}

#[test]
fn defaults_and_start_up_errors() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let pool = SqlitePoolOptions::new().connect_lazy("sqlite::memory:").expect("a pool");
    let check = Check::from(probes::sqlite(ask!(sqlx: pool)));
    assert_eq!((check.spec().name(), check.spec().level()), ("db", Level::L1));
    assert!(!check.spec().is_flattened());
    let probe = probes::sqlite(ask!(sqlx: pool)).acquire_timeout(Duration::ZERO);
    assert!(fault(probe.clone().acquire_timeout(Duration::from_secs(1)).max_lag(Duration::ZERO)).contains("max_lag"));
    assert!(!format!("{probe:?}").contains("memory"), "{probe:?}");
    assert!(fault(probe).contains("is zero"));
}
