//! Flags with a value.

use health_runtime::health_check;

#[health_check(level = 5, liveness = "yes")]
async fn text() {}

#[health_check(level = 5, readiness(true))]
async fn list() {}

#[health_check(level = 5, flatten = 1)]
async fn number() {}

fn main() {}
