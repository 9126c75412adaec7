//! Durations of zero.

use health_runtime::health_check;

#[health_check(level = 5, timeout = "0s")]
async fn timeout() {}

#[health_check(level = 5, degraded_after = "0ms")]
async fn degraded_after() {}

fn main() {}
