//! Unknown and misspelt keys.

use health_runtime::health_check;

#[health_check(level = 5, colour = "red")]
async fn unlike_any() {}

#[health_check(level = 5, timeuot = "2s")]
async fn misspelt() {}

#[health_check(level = 5, live)]
async fn shortened() {}

fn main() {}
