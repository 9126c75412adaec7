//! Durations in the notation of other tools.

use health_runtime::health_check;

#[health_check(level = 3, timeout = "2 sec", interval = "PT30S", stale_after = "5 min.")]
async fn iso_8601() {}

#[health_check(level = 3, max_age = "00:00:10", readiness, hold = "-1m", degraded_after = "500us")]
async fn clock() {}

#[health_check(level = 3, timeout = Duration::from_secs_f64(0.5), interval = Duration::from_mins(1))]
async fn calls() {}

#[health_check(level = 3, timeout = "PT1M30S", interval = "PT0.5S", stale_after = "P1D")]
async fn more_iso_8601() {}

#[health_check(level = 3, max_age = "01:30", timeout = ".5s")]
async fn minutes() {}

#[health_check(level = 3, max_age = "half a minute", timeout = "1/2s")]
async fn words() {}

#[health_check(level = 3, timeout = 2.seconds(), interval = 30 * SECOND)]
async fn extension() {}

#[health_check(level = 3, timeout = 2_000, max_age = 0.5)]
async fn numbers() {}

fn main() {}
