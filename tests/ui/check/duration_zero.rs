//! Durations of zero.

use health_runtime::health_check;

#[health_check(level = 5, timeout = "0s")]
async fn timeout() {}

#[health_check(level = 5, degraded_after = "0ms")]
async fn degraded_after() {}

#[health_check(level = 5, timeout = 0, interval = 0)]
async fn without_quotes() {}

#[health_check(level = 5, max_age = 0)]
async fn zero_is_valid_here() {}

fn main() {}
