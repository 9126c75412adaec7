//! Keys of background checks and thresholds that contradict each other.

use health_runtime::health_check;

const SECONDS: std::time::Duration = std::time::Duration::from_secs(10);

#[health_check(level = 3, retry_interval = "5s", stale_after = "1m")]
async fn not_in_the_background() {}

#[health_check(level = 3, interval = "30s", max_age = "1s", stale_after = "33s")]
async fn only_read() {}

#[health_check(level = 3, timeout = "10s", interval = "30s", retry_interval = "5s", stale_after = "43s")]
async fn stale_before_the_next_result() {}

#[health_check(level = 3, interval = "0s", stale_after = "30s", hold = "1m")]
async fn no_interval() {}

#[health_check(level = 3, failure_threshold = 0, success_threshold = "3")]
async fn thresholds() {}

#[health_check(level = 3, failure_threshold = -1, success_threshold, readiness, hold = 5)]
async fn more_thresholds() {}

#[health_check(level = 3, timeout = "2s", degraded_after = "2s")]
async fn never_slow() {}

#[health_check(level = 5, degraded_after = "1s")]
async fn never_slow_at_level_5() {}

#[health_check(level = 4, degraded_after = "2s", interval = "30s", stale_after = "35s")]
async fn longer_than_the_default_timeout() {}

#[health_check(level = 1, degraded_after = SECONDS)]
async fn constant_beyond_the_default_timeout() {}

#[health_check(level = 3, fleet)]
async fn fleet_on_request() {}

#[health_check(level = 5, interval = "30s", fleet, liveness)]
async fn fleet_for_liveness() {}

#[health_check(level = 3, interval = "30s", fleet = "orders", startup)]
async fn fleet_with_a_name() {}

fn main() {}
