//! Constants with a wrong value or of a wrong type.

use std::time::Duration;

use health_runtime::{Level, health_check};

const DEEP: Level = Level::L3;
const NUMBER: u8 = 3;
const TEXT: &str = "2s";
const ZERO: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);

#[health_check(level = DEEP, liveness)]
async fn deep_liveness() {}

#[health_check(level = NUMBER, timeout = TEXT)]
async fn other_types() {}

#[health_check(level = DEEP, timeout = ZERO, interval = ZERO)]
async fn zero() {}

#[health_check(level = DEEP, interval = SECOND, max_age = SECOND)]
async fn exclusive() {}

#[health_check(level = 3, timeout = "1s", degraded_after = SECOND)]
async fn as_long_as_the_timeout() {}

#[health_check(level = 3, timeout = SECOND, interval = "30s", stale_after = "32s")]
async fn stale_too_soon() {}

#[health_check(level = L3, critical = NUMBER, failure_threshold = NUMBER)]
async fn not_for_constants() {}

fn main() {}
