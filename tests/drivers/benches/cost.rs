//! Cost of a run of `probes::postgres` beside queries of its driver, on PostgreSQL over loopback. Needs PostgreSQL: scripts/peers.
#![allow(clippy::expect_used, reason = "benchmarks fail by panicking")]

use std::time::{Duration, Instant};

use health_drivers::{CANARY, Server};
use health_runtime::{
    Status, ask,
    probes::{self, AskError},
};
use sqlx::{Executor, PgPool, Row};

const ROUNDS: usize = 5_000;

/// Largest time of a run, over that of its statement through the driver alone.
const MAX_RATIO: f64 = 1.1;

/// The statement of the probe, as the server logs it.
const STATEMENT: &str = "SELECT concat_ws(',', pg_is_in_recovery(), current_setting('transaction_read_only'), \
    CASE WHEN NOT pg_is_in_recovery() THEN NULL \
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 \
    ELSE floor(1000 * extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())) END)";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = Server::postgres();
    let url = format!("postgres://app:{CANARY}@127.0.0.1:{}/postgres", server.port);
    let pool = PgPool::connect(&url).await.expect("a pool");
    let probe = probes::postgres(ask!(sqlx: pool));
    let alone = probes::postgres(|_| std::future::ready(Ok::<_, AskError>("f,off".to_owned())));

    let (mut select, mut same, mut whole, mut own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        select.push(time(query(&pool, "SELECT '1'")).await);
        whole.push(time(passes(&probe)).await);
        same.push(time(query(&pool, STATEMENT)).await);
        own.push(time(passes(&alone)).await);
    }
    let [select, same, whole, own] = [select, same, whole, own].map(median);
    let over = |base: Duration| whole.as_secs_f64() / base.as_secs_f64();
    println!("medians of {ROUNDS} rounds in turns");
    println!("`SELECT '1'` through sqlx         {select:?}");
    println!("the probe's statement, by hand    {same:?}");
    println!("a run of the probe                {whole:?}");
    println!("… over `SELECT '1'`               {:.2}", over(select));
    println!("… over its statement by hand      {:.2} (limit {MAX_RATIO})", over(same));
    println!("a run without a server            {own:?}");
    assert!(over(same) <= MAX_RATIO, "a run takes {:.2} times as long as its statement", over(same));
}

/// Asks as the probe does: as text, on a connection of the pool.
async fn query(pool: &PgPool, statement: &'static str) {
    let mut connection = pool.acquire().await.expect("a connection");
    let row = connection.fetch_one(sqlx::raw_sql(statement)).await.expect("a row");
    row.try_get::<String, _>(0).expect("a text");
}

async fn passes(probe: &probes::DatabaseProbe) {
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
}

async fn time(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
