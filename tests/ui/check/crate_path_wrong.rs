//! The path of the runtime.

use health_runtime::health_check;

#[health_check(level = 5, crate = "health_runtime")]
async fn quoted() {}

#[health_check(level = 5, crate)]
async fn bare() {}

fn main() {}
