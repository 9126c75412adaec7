//! Checks that the framework offers: off until an application turns them on.

use health_runtime::health_check;

/// State that only some applications have.
#[derive(Debug)]
pub struct Ledger;

/// Does the proxy answer?
#[health_check(level = 4, off, depends_on("network"))]
pub async fn proxy() {}

/// Is there a network?
#[health_check(level = 5, off)]
pub async fn network() {}

#[health_check(level = 5, off)]
async fn stateful(_ledger: &Ledger) {}
