//! `critical` without a boolean.

use health_runtime::health_check;

#[health_check(level = 5, critical = "false")]
async fn text() {}

#[health_check(level = 5, critical)]
async fn no_value() {}

fn main() {}
