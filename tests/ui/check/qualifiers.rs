//! Functions that are `unsafe` or `extern`.

use health_runtime::health_check;

#[health_check(level = 5)]
unsafe fn not_safe() {}

#[health_check(level = 5)]
extern "C" fn foreign() {}

fn main() {}
