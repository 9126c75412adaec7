//! `probes::sqlite` through two versions of sqlx.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use health_runtime::{Status, ask, probes};

#[tokio::test]
async fn one_program_has_two_versions_of_a_driver() {
    let new = sqlx::SqlitePool::connect("sqlite::memory:").await.expect("a pool");
    let old = sqlx08::SqlitePool::connect("sqlite::memory:").await.expect("a pool");
    for probe in [probes::sqlite(ask!(sqlx: new)), probes::sqlite(ask!(sqlx as sqlx08: old))] {
        let outcome = probe.observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    }
}
