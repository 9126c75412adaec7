//! Mistakes in two attributes of one function.

use health_runtime::health_check;

#[health_check(level = 9)]
#[health_check(level = 4, name = "again", colour = "red")]
async fn twice() {}

#[health_check(level = 5)]
#[health_check(level = 3, readiness)]
async fn same_name() {}

fn main() {}
