//! Liveness at a deeper level.

use health_runtime::health_check;

#[health_check(level = 1, liveness)]
async fn deep() {}

#[health_check(liveness, level = 4)]
async fn less_deep() {}

fn main() {}
