//! Closures whose future keeps or borrows a captured value.

use std::sync::Arc;

use health_runtime::{Check, Level};

struct Pool;

impl Pool {
    async fn ping(&self) -> bool {
        true
    }
}

fn moved_into_the_future(pool: Arc<Pool>) -> Check {
    Check::new("pool", Level::L3, move || async move { pool.ping().await })
}

fn borrowed_by_the_future(pool: Arc<Pool>) -> Check {
    Check::new("pool", Level::L3, move || async { pool.ping().await })
}

fn borrowed_by_the_closure(pool: Arc<Pool>) -> Check {
    Check::new("pool", Level::L3, || async { pool.ping().await })
}

fn async_closure(pool: Arc<Pool>) -> Check {
    Check::new("pool", Level::L3, async move || pool.ping().await)
}

fn async_closure_that_borrows(pool: Arc<Pool>) -> Check {
    Check::new("pool", Level::L3, async || pool.ping().await)
}

fn main() {}
